import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import type { Difference } from '@holdfast/contracts';
import { NumberPipe } from '../ui/number-pipes.ts';

/** What differs from the backup, and where protection shrank; nothing where nothing does. */
@Component({
  selector: 'hf-difference-list',
  imports: [NumberPipe],
  template: `
    @if (count() > 0) {
      <h3>{{ heading() }}: {{ count() | hfNumber }}</h3>
      <ul>
        @for (difference of differences(); track $index) {
          <li [class.protection]="difference.protection">
            <p>
              {{ difference.kind }} <code>{{ difference.subject }}</code>
              @if (difference.protection) {
                <strong>protects less</strong>
              }
            </p>
            <dl>
              <dt>Backup</dt>
              <dd>{{ difference.expected ?? '—' }}</dd>
              <dt>There</dt>
              <dd>{{ difference.found ?? '—' }}</dd>
            </dl>
          </li>
        }
      </ul>
      @if (count() > differences().length) {
        <p>and {{ count() - differences().length | hfNumber }} more</p>
      }
    }
  `,
  styleUrl: './difference-list.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class DifferenceList {
  readonly heading = input('Differences');
  readonly differences = input.required<readonly Difference[]>();
  /** How many there are in all. */
  readonly count = input.required<number>();
}
