import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatError, MatFormField, MatHint, MatInput, MatLabel } from '@angular/material/input';
import { Api } from '../ui/api.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { PageHeader } from '../ui/page-header.ts';
import { RefusedField } from '../ui/refused-field.ts';
import { Submission } from '../ui/submission.ts';
import { Toasts } from '../ui/toasts.ts';

/** Sets a new password; every other session of the account ends. */
@Component({
  selector: 'hf-change-password-page',
  imports: [
    ...[ErrorPanel, PageHeader, RefusedField],
    ...[MatButton, MatError, MatFormField, MatHint, MatInput, MatLabel],
  ],
  templateUrl: './change-password-page.html',
  styleUrl: './change-password-page.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ChangePasswordPage {
  private readonly api = inject(Api);
  private readonly toasts = inject(Toasts);
  protected readonly submission = new Submission();
  protected readonly current = signal('');
  protected readonly next = signal('');

  protected async change(): Promise<void> {
    const body = { currentPassword: this.current(), newPassword: this.next() };
    const changed = await this.submission.run({}, async () => {
      await this.api.send('post', '/api/v1/auth/password', { body });
      return true;
    });
    if (!changed) return;
    this.current.set('');
    this.next.set('');
    this.toasts.say('The password is changed. All your other sessions have ended.');
  }
}
