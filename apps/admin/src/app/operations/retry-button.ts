import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatDialog } from '@angular/material/dialog';
import { Router } from '@angular/router';
import { START_PERMISSIONS } from '@holdfast/contracts';
import { mdiRefresh } from '@mdi/js';
import type { Schemas } from '../ui/api.ts';
import { confirm } from '../ui/confirm-dialog.ts';
import { Icon } from '../ui/icon.ts';
import { May } from '../ui/may.ts';
import { asksForName, operationTitle } from '../ui/operation-words.ts';
import { problemOf } from '../ui/problem.ts';
import { Submission } from '../ui/submission.ts';
import { Toasts } from '../ui/toasts.ts';
import { OperationStore } from './operation.store.ts';

type Started = Schemas['OperationStarted'];

/**
 * Tries again what failed or was cancelled, and leads to the new operation. What takes nothing away starts at once; a
 * restore and a removal ask, and the target's name is typed where the API wants it.
 */
@Component({
  selector: 'hf-retry-button',
  imports: [Icon, MatButton, May],
  template: `
    <button *hfMay="permission()" matButton="filled" type="button" [disabled]="submission.busy()" (click)="retry()">
      <hf-icon [path]="icon" />Try again
    </button>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class RetryButton {
  private readonly dialog = inject(MatDialog);
  private readonly router = inject(Router);
  private readonly store = inject(OperationStore);
  private readonly toasts = inject(Toasts);
  readonly operation = input.required<Schemas['Operation']>();
  protected readonly icon = mdiRefresh;
  protected readonly submission = new Submission();
  protected readonly permission = computed(() => START_PERMISSIONS[this.operation().kind]);

  protected async retry(): Promise<void> {
    const { kind, dryRun, error } = this.operation();
    const asks = (kind === 'restore' && !dryRun) || kind === 'expire';
    // The worker saw another server behind the name: it will again.
    if (!asks) return this.startAtOnce();
    const started = await this.ask(asksForName(error?.code));
    if (started) await this.watch(started);
  }

  private async startAtOnce(): Promise<void> {
    await this.submission.run(this.operation().id, async (key) => this.watch(await this.store.retry(null, key)));
    const problem = this.submission.problem();
    if (problem) this.toasts.failed(problem);
  }

  private async watch({ operationId }: Started): Promise<void> {
    this.toasts.say('It was started again.');
    await this.router.navigate(['/operations', operationId]);
  }

  /** Asks; once more with the name, where only the API knew that it is wanted. */
  private async ask(withName: boolean, why?: string): Promise<Started | null> {
    const { environmentName } = this.operation();
    let started: Started | null = null;
    let refusal: string | null = null;
    const name = withName ? environmentName : null;
    await confirm(this.dialog, {
      title: 'Try this again?',
      text: why ?? `${operationTitle(this.operation())} starts anew, with the same choices.`,
      ...{ verb: 'Try again', destructive: true, ...(name !== null && { typedName: name }) },
      act: async (key) => {
        try {
          started = await this.store.retry(name, key);
        } catch (error) {
          const { code, detail } = problemOf(error);
          if (name !== null || !asksForName(code)) throw error;
          refusal = detail;
        }
      },
    });
    return refusal === null ? started : this.ask(true, refusal);
  }
}
