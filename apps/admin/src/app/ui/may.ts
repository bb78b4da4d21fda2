import { computed, Directive, effect, inject, input, TemplateRef, ViewContainerRef } from '@angular/core';
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
    // Signing in again changes nothing for what one still may: it stays, with what was typed in it.
    const may = computed(() => session.may(this.hfMay()));
    effect(() => {
      container.clear();
      if (may()) container.createEmbeddedView(template);
    });
  }
}
