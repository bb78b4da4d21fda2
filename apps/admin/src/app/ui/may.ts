import { Directive, effect, inject, input, TemplateRef, ViewContainerRef } from '@angular/core';
import type { Permission } from '@holdfast/contracts';
import { Session } from './session.ts';

/** Shows its content only to those who hold the permission: `<button *hfMay="'backup.create'">`. */
@Directive({ selector: '[hfMay]' })
export class May {
  readonly hfMay = input.required<Permission>();

  constructor() {
    const session = inject(Session);
    const template = inject<TemplateRef<unknown>>(TemplateRef);
    const container = inject(ViewContainerRef);
    effect(() => {
      container.clear();
      if (session.may(this.hfMay())) container.createEmbeddedView(template);
    });
  }
}
