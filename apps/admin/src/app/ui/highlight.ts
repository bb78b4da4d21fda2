import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { highlightParts } from './highlight-parts.ts';

/** A text in which the words of a search stand out. */
@Component({
  selector: 'hf-highlight',
  template: `@for (part of parts(); track $index) {
    @if (part.hit) {
      <mark>{{ part.text }}</mark>
    } @else {
      <ng-container>{{ part.text }}</ng-container>
    }
  }`,
  styles: `
    mark {
      border-radius: 2px;
      background: var(--hf-mark);
      color: inherit;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Highlight {
  readonly text = input.required<string>();
  readonly words = input.required<readonly string[]>();
  protected readonly parts = computed(() => highlightParts(this.text(), this.words()));
}
