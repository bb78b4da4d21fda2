import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import { Icon } from './icon.ts';

/** What a list says that has nothing to show, and what to do about it. */
@Component({
  selector: 'hf-empty-state',
  imports: [Icon],
  template: `
    <hf-icon [path]="icon()" large />
    <h2>{{ heading() }}</h2>
    <p><ng-content /></p>
    <div class="actions"><ng-content select="[actions]" /></div>
  `,
  styleUrl: './empty-state.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class EmptyState {
  readonly icon = input.required<string>();
  readonly heading = input.required<string>();
}
