import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { May } from '../ui/may.ts';
import { Submission } from '../ui/submission.ts';
import { Toasts } from '../ui/toasts.ts';
import { DashboardStore, type Overview } from './dashboard.store.ts';

/** What one does about an environment's answer: back it up, and prove its newest good backup. */
@Component({
  selector: 'hf-environment-actions',
  imports: [MatButton, May],
  template: `
    <button
      *hfMay="'backup.create'"
      matButton="outlined"
      type="button"
      [attr.aria-label]="'Back up ' + overview().environment.name"
      [disabled]="backup.busy()"
      (click)="backUp()"
    >
      Back up
    </button>
    @if (overview().lastBackup; as last) {
      <button
        *hfMay="'backup.verify'"
        matButton="outlined"
        type="button"
        [attr.aria-label]="'Verify the last backup of ' + overview().environment.name"
        [disabled]="proof.busy()"
        (click)="verify(last.id)"
      >
        Verify
      </button>
    }
  `,
  styleUrl: './environment-actions.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class EnvironmentActions {
  private readonly store = inject(DashboardStore);
  private readonly toasts = inject(Toasts);
  readonly overview = input.required<Overview>();
  protected readonly backup = new Submission();
  protected readonly proof = new Submission();

  protected async backUp(): Promise<void> {
    const { id, name } = this.overview().environment;
    await this.start(this.backup, id, `A backup of ${name} has begun.`, (key) => this.store.backUp(id, key));
  }

  protected async verify(backupId: string): Promise<void> {
    const { name } = this.overview().environment;
    const said = `A trial restore of the last backup of ${name} has begun.`;
    await this.start(this.proof, backupId, said, (key) => this.store.prove(backupId, key));
  }

  private async start(
    submission: Submission,
    intention: string,
    message: string,
    act: (idempotencyKey: string) => Promise<string>,
  ): Promise<void> {
    const operationId = await submission.run(intention, act);
    const problem = submission.problem();
    if (operationId !== null) this.toasts.started(message, operationId);
    else if (problem) this.toasts.failed(problem);
  }
}
