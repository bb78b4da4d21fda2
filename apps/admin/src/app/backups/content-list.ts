import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { Api, type Schemas } from '../ui/api.ts';
import { cursorList, type Page } from '../ui/cursor-list.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { wordsOf } from '../ui/highlight-parts.ts';
import { Highlight } from '../ui/highlight.ts';
import { BytesPipe, NumberPipe } from '../ui/number-pipes.ts';
import { Skeleton } from '../ui/skeleton.ts';
import { StatusChip } from '../ui/status-chip.ts';
import { verdictOf } from './item-verdict.ts';
import { LazyDetails } from './lazy-details.ts';
import { ObjectList } from './object-list.ts';

type Item = Schemas['BackupContent'] & { id: string };

const PAGE_SIZE = 100;

/** Things inside a backup, page by page: all of a kind, those of a schema, or what a search finds. */
@Component({
  selector: 'hf-content-list',
  imports: [BytesPipe, ErrorPanel, Highlight, LazyDetails, MatButton, NumberPipe, ObjectList, Skeleton, StatusChip],
  templateUrl: './content-list.html',
  styleUrl: './content-table.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ContentList {
  private readonly api = inject(Api);
  readonly backupId = input.required<string>();
  readonly kind = input<Schemas['BackupContent']['kind']>();
  readonly schema = input<string>();
  readonly search = input('');
  readonly result = input.required<Schemas['VerificationResult'] | null>();
  readonly label = input.required<string>();

  protected readonly list = cursorList<Item>(() => {
    const [id, kind, schema, search] = [this.backupId(), this.kind(), this.schema(), this.search()];
    const asked = {
      ...{ limit: PAGE_SIZE, ...(kind !== undefined && { kind: [kind] }), ...(schema !== undefined && { schema }) },
      ...(search !== '' && { search }),
    };
    return async (cursor, signal): Promise<Page<Item>> => {
      const query = { ...asked, ...(cursor !== null && { cursor }) };
      const page = await this.api.get('/api/v1/backup/{id}/contents', { path: { id }, query }, { signal });
      return {
        ...page,
        items: page.items.map((item) => ({ ...item, id: `${item.kind} ${item.schema} ${item.name}` })),
      };
    };
  });
  // A search is one text to the API.
  protected readonly words = computed(() => (this.search() === '' ? [] : wordsOf(this.search())));
  /** Buckets open; everything else is a row of a table. */
  protected readonly buckets = computed(() => this.list.items().filter(({ kind }) => kind === 'bucket'));
  protected readonly rows = computed(() =>
    this.list
      .items()
      .filter(({ kind }) => kind !== 'bucket')
      .map((item) => ({
        ...item,
        place: this.schema() === undefined && item.schema !== null ? `${item.schema}.${item.name}` : item.name,
        verdict: verdictOf(item, this.result()),
      })),
  );
}
