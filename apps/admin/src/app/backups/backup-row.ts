import { ChangeDetectionStrategy, Component, computed, input, output } from '@angular/core';
import { RouterLink } from '@angular/router';
import type { Schemas } from '../ui/api.ts';
import { Highlight } from '../ui/highlight.ts';
import { Icon } from '../ui/icon.ts';
import { BytesPipe, NumberPipe } from '../ui/number-pipes.ts';
import { RelativeTime } from '../ui/relative-time.ts';
import { StatusChip } from '../ui/status-chip.ts';
import type { Column } from './backup-columns.ts';
import { componentWords, proofOf } from './backup-words.ts';

/** One backup in the list; all of it is one link, but for its box. */
@Component({
  selector: 'hf-backup-row',
  imports: [BytesPipe, Highlight, Icon, NumberPipe, RelativeTime, RouterLink, StatusChip],
  host: { '[class.narrow]': 'narrow()', '[class.chosen]': 'chosen()' },
  templateUrl: './backup-row.html',
  styleUrl: './backup-row.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class BackupRow {
  readonly backup = input.required<Schemas['Backup']>();
  readonly columns = input.required<readonly Column[]>();
  /** As a card, where columns have no room. */
  readonly narrow = input.required<boolean>();
  /** Words that the list was searched for. */
  readonly words = input.required<readonly string[]>();
  /** Whether it can be chosen. */
  readonly choosable = input.required<boolean>();
  readonly chosen = input.required<boolean>();
  readonly choose = output<boolean>();

  protected readonly proof = computed(() => proofOf(this.backup()));
  protected readonly components = computed(() => this.backup().components.map(componentWords));
  protected readonly tags = computed(() => this.backup().tags.join(', '));
  /** Below the name: what it is about, and the tags where they have no column. */
  protected readonly note = computed(() => {
    const { description, tags } = this.backup();
    const inColumn = this.columns().some(({ id }) => id === 'tags');
    return [description, ...(inColumn && !this.narrow() ? [] : tags.map((tag) => `#${tag}`))]
      .filter(Boolean)
      .join(' · ');
  });
}
