import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { mdiAlertOutline } from '@mdi/js';
import { Icon } from '../ui/icon.ts';
import { BytesPipe, NumberPipe } from '../ui/number-pipes.ts';
import { RelativeTime } from '../ui/relative-time.ts';
import { attentionWords, notInside } from './answer-words.ts';
import { DashboardStore, type Overview } from './dashboard.store.ts';
import { EnvironmentActions } from './environment-actions.ts';
import { EnvironmentAnswer } from './environment-answer.ts';
import { PlaceName } from './place-name.ts';
import { RunningOperation } from './running-operation.ts';

/** All that the dashboard knows of one environment, where there are few. */
@Component({
  selector: 'hf-environment-card',
  imports: [
    ...[BytesPipe, EnvironmentActions, EnvironmentAnswer, Icon, NumberPipe, PlaceName, RelativeTime, RouterLink],
    RunningOperation,
  ],
  templateUrl: './environment-card.html',
  styleUrl: './environment-card.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class EnvironmentCard {
  private readonly store = inject(DashboardStore);
  readonly overview = input.required<Overview>();
  protected readonly alert = mdiAlertOutline;
  protected readonly runs = computed(
    () => this.overview().running !== null || this.store.progressOf(this.overview().id) !== null,
  );
  protected readonly attention = computed(() => attentionWords(this.overview().attention, this.store.thresholds()));
  protected readonly missing = computed(() => notInside(this.overview()));
}
