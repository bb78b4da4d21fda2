import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { Clock } from '../ui/clock.ts';
import { Icon } from '../ui/icon.ts';
import { ANSWER_LOOKS, answerWords } from './answer-words.ts';
import type { Overview } from './dashboard.store.ts';

/** "Could I restore right now?" in a word, an icon and the reason; the reason goes on with the time. */
@Component({
  selector: 'hf-environment-answer',
  imports: [Icon],
  host: { '[class]': 'look().tone' },
  template: `<hf-icon [path]="look().icon" /><span
      ><strong>{{ words().word }}</strong
      >{{ words().word === 'Yes' ? ', ' : ': ' }}{{ words().why }}</span
    >`,
  styleUrl: './environment-answer.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class EnvironmentAnswer {
  private readonly clock = inject(Clock);
  readonly overview = input.required<Overview>();
  protected readonly look = computed(() => ANSWER_LOOKS[this.overview().answer]);
  protected readonly words = computed(() => answerWords(this.overview(), this.clock.now()));
}
