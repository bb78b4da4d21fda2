import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import type { RestoreReport } from '@holdfast/contracts';
import { BytesPipe, NumberPipe } from '../ui/number-pipes.ts';
import { StatusChip } from '../ui/status-chip.ts';
import { DifferenceList } from './difference-list.ts';
import { FindingList } from './finding-list.ts';
import { GapList } from './gap-list.ts';
import { ProjectParts } from './project-parts.ts';
import { sortedFindings } from './restore-report.ts';

/** What a restore would do, as its dry run tells it: first what stands in the way. */
@Component({
  selector: 'hf-preflight-report',
  imports: [BytesPipe, DifferenceList, FindingList, GapList, NumberPipe, ProjectParts, StatusChip],
  templateUrl: './preflight-report.html',
  styleUrl: './report.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class PreflightReport {
  readonly report = input.required<RestoreReport>();
  protected readonly findings = computed(() => sortedFindings(this.report()));
}
