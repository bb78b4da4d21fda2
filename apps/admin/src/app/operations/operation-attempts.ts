import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import type { Schemas } from '../ui/api.ts';
import { RelativeTime } from '../ui/relative-time.ts';
import { stepLabel } from '../ui/step-label.ts';

/** The attempts after the first, each with why it was needed. */
@Component({
  selector: 'hf-operation-attempts',
  imports: [RelativeTime],
  template: `
    <ol>
      @for (attempt of attempts(); track attempt.attempt) {
        <li>
          <p>
            <strong>Attempt {{ attempt.attempt }}</strong> began <hf-time [at]="attempt.at" />{{ after(attempt.step) }}
          </p>
          <p class="reason">
            {{ attempt.reason }}
            @if (attempt.code) {
              <code>{{ attempt.code }}</code>
            }
          </p>
        </li>
      }
    </ol>
  `,
  styles: `
    ol {
      display: grid;
      gap: var(--hf-space-3);
      margin: 0;
      padding: 0;
      list-style: none;
    }

    p {
      margin: 0;
      overflow-wrap: anywhere;
    }

    .reason {
      color: var(--hf-text-muted);
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class OperationAttempts {
  readonly attempts = input.required<Schemas['OperationDetail']['attempts']>();
  protected readonly after = (step: string | null): string =>
    step === null ? '' : `, after one that ended in ${stepLabel(step)}`;
}
