import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import type { Schemas } from '../ui/api.ts';
import { NumberPipe } from '../ui/number-pipes.ts';
import { stepLabel } from '../ui/step-label.ts';

/** What is not inside, one kind after the other, each with its reason and the names that are known. */
@Component({
  selector: 'hf-gap-list',
  imports: [NumberPipe],
  template: `
    <ul>
      @for (gap of gaps(); track gap.code) {
        <li>
          <p class="code">{{ label(gap.code) }}</p>
          <p>{{ gap.reason }}</p>
          @if (gap.subjects.length > 0) {
            <p class="subjects">
              {{ gap.subjects.join(', ') }}
              @if (gap.count > gap.subjects.length) {
                and {{ gap.count - gap.subjects.length | hfNumber }} more
              }
            </p>
          }
        </li>
      }
    </ul>
  `,
  styles: `
    ul {
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

    .code {
      font-weight: 600;
    }

    .subjects {
      color: var(--hf-text-muted);
      font: var(--mat-sys-body-small);
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class GapList {
  readonly gaps = input.required<readonly Schemas['CoverageGap'][]>();

  /** `role-passwords` becomes "Role passwords". */
  protected readonly label = (code: string): string => stepLabel(code.replaceAll('-', ' '));
}
