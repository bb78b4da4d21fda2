import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import type { CoverageGap } from '@holdfast/contracts';
import { NumberPipe } from '../ui/number-pipes.ts';

/** What is not given back, and why; nothing where nothing is missing. */
@Component({
  selector: 'hf-gap-list',
  imports: [NumberPipe],
  template: `
    @if (gaps().length > 0) {
      <details>
        <summary>Not part of it: {{ gaps().length }}</summary>
        <ul>
          @for (gap of gaps(); track gap.code) {
            <li>
              {{ gap.reason }}
              @if (gap.subjects.length > 0) {
                <span class="about">
                  {{ gap.subjects.join(', ') }}
                  @if (gap.count > gap.subjects.length) {
                    and {{ gap.count - gap.subjects.length | hfNumber }} more
                  }
                </span>
              }
            </li>
          }
        </ul>
      </details>
    }
  `,
  styleUrl: './report.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class GapList {
  readonly gaps = input.required<readonly CoverageGap[]>();
}
