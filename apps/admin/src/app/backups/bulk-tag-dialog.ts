import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import {
  MAT_DIALOG_DATA,
  MatDialogActions,
  MatDialogClose,
  MatDialogContent,
  MatDialogTitle,
} from '@angular/material/dialog';
import { Api, type Schemas } from '../ui/api.ts';
import { ChoiceChips } from '../ui/choice-chips.ts';
import { problemOf } from '../ui/problem.ts';
import { TagField } from '../ui/tag-field.ts';
import { BulkOutcomes } from './bulk-outcomes.ts';
import { BulkRun } from './bulk-run.ts';

/** Which backups get tags or lose them. */
export interface BulkTag {
  backups: readonly Schemas['Backup'][];
  verb: 'add' | 'remove';
}

/** How often a change is made anew on what somebody else has made of a backup meanwhile. */
const TRIES = 3;

/** Gives tags to exactly these backups, or takes them away, and says for each what came of it. */
@Component({
  selector: 'hf-bulk-tag-dialog',
  imports: [
    ...[BulkOutcomes, ChoiceChips, MatButton, MatDialogActions, MatDialogClose, MatDialogContent, MatDialogTitle],
    ...[TagField],
  ],
  templateUrl: './bulk-tag-dialog.html',
  styleUrl: './bulk-dialog.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class BulkTagDialog {
  private readonly api = inject(Api);
  protected readonly asked = inject<BulkTag>(MAT_DIALOG_DATA);
  protected readonly run = new BulkRun(this.asked.backups);
  protected readonly count = this.asked.backups.length;
  protected readonly tags = signal<readonly string[]>([]);
  /** What there is to take away. */
  protected readonly present = [...new Set(this.asked.backups.flatMap(({ tags }) => tags))]
    .toSorted()
    .map((tag) => ({ value: tag, label: tag }));
  /** Whether it was asked for without any tag. */
  protected readonly none = signal(false);

  protected async goOn(): Promise<void> {
    this.none.set(this.tags().length === 0);
    if (!this.none()) await this.run.run(({ id }) => this.change(id, TRIES));
  }

  /** On the newest version each time: what others have written stays. */
  private async change(id: string, tries: number): Promise<null> {
    const { tags, version } = await this.api.get('/api/v1/backup/{id}', { path: { id } });
    const changed =
      this.asked.verb === 'add'
        ? [...new Set([...tags, ...this.tags()])]
        : tags.filter((tag) => !this.tags().includes(tag));
    if (changed.length === tags.length) return null;
    try {
      const call = { path: { id }, body: { tags: changed } };
      await this.api.send('patch', '/api/v1/backup/{id}', call, { ifMatch: version });
      return null;
    } catch (error) {
      if (problemOf(error).status === 412 && tries > 1) return this.change(id, tries - 1);
      throw error;
    }
  }
}
