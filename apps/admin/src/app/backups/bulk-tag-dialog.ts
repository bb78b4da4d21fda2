import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import {
  MAT_DIALOG_DATA,
  MatDialogActions,
  MatDialogClose,
  MatDialogContent,
  MatDialogTitle,
} from '@angular/material/dialog';
import { Api } from '../ui/api.ts';
import { ChoiceChips } from '../ui/choice-chips.ts';
import { TagField } from '../ui/tag-field.ts';
import { BulkOutcomes } from './bulk-outcomes.ts';
import { BulkTags, type BulkTag } from './bulk-tags.ts';

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
  protected readonly asked = inject<BulkTag>(MAT_DIALOG_DATA);
  protected readonly bulk = new BulkTags(inject(Api), this.asked);
  protected readonly run = this.bulk.run;
  protected readonly count = this.asked.backups.length;
  /** What there is to take away. */
  protected readonly present = [...new Set(this.asked.backups.flatMap(({ tags }) => tags))]
    .toSorted()
    .map((tag) => ({ value: tag, label: tag }));
  /** Whether it was asked for without any tag. */
  protected readonly none = signal(false);

  protected async goOn(): Promise<void> {
    this.none.set(this.bulk.tags().length === 0);
    if (!this.none()) await this.bulk.goOn();
  }
}
