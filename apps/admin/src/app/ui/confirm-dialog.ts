import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import type { MatDialog } from '@angular/material/dialog';
import {
  MAT_DIALOG_DATA,
  MatDialogActions,
  MatDialogContent,
  MatDialogRef,
  MatDialogTitle,
} from '@angular/material/dialog';
import { MatFormField, MatInput, MatLabel } from '@angular/material/input';
import { firstValueFrom } from 'rxjs';
import { ErrorPanel } from './error-panel.ts';
import { Submission } from './submission.ts';

/** The second click of a double click is over by then; it must not count as one beside the dialog. */
const DOUBLE_CLICK_MS = 500;

/** What is asked, and what is done once somebody agreed. */
export interface Confirmation {
  title: string;
  /** What will happen, and what it touches by name. */
  text: string;
  /** The verb on the button. */
  verb: string;
  /** Whether it takes something away. */
  destructive?: boolean;
  /** The name to type, where a click is too easily done. */
  typedName?: string;
  /** Runs while the dialog is open: what fails is told there, and can be tried again. */
  act(idempotencyKey: string): Promise<unknown>;
}

/** Asks before something that is not easily undone. */
@Component({
  selector: 'hf-confirm-dialog',
  imports: [
    ErrorPanel,
    MatButton,
    MatDialogActions,
    MatDialogContent,
    MatDialogTitle,
    MatFormField,
    MatInput,
    MatLabel,
  ],
  templateUrl: './confirm-dialog.html',
  styleUrl: './confirm-dialog.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
class ConfirmDialog {
  protected readonly asked = inject<Confirmation>(MAT_DIALOG_DATA);
  protected readonly ref = inject<MatDialogRef<ConfirmDialog, boolean>>(MatDialogRef);
  protected readonly submission = new Submission();
  protected readonly typed = signal('');
  protected readonly mayGoOn = computed(
    () => this.asked.typedName === undefined || this.typed() === this.asked.typedName,
  );

  protected async goOn(): Promise<void> {
    if (!this.mayGoOn()) return;
    const said = { title: this.asked.title, typed: this.typed() };
    const done = await this.submission.run(said, async (key) => {
      await this.asked.act(key);
      return true;
    });
    if (done) this.ref.close(true);
  }
}

/** Opens the dialog; true once it was agreed to and done. Needs an injection context of `MatDialog`'s owner. */
export async function confirm(dialog: MatDialog, asked: Confirmation): Promise<boolean> {
  const openedAt = performance.now();
  const ref = dialog.open<ConfirmDialog, Confirmation, boolean>(ConfirmDialog, {
    ...{ data: asked, maxWidth: 520 },
    closePredicate: (answer) => answer !== undefined || performance.now() - openedAt > DOUBLE_CLICK_MS,
  });
  return (await firstValueFrom(ref.afterClosed(), { defaultValue: false })) ?? false;
}
