import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { formatMilliseconds, formatPercent } from '../ui/format.ts';
import { BytesPipe, NumberPipe } from '../ui/number-pipes.ts';
import { StatusChip } from '../ui/status-chip.ts';
import type { RepositoryReport } from './repository-test.ts';

/** What a test of a repository found: whether it can be written, how much room there is, what stands in the way. */
@Component({
  selector: 'hf-test-report',
  imports: [BytesPipe, NumberPipe, StatusChip],
  templateUrl: './test-report.html',
  styleUrl: './test-report.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class TestReport {
  readonly report = input.required<RepositoryReport>();
  protected readonly latency = computed(() => formatMilliseconds(this.report().latencyMs));
  /** The share of the place that is taken; null where the place does not say. */
  protected readonly taken = computed(() => {
    const { freeBytes, totalBytes } = this.report();
    return freeBytes === null || totalBytes === null || totalBytes <= 0 ? null : 1 - freeBytes / totalBytes;
  });
  protected readonly takenShown = computed(() => formatPercent(this.taken() ?? 0));
}
