import { ChangeDetectionStrategy, Component, DOCUMENT, inject, signal, type Injector } from '@angular/core';
import { MatButton } from '@angular/material/button';
import {
  MAT_DIALOG_DATA,
  MatDialog,
  MatDialogActions,
  MatDialogContent,
  MatDialogRef,
  MatDialogTitle,
} from '@angular/material/dialog';
import { MatFormField, MatInput, MatLabel } from '@angular/material/input';
import { firstValueFrom } from 'rxjs';
import { ErrorPanel } from './error-panel.ts';
import { focusHeading } from './focus-heading.ts';
import { Submission } from './submission.ts';

/** Whose session has ended, and how it comes back. */
export interface EndedSession {
  email: string;
  /** False when the browser did not keep the cookie. Rejects with what the API says. */
  signIn(password: string): Promise<boolean>;
  /** Whether the same person has signed in elsewhere in this browser. */
  returned(): Promise<boolean>;
}

/** Asks for the password over the page, which stays as it is. */
@Component({
  selector: 'hf-sign-in-again',
  imports: [
    ...[ErrorPanel, MatButton, MatDialogActions, MatDialogContent, MatDialogTitle, MatFormField, MatInput, MatLabel],
  ],
  host: { '(window:focus)': 'look()' },
  templateUrl: './sign-in-again.html',
  styleUrl: './sign-in-again.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
class SignInAgain {
  protected readonly ended = inject<EndedSession>(MAT_DIALOG_DATA);
  protected readonly ref = inject<MatDialogRef<SignInAgain, boolean>>(MatDialogRef);
  protected readonly submission = new Submission();
  protected readonly noCookie = signal(false);

  protected async signIn(password: string): Promise<void> {
    this.noCookie.set(false);
    const kept = await this.submission.run(null, () => this.ended.signIn(password));
    if (kept) this.ref.close(true);
    else if (kept === false) this.noCookie.set(true);
  }

  /** Another tab may have signed in: all of them have the same cookie. */
  protected async look(): Promise<void> {
    if (this.submission.busy()) return;
    if (await this.ended.returned().catch(() => false)) this.ref.close(true);
  }
}

/** Opens the dialog; true once the same person is signed in, false when they want the sign-in page. */
export async function signInAgain(injector: Injector, data: EndedSession): Promise<boolean> {
  const ref = injector.get(MatDialog).open<SignInAgain, EndedSession, boolean>(SignInAgain, {
    ...{ data, width: '440px', autoFocus: 'input[type=password]', disableClose: true },
    // Whoever goes back has still to sign in.
    closeOnNavigation: false,
  });
  const again = (await firstValueFrom(ref.afterClosed(), { defaultValue: false })) ?? false;
  const document = injector.get(DOCUMENT);
  // The button that was pressed waits for the answer, and takes no focus back.
  if (again && document.activeElement === document.body) focusHeading(document);
  return again;
}
