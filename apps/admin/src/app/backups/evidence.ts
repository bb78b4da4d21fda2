import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import type { Schemas } from '../ui/api.ts';
import { BytesPipe, DurationPipe, NumberPipe } from '../ui/number-pipes.ts';
import { RelativeTime } from '../ui/relative-time.ts';
import { StatusChip } from '../ui/status-chip.ts';
import { VERDICT_WORDS } from '../ui/verdict-words.ts';
import { LEVEL_WORDS } from './backup-words.ts';
import { GapList } from './gap-list.ts';

/** What a verification looked at and what it found, thing by thing. */
@Component({
  selector: 'hf-evidence',
  imports: [BytesPipe, DurationPipe, GapList, NumberPipe, RelativeTime, StatusChip],
  templateUrl: './evidence.html',
  styleUrl: './evidence.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Evidence {
  readonly result = input.required<Schemas['VerificationResult']>();
  readonly at = input.required<string | null>();
  protected readonly verdict = computed(() => VERDICT_WORDS[this.result().verdict]);
  protected readonly level = computed(() => LEVEL_WORDS[this.result().level]);
}
