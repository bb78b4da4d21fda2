import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import type { Schemas } from '../ui/api.ts';
import { Clock } from '../ui/clock.ts';
import { formatPercent } from '../ui/format.ts';
import { Icon } from '../ui/icon.ts';
import { BytesPipe, DurationPipe, NumberPipe } from '../ui/number-pipes.ts';
import { secondsOf } from '../ui/operation-now.ts';
import { shareOf } from '../ui/operation-progress.ts';
import { KIND_ICONS, operationTitle, STATUS_TONES, statusLabel } from '../ui/operation-words.ts';
import { RelativeTime } from '../ui/relative-time.ts';
import { StatusChip } from '../ui/status-chip.ts';
import { stepLabel } from '../ui/step-label.ts';

/** What is longer than this may not be in sight as a whole. */
const LONG = { title: 50, error: 50, actor: 16 };

/** One operation in the list; all of it is one link. */
@Component({
  selector: 'hf-operation-row',
  imports: [BytesPipe, DurationPipe, Icon, NumberPipe, RelativeTime, RouterLink, StatusChip],
  templateUrl: './operation-row.html',
  styleUrl: './operation-row.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class OperationRow {
  private readonly clock = inject(Clock);
  readonly operation = input.required<Schemas['Operation']>();

  protected readonly icon = computed(() => KIND_ICONS[this.operation().kind]);
  protected readonly title = computed(() => operationTitle(this.operation()));
  /** What may be cut, for the pointer: the link covers the whole row. */
  protected readonly inFull = computed(() => {
    const { error, actor } = this.operation();
    const parts = { title: this.title(), error: error?.message ?? '', actor: actor.name };
    const long = (['title', 'error', 'actor'] as const).filter((part) => parts[part].length > LONG[part]);
    return long.length > 0 ? long.map((part) => parts[part]).join('\n') : null;
  });
  protected readonly tone = computed(() => STATUS_TONES[this.operation().status]);
  protected readonly status = computed(() => statusLabel(this.operation()));
  protected readonly share = computed(() => shareOf(this.operation().progress));
  protected readonly step = computed(() => {
    const { step } = this.operation().progress;
    const share = this.share();
    if (step === null) return null;
    return share === null ? stepLabel(step) : `${stepLabel(step)} ${formatPercent(share)}`;
  });
  protected readonly seconds = computed(() => {
    const operation = this.operation();
    // Only what goes on needs the time of day.
    return secondsOf(operation, operation.finishedAt === null ? this.clock.now() : 0);
  });
}
