import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import type { OperationKind } from '@holdfast/contracts';
import { StatusChip } from '../ui/status-chip.ts';
import { figuresOf } from './result-summary.ts';

/** How many names of a list are shown; the API has them all. */
const NAMES_SHOWN = 20;

/** What an operation gave: figures, and what stands out with its names. */
@Component({
  selector: 'hf-result-figures',
  imports: [StatusChip],
  template: `
    <dl>
      @for (figure of figures(); track figure.label) {
        <div>
          <dt>{{ figure.label }}</dt>
          <dd>
            @if (figure.tone; as tone) {
              <hf-status-chip [tone]="tone">{{ figure.value }}</hf-status-chip>
            } @else {
              {{ figure.value }}
            }
          </dd>
        </div>
      }
    </dl>
    @for (figure of figures(); track figure.label) {
      @if (figure.list?.length) {
        <details>
          <summary>{{ figure.label }}: {{ figure.value }}</summary>
          <ul>
            @for (name of figure.list.slice(0, shown); track $index) {
              <li>{{ name }}</li>
            }
            @if (figure.list.length > shown) {
              <li>and {{ figure.list.length - shown }} more</li>
            }
          </ul>
        </details>
      }
    }
  `,
  styleUrl: './result-figures.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ResultFigures {
  readonly kind = input.required<OperationKind>();
  readonly result = input.required<Record<string, unknown>>();
  protected readonly shown = NAMES_SHOWN;
  protected readonly figures = computed(() => figuresOf(this.kind(), this.result()));
}
