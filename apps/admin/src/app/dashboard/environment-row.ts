import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { RelativeTime } from '../ui/relative-time.ts';
import { attentionWords, notInside } from './answer-words.ts';
import { DashboardStore, type Overview } from './dashboard.store.ts';
import { EnvironmentActions } from './environment-actions.ts';
import { EnvironmentAnswer } from './environment-answer.ts';
import { PlaceName } from './place-name.ts';
import { RunningOperation } from './running-operation.ts';

/** One environment among many. */
@Component({
  selector: 'hf-environment-row',
  imports: [EnvironmentActions, EnvironmentAnswer, PlaceName, RelativeTime, RouterLink, RunningOperation],
  templateUrl: './environment-row.html',
  styleUrl: './environment-row.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class EnvironmentRow {
  private readonly store = inject(DashboardStore);
  readonly overview = input.required<Overview>();
  protected readonly runs = computed(
    () => this.overview().running !== null || this.store.progressOf(this.overview().id) !== null,
  );
  protected readonly attention = computed(() =>
    attentionWords(this.overview().attention, this.store.thresholds()).join('. '),
  );
  protected readonly missing = computed(() => notInside(this.overview()).join(', '));
}
