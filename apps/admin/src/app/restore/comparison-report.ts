import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import type { RestoreReport } from '@holdfast/contracts';
import { BytesPipe, DurationPipe, NumberPipe } from '../ui/number-pipes.ts';
import { StatusChip } from '../ui/status-chip.ts';
import { DifferenceList } from './difference-list.ts';
import { FindingList } from './finding-list.ts';
import { GapList } from './gap-list.ts';
import { ProjectParts } from './project-parts.ts';
import { sortedFindings } from './restore-report.ts';

/** How what was restored compares with the backup, and what else the restore left behind. */
@Component({
  selector: 'hf-comparison-report',
  imports: [
    ...[BytesPipe, DifferenceList, DurationPipe, FindingList, GapList, NumberPipe, ProjectParts, RouterLink],
    StatusChip,
  ],
  templateUrl: './comparison-report.html',
  styleUrl: './report.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ComparisonReport {
  readonly report = input.required<RestoreReport>();
  protected readonly findings = computed(() => sortedFindings(this.report()));
  protected readonly how = computed(() =>
    this.report().rowsCompared
      ? 'Every row was read again and compared.'
      : "Each table's count and the catalogs were compared; a trial restore or your choice stands for the rows.",
  );
}
