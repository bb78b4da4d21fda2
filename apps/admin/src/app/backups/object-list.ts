import { ChangeDetectionStrategy, Component, computed, inject, input, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { Api, type Schemas } from '../ui/api.ts';
import { cursorList, type Page } from '../ui/cursor-list.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { wordsOf } from '../ui/highlight-parts.ts';
import { Highlight } from '../ui/highlight.ts';
import { BytesPipe } from '../ui/number-pipes.ts';
import { SearchField } from '../ui/search-field.ts';
import { Skeleton } from '../ui/skeleton.ts';
import { StatusChip } from '../ui/status-chip.ts';

type StoredObject = Schemas['BackupObject'] & { id: string };

const PAGE_SIZE = 100;

/** The storage objects of one bucket of a backup, page by page, with a search. */
@Component({
  selector: 'hf-object-list',
  imports: [BytesPipe, ErrorPanel, Highlight, MatButton, SearchField, Skeleton, StatusChip],
  templateUrl: './object-list.html',
  styleUrl: './content-table.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ObjectList {
  private readonly api = inject(Api);
  readonly backupId = input.required<string>();
  readonly bucket = input.required<string>();
  protected readonly search = signal('');
  protected readonly words = computed(() => wordsOf(this.search()));

  protected readonly list = cursorList<StoredObject>(() => {
    const [id, bucket, search] = [this.backupId(), this.bucket(), this.search()];
    const asked = { limit: PAGE_SIZE, bucket, ...(search !== '' && { search }) };
    return async (cursor, signal): Promise<Page<StoredObject>> => {
      const query = { ...asked, ...(cursor !== null && { cursor }) };
      const page = await this.api.get('/api/v1/backup/{id}/objects', { path: { id }, query }, { signal });
      return { ...page, items: page.items.map((item) => ({ ...item, id: item.name })) };
    };
  });
}
