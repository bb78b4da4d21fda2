import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatDialogActions, MatDialogClose, MatDialogContent, MatDialogTitle } from '@angular/material/dialog';
import { Session } from '../ui/session.ts';
import { PLACES } from './navigation.ts';

/** The list of keys. */
@Component({
  selector: 'hf-keys-dialog',
  imports: [MatButton, MatDialogActions, MatDialogClose, MatDialogContent, MatDialogTitle],
  template: `
    <h2 mat-dialog-title>Keys</h2>
    <mat-dialog-content>
      <dl>
        <div>
          <dt><kbd>/</kbd></dt>
          <dd>Search on this page, or backups where it has no search</dd>
        </div>
        <div>
          <dt><kbd>?</kbd></dt>
          <dd>This list</dd>
        </div>
        @for (place of places; track place.key) {
          <div>
            <dt>
              <kbd>g</kbd> <kbd>{{ place.key }}</kbd>
            </dt>
            <dd>Go to {{ place.label }}</dd>
          </div>
        }
      </dl>
    </mat-dialog-content>
    <mat-dialog-actions align="end"><button matButton mat-dialog-close type="button">Close</button></mat-dialog-actions>
  `,
  styleUrl: './keys-dialog.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class KeysDialog {
  private readonly session = inject(Session);
  protected readonly places = PLACES.filter(({ permission }) => this.session.may(permission));
}
