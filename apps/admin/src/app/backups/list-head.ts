import { ChangeDetectionStrategy, Component, computed, input, output } from '@angular/core';
import { mdiArrowDown, mdiArrowUp } from '@mdi/js';
import { Icon } from '../ui/icon.ts';
import type { Column } from './backup-columns.ts';
import type { BackupSort } from './backup-filters.ts';
import { SORT_LABELS } from './backup-words.ts';

const NAME: Pick<Column, 'label' | 'sorts'> = { label: 'Name', sorts: ['name', '-name'] };

/** Above the list: what its columns are, and by which one it is sorted. */
@Component({
  selector: 'hf-list-head',
  imports: [Icon],
  template: `
    @for (cell of cells(); track cell.label) {
      <span class="cell" [class.figures]="cell.figures">
        @if (cell.next; as next) {
          <button
            type="button"
            [attr.aria-pressed]="cell.sorted"
            [attr.aria-label]="cell.label + ': sort, ' + labels[next]"
            (click)="sortChange.emit(next)"
          >
            {{ cell.label }}
            @if (cell.sorted) {
              <hf-icon [path]="cell.falls ? down : up" />
            }
          </button>
        } @else {
          {{ cell.label }}
        }
      </span>
    }
  `,
  styleUrl: './list-head.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ListHead {
  readonly columns = input.required<readonly Column[]>();
  readonly sort = input.required<BackupSort>();
  readonly sortChange = output<BackupSort>();
  protected readonly labels = SORT_LABELS;
  protected readonly down = mdiArrowDown;
  protected readonly up = mdiArrowUp;
  protected readonly cells = computed(() =>
    [NAME, ...this.columns()].map(({ label, sorts, ...more }: Pick<Column, 'label' | 'sorts' | 'figures'>) => {
      const [first, second] = sorts ?? [];
      const sort = this.sort();
      return {
        ...{ label, figures: more.figures ?? false, falls: sort.startsWith('-') },
        ...{ sorted: sort === first || sort === second, next: sort === first ? second : first },
      };
    }),
  );
}
