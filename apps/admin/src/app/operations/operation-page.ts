import { ChangeDetectionStrategy, Component, computed, effect, inject, input } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatDialog } from '@angular/material/dialog';
import { RouterLink } from '@angular/router';
import { mdiOpenInNew } from '@mdi/js';
import { PageContext } from '../shell/page-context.ts';
import { PageTitle } from '../shell/page-title.ts';
import { Clock } from '../ui/clock.ts';
import { confirm } from '../ui/confirm-dialog.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { Icon } from '../ui/icon.ts';
import { May } from '../ui/may.ts';
import { DurationPipe } from '../ui/number-pipes.ts';
import { secondsOf } from '../ui/operation-now.ts';
import { OperationProgress } from '../ui/operation-progress.ts';
import { failureOf, isRetryable, operationTitle, STATUS_TONES, statusLabel } from '../ui/operation-words.ts';
import { PageHeader, type Parent } from '../ui/page-header.ts';
import { RelativeTime } from '../ui/relative-time.ts';
import { Skeleton } from '../ui/skeleton.ts';
import { StatusChip } from '../ui/status-chip.ts';
import { OperationAttempts } from './operation-attempts.ts';
import { OperationLog } from './operation-log.ts';
import { OperationStore } from './operation.store.ts';
import { ResultFigures } from './result-figures.ts';
import { RetryButton } from './retry-button.ts';

const OPERATIONS: Parent = { label: 'Operations', link: '/operations' };

/** One operation while it runs and after: progress, what went wrong, what it gave, and its log. */
@Component({
  selector: 'hf-operation-page',
  imports: [
    ...[DurationPipe, ErrorPanel, Icon, MatButton, May, OperationAttempts, OperationLog, OperationProgress],
    ...[PageHeader, RelativeTime, ResultFigures, RetryButton, RouterLink, Skeleton, StatusChip],
  ],
  providers: [OperationStore],
  templateUrl: './operation-page.html',
  styleUrl: './operation-page.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class OperationPage {
  private readonly dialog = inject(MatDialog);
  private readonly clock = inject(Clock);
  private readonly title = inject(PageTitle);
  protected readonly store = inject(OperationStore);
  /** Of the URL. */
  readonly id = input.required<string>();

  protected readonly parent = OPERATIONS;
  protected readonly outside = mdiOpenInNew;
  protected readonly heading = computed(() => {
    const operation = this.store.operation();
    return operation ? operationTitle(operation) : 'Operation';
  });
  protected readonly tone = computed(() => STATUS_TONES[this.store.operation()?.status ?? 'pending']);
  protected readonly status = computed(() => {
    const operation = this.store.operation();
    return operation ? statusLabel(operation) : '';
  });
  protected readonly seconds = computed(() => {
    const operation = this.store.operation();
    return operation ? secondsOf(operation, operation.finishedAt === null ? this.clock.now() : 0) : null;
  });
  protected readonly mayCancel = computed(() => {
    const operation = this.store.operation();
    return !this.store.ended() && operation?.cancelRequestedAt === null;
  });
  protected readonly mayRetry = computed(() => isRetryable(this.store.operation()));
  /** Where a restore's comparison with its backup is. */
  protected readonly restored = computed(() => {
    const operation = this.store.operation();
    if (operation?.kind !== 'restore' || operation.dryRun || operation.backupId === null) return null;
    return { step: 'run', operation: operation.id, environmentId: operation.environmentId };
  });
  /** Of the backup that it made, read or gave back, as long as there is one. */
  protected readonly backupId = computed(() => {
    const { kind, status, backupId } = this.store.operation() ?? {};
    const made = kind !== 'backup' || status === 'completed';
    return made && kind !== 'expire' ? (backupId ?? null) : null;
  });
  protected readonly place = computed(() => {
    const { environment } = this.store;
    return environment.hasValue() ? environment.value() : null;
  });
  protected readonly failure = computed(() => failureOf(this.store.operation()));

  constructor() {
    effect(() => this.store.open(this.id()));
    effect(() => this.title.set(this.heading()));
    inject(PageContext).declare(this.place);
  }

  protected async cancel(): Promise<void> {
    await confirm(this.dialog, {
      title: 'Cancel this operation?',
      text: `${this.heading()} stops as soon as it can, and undoes what it has begun.`,
      ...{ verb: 'Cancel it', destructive: true },
      act: () => this.store.cancel(),
    });
  }
}
