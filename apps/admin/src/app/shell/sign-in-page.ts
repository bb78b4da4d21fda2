import { ChangeDetectionStrategy, Component, inject, input, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatFormField, MatInput, MatLabel } from '@angular/material/input';
import { Router } from '@angular/router';
import { ErrorPanel } from '../ui/error-panel.ts';
import { returnUrl } from '../ui/return-url.ts';
import { Session } from '../ui/session.ts';
import { Submission } from '../ui/submission.ts';
import { Mark } from './mark.ts';

/** Signs in, and goes back to where one was. */
@Component({
  selector: 'hf-sign-in-page',
  imports: [ErrorPanel, Mark, MatButton, MatFormField, MatInput, MatLabel],
  templateUrl: './sign-in-page.html',
  styleUrl: './sign-in-page.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class SignInPage {
  private readonly session = inject(Session);
  private readonly router = inject(Router);
  /** Of the URL: where to go afterwards, and whether a session ended here. */
  readonly return = input<string>();
  readonly ended = input<string>();
  protected readonly submission = new Submission();
  protected readonly noCookie = signal(false);

  protected async signIn(email: string, password: string): Promise<void> {
    this.noCookie.set(false);
    const kept = await this.submission.run({ email }, () => this.session.signIn(email, password));
    if (kept) await this.router.navigateByUrl(returnUrl(this.return(), location.origin), { replaceUrl: true });
    else if (kept === false) this.noCookie.set(true);
  }
}
