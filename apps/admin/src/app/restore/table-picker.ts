import { ChangeDetectionStrategy, Component, inject, input, model, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { Api } from '../ui/api.ts';
import { cursorList, type Page } from '../ui/cursor-list.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { BytesPipe, NumberPipe } from '../ui/number-pipes.ts';
import { SearchField } from '../ui/search-field.ts';
import { Skeleton } from '../ui/skeleton.ts';
import { tableName } from './sql-name.ts';

/** A table as it is chosen: its id is its name. */
interface Table {
  id: string;
  rows: number | null;
  sizeBytes: number | null;
}

/** As many as there is room for without a scroll bar of their own; and as many as come when one wants more. */
const [FIRST, MORE] = [6, 30];

/** The tables of a backup, searched and page by page, to choose from. */
@Component({
  selector: 'hf-table-picker',
  imports: [BytesPipe, ErrorPanel, MatButton, NumberPipe, SearchField, Skeleton],
  templateUrl: './table-picker.html',
  styleUrl: './picker.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class TablePicker {
  private readonly api = inject(Api);
  readonly backupId = input.required<string>();
  readonly names = model.required<readonly string[]>();
  protected readonly search = signal('');

  protected readonly list = cursorList<Table>(() => {
    const [id, search] = [this.backupId(), this.search()];
    const asked = { kind: ['table' as const], ...(search !== '' && { search }) };
    return async (cursor, signal): Promise<Page<Table>> => {
      const query = { ...asked, ...(cursor === null ? { limit: FIRST } : { limit: MORE, cursor }) };
      const page = await this.api.get('/api/v1/backup/{id}/contents', { path: { id }, query }, { signal });
      const items = page.items.map(({ schema, name, rows, sizeBytes }) => ({
        ...{ id: tableName(schema ?? 'public', name), rows, sizeBytes },
      }));
      return { items, nextCursor: page.nextCursor };
    };
  });

  protected set(name: string, chosen: boolean): void {
    this.names.update((names) => (chosen ? [...names, name] : names.filter((one) => one !== name)));
  }
}
