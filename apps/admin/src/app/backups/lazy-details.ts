import { NgTemplateOutlet } from '@angular/common';
import { ChangeDetectionStrategy, Component, contentChild, signal, TemplateRef } from '@angular/core';

/**
 * A branch that opens; what is in it is made once it does. Its content is `[title]`, `[figures]` and
 * `<ng-template #inside>`: by its name, because an `@if` among the figures is a template too.
 */
@Component({
  selector: 'hf-lazy-details',
  imports: [NgTemplateOutlet],
  template: `
    <details #details (toggle)="opened.set(opened() || details.open)">
      <summary>
        <span class="title"><ng-content select="[title]" /></span>
        <span class="figures hf-figures"><ng-content select="[figures]" /></span>
      </summary>
      @if (opened()) {
        <div class="inside"><ng-container *ngTemplateOutlet="inside()" /></div>
      }
    </details>
  `,
  styleUrl: './lazy-details.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class LazyDetails {
  protected readonly inside = contentChild.required<string, TemplateRef<unknown>>('inside', { read: TemplateRef });
  protected readonly opened = signal(false);
}
