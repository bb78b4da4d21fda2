import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { formatPercent } from '../ui/format.ts';
import { shareOf } from '../ui/operation-progress.ts';
import { stepLabel } from '../ui/step-label.ts';
import { DashboardStore, type Overview } from './dashboard.store.ts';

const VERBS: Record<NonNullable<Overview['running']>['kind'], string> = {
  ...{ backup: 'Backup', verify: 'Verification', restore: 'Restore', expire: 'Removal' },
};

/** What runs in an environment, as it moves; a link to all of it. */
@Component({
  selector: 'hf-running-operation',
  imports: [RouterLink],
  template: `
    @if (running(); as operation) {
      <a [routerLink]="['/operations', operation.operationId]">{{ operation.verb }}</a>
      <span class="bar" aria-hidden="true"
        ><span [style.transform]="'scaleX(' + (operation.share ?? 0) + ')'"></span
      ></span>
      <span class="step hf-figures">{{ operation.step }}</span>
    }
  `,
  styleUrl: './running-operation.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class RunningOperation {
  private readonly store = inject(DashboardStore);
  readonly overview = input.required<Overview>();

  protected readonly running = computed(() => {
    const { environment, running } = this.overview();
    const snapshot = this.store.progressOf(environment.id);
    if (snapshot === null) return running && { ...running, verb: VERBS[running.kind], share: null, step: '' };
    const { operationId, kind, progress } = snapshot;
    const share = shareOf(progress);
    const step = progress.step === null ? 'Waiting' : stepLabel(progress.step);
    return { operationId, verb: VERBS[kind], share, step: share === null ? step : `${step} ${formatPercent(share)}` };
  });
}
