import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import {
  MAT_DIALOG_DATA,
  MatDialogActions,
  MatDialogClose,
  MatDialogContent,
  MatDialogRef,
  MatDialogTitle,
} from '@angular/material/dialog';
import { MatError, MatFormField, MatInput, MatLabel } from '@angular/material/input';
import { ErrorPanel } from '../ui/error-panel.ts';
import { RefusedField } from '../ui/refused-field.ts';
import { Submission } from '../ui/submission.ts';

/** What gets a name, and what is done with the name. */
export interface Naming {
  title: string;
  verb: string;
  name: string;
  act(name: string): Promise<unknown>;
}

/** Asks for the name of a view. */
@Component({
  selector: 'hf-view-name-dialog',
  imports: [
    ...[ErrorPanel, MatButton, MatDialogActions, MatDialogClose, MatDialogContent, MatDialogTitle],
    ...[MatError, MatFormField, MatInput, MatLabel, RefusedField],
  ],
  template: `
    <h2 mat-dialog-title>{{ asked.title }}</h2>
    <form (submit)="$event.preventDefault(); goOn()">
      <mat-dialog-content>
        <mat-form-field appearance="outline">
          <mat-label>Name</mat-label>
          <input
            #field
            matInput
            autocomplete="off"
            maxlength="100"
            required
            [hfRefused]="submission.fieldErrors().get('name')"
            [value]="name()"
            (input)="name.set(field.value)"
          />
          <mat-error>{{ submission.fieldErrors().get('name') }}</mat-error>
        </mat-form-field>
        @if (submission.problem(); as problem) {
          <hf-error-panel [problem]="problem" [listFields]="false" />
        }
      </mat-dialog-content>
      <mat-dialog-actions align="end">
        <button matButton mat-dialog-close type="button">Back</button>
        <button matButton="filled" type="submit" [disabled]="name().trim() === '' || submission.busy()">
          {{ asked.verb }}
        </button>
      </mat-dialog-actions>
    </form>
  `,
  styles: `
    mat-form-field {
      width: 100%;
      margin-block-start: var(--hf-space-2);
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ViewNameDialog {
  private readonly ref = inject<MatDialogRef<ViewNameDialog, boolean>>(MatDialogRef);
  protected readonly asked = inject<Naming>(MAT_DIALOG_DATA);
  protected readonly submission = new Submission();
  protected readonly name = signal(this.asked.name);

  protected async goOn(): Promise<void> {
    const name = this.name().trim();
    const done = await this.submission.run({ name }, () => this.asked.act(name).then(() => true));
    if (done) this.ref.close(true);
  }
}
