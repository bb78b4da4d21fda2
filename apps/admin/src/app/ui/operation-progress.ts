import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import type { Progress, StepStatus } from '@holdfast/contracts';
import { mdiCheck, mdiCircleMedium, mdiCircleSlice4, mdiClose, mdiMinus } from '@mdi/js';
import { formatBytes, formatNumber, formatPercent } from './format.ts';
import { Icon } from './icon.ts';
import { BytesPipe, DurationPipe, NumberPipe } from './number-pipes.ts';
import { stepLabel } from './step-label.ts';

const STEP_ICONS: Record<StepStatus, string> = {
  ...{ waiting: mdiCircleMedium, running: mdiCircleSlice4, done: mdiCheck },
  ...{ failed: mdiClose, skipped: mdiMinus },
};
const STEP_WORDS: Record<StepStatus, string> = {
  ...{ waiting: 'waiting', running: 'running', done: 'done', failed: 'failed', skipped: 'skipped' },
};
/** How often a screen reader hears of a step that goes on: each quarter of it. */
const SAID_SHARES = 4;

/** How far an operation is: its steps, the share of the running one, and its pace. Says "—" while it would be a guess. */
@Component({
  selector: 'hf-operation-progress',
  imports: [BytesPipe, DurationPipe, Icon, NumberPipe],
  templateUrl: './operation-progress.html',
  styleUrl: './operation-progress.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class OperationProgress {
  readonly progress = input.required<Progress>();
  /** Whether it still moves. */
  readonly running = input.required<boolean>();
  protected readonly icons = STEP_ICONS;
  protected readonly words = STEP_WORDS;
  protected readonly label = stepLabel;

  protected readonly share = computed(() => shareOf(this.progress()));
  protected readonly percent = computed(() => {
    const share = this.share();
    return share === null ? '—' : formatPercent(share);
  });
  protected readonly rate = computed(() => {
    const { rate, unit } = this.progress();
    if (rate === null) return '—';
    return unit === 'bytes' ? `${formatBytes(rate)}/s` : `${formatNumber(rate)} ${unit}/s`;
  });
  protected readonly said = computed(() => {
    const { step } = this.progress();
    if (!this.running() || step === null) return '';
    const share = this.share();
    const quarter = share === null ? null : Math.floor(share * SAID_SHARES) / SAID_SHARES;
    return `${stepLabel(step)}${quarter ? `, ${formatPercent(quarter)}` : ''}`;
  });
}

/** The share of the running step that is done; null while it would be a guess. */
export function shareOf({ done, total }: Pick<Progress, 'done' | 'total'>): number | null {
  if (total === null || total <= 0) return null;
  return Math.min(done / total, 1);
}
