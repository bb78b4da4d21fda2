import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import {
  MAT_DIALOG_DATA,
  MatDialogActions,
  MatDialogClose,
  MatDialogContent,
  MatDialogTitle,
} from '@angular/material/dialog';
import { MatFormField, MatInput, MatLabel } from '@angular/material/input';
import { Api, type Schemas } from '../ui/api.ts';
import { formatNumber } from '../ui/format.ts';
import { proofOf } from './backup-words.ts';
import { BulkOutcomes } from './bulk-outcomes.ts';
import { BulkRun } from './bulk-run.ts';

/** What is asked to be deleted, and what of it hurts most. */
export interface BulkDelete {
  backups: readonly Schemas['Backup'][];
  /** Names of production environments that some of them are of. */
  production: readonly string[];
}

/** Deletes exactly these backups, after their number is typed, and says for each what came of it. */
@Component({
  selector: 'hf-bulk-delete-dialog',
  imports: [
    ...[BulkOutcomes, MatButton, MatDialogActions, MatDialogClose, MatDialogContent, MatDialogTitle],
    ...[MatFormField, MatInput, MatLabel],
  ],
  templateUrl: './bulk-delete-dialog.html',
  styleUrl: './bulk-dialog.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class BulkDeleteDialog {
  private readonly api = inject(Api);
  private readonly asked = inject<BulkDelete>(MAT_DIALOG_DATA);
  protected readonly run = new BulkRun(this.asked.backups);
  protected readonly typed = signal('');
  protected readonly count = this.asked.backups.length;
  protected readonly production = this.asked.production.join(', ');
  protected readonly proven = this.asked.backups.filter((backup) => proofOf(backup).tone === 'good').length;
  /** What to type: the name of one, the number of several. */
  protected readonly phrase =
    this.count === 1 ? (this.asked.backups[0]?.name ?? '') : `delete ${formatNumber(this.count, 'en')}`;
  protected readonly mayGoOn = computed(() => this.typed() === this.phrase && !this.run.busy());

  protected async goOn(): Promise<void> {
    if (!this.mayGoOn()) return;
    await this.run.run(async ({ id }, idempotencyKey) => {
      const { operationId } = await this.api.send(
        'delete',
        '/api/v1/backup/{id}',
        { path: { id } },
        { idempotencyKey },
      );
      return operationId;
    });
  }
}
