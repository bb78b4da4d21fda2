import { ChangeDetectionStrategy, Component, computed, effect, inject, linkedSignal, untracked } from '@angular/core';
import { MatButton } from '@angular/material/button';
import type { Problem } from '@holdfast/api-client';
import { ErrorPanel } from '../ui/error-panel.ts';
import { OperationProgress } from '../ui/operation-progress.ts';
import { failureOf } from '../ui/operation-words.ts';
import { RelativeTime } from '../ui/relative-time.ts';
import { Skeleton } from '../ui/skeleton.ts';
import { TextField } from '../ui/text-field.ts';
import { PreflightReport } from './preflight-report.ts';
import { needsName, sortedFindings } from './restore-report.ts';
import { RestoreStore } from './restore.store.ts';

/** Third step: what the restore would do, found without changing anything, and whether that is wanted. */
@Component({
  selector: 'hf-check-step',
  imports: [ErrorPanel, MatButton, OperationProgress, PreflightReport, RelativeTime, Skeleton, TextField],
  templateUrl: './check-step.html',
  styleUrl: './step.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class CheckStep {
  protected readonly store = inject(RestoreStore);
  protected readonly operation = this.store.check.operation;
  protected readonly report = this.store.checkReport;
  protected readonly failure = computed((): Problem | null => failureOf(this.operation()));
  protected readonly blocked = computed(() => {
    const report = this.report();
    return report !== null && sortedFindings(report).blockers.length > 0;
  });
  protected readonly name = computed(() => this.store.target()?.name ?? '');
  protected readonly asksForName = computed(() => {
    const [report, target] = [this.report(), this.store.target()];
    return report !== null && needsName(report, this.store.choices(), target?.production ?? false);
  });
  protected readonly replaces = computed(() => (this.report()?.overwrittenCount ?? 0) > 0);
  /** What somebody typed for another report does not count. */
  protected readonly typed = linkedSignal({ source: () => this.store.place().preflight, computation: () => '' });
  protected readonly mayRestore = computed(() => {
    const ready = this.report() !== null && this.store.target() !== undefined && !this.blocked();
    return ready && (!this.asksForName() || this.typed() === this.name());
  });

  constructor() {
    effect(() => {
      if (this.store.refusedNames() !== undefined) untracked(() => void this.store.showNames());
    });
  }

  protected async restore(): Promise<void> {
    if (this.mayRestore()) await this.store.restore(this.asksForName() ? this.typed() : null);
  }
}
