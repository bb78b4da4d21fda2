import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatDialog } from '@angular/material/dialog';
import { RouterLink } from '@angular/router';
import { confirm } from '../ui/confirm-dialog.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { May } from '../ui/may.ts';
import { OperationProgress } from '../ui/operation-progress.ts';
import { failureOf, STATUS_TONES, statusLabel } from '../ui/operation-words.ts';
import { Skeleton } from '../ui/skeleton.ts';
import { StatusChip } from '../ui/status-chip.ts';
import { ComparisonReport } from './comparison-report.ts';
import { QuarantinePanel } from './quarantine-panel.ts';
import { isSwitched, reportOf } from './restore-report.ts';
import { RestoreStore } from './restore.store.ts';

/** Last step: the restore while it runs, and how what it made compares with the backup. */
@Component({
  selector: 'hf-run-step',
  imports: [
    ...[ComparisonReport, ErrorPanel, MatButton, May, OperationProgress, QuarantinePanel, RouterLink, Skeleton],
    StatusChip,
  ],
  templateUrl: './run-step.html',
  styleUrl: './step.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class RunStep {
  private readonly dialog = inject(MatDialog);
  protected readonly store = inject(RestoreStore);
  protected readonly operation = this.store.run.operation;
  protected readonly report = computed(() => reportOf(this.operation()));
  protected readonly failure = computed(() => failureOf(this.operation()));
  protected readonly tones = STATUS_TONES;
  protected readonly statusLabel = statusLabel;
  protected readonly mayCancel = computed(
    () => !this.store.run.ended() && this.operation()?.cancelRequestedAt === null,
  );
  /** It ended badly, after its database was in its place. */
  protected readonly isLeft = computed(() => {
    const operation = this.operation();
    return operation !== undefined && this.failure() !== null && isSwitched(operation);
  });

  protected async cancel(): Promise<void> {
    await confirm(this.dialog, {
      title: 'Cancel this restore?',
      text: 'It stops as soon as it can. Until what was restored takes its place, the target is as it was.',
      ...{ verb: 'Cancel it', destructive: true },
      act: () => this.store.cancel(),
    });
  }
}
