import { ChangeDetectionStrategy, Component, computed, input, signal } from '@angular/core';
import { apiResource, type Schemas } from '../ui/api.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { BytesPipe, NumberPipe } from '../ui/number-pipes.ts';
import { problemIn } from '../ui/problem.ts';
import { SearchField } from '../ui/search-field.ts';
import { Skeleton } from '../ui/skeleton.ts';
import { ContentList } from './content-list.ts';
import { LazyDetails } from './lazy-details.ts';

type Kind = Schemas['BackupContent']['kind'];

/** Beside tables and buckets, in the order of the tree. */
const KINDS: readonly { kind: Kind; label: string }[] = [
  { kind: 'large-objects', label: 'Large objects' },
  { kind: 'bucket', label: 'Buckets' },
  { kind: 'function', label: 'Functions' },
  { kind: 'settings', label: 'Settings' },
  { kind: 'definitions', label: 'Definitions' },
];

/** What is inside a backup, as a tree whose branches are read when they are opened. */
@Component({
  selector: 'hf-contents',
  imports: [BytesPipe, ContentList, ErrorPanel, LazyDetails, NumberPipe, SearchField, Skeleton],
  templateUrl: './contents.html',
  styleUrl: './contents.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Contents {
  readonly backupId = input.required<string>();
  /** The last verification, for a verdict on each thing. */
  readonly result = input.required<Schemas['VerificationResult'] | null>();
  protected readonly search = signal('');
  protected readonly first = apiResource('/api/v1/backup/{id}/contents', () => ({
    ...{ path: { id: this.backupId() }, query: { limit: 1 } },
  }));
  protected readonly problem = computed(() => problemIn(this.first));
  protected readonly summary = computed(() => (this.first.hasValue() ? this.first.value().summary : null));
  protected readonly kinds = computed(() =>
    KINDS.flatMap(({ kind, label }) => {
      const found = this.summary()?.kinds.find((one) => one.kind === kind);
      return found ? [{ ...found, label }] : [];
    }),
  );
}
