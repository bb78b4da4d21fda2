import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { MatButton } from '@angular/material/button';
import {
  MAT_DIALOG_DATA,
  MatDialog,
  MatDialogActions,
  MatDialogClose,
  MatDialogContent,
  MatDialogTitle,
} from '@angular/material/dialog';
import { confirm } from '../ui/confirm-dialog.ts';
import type { SavedView, SavedViews } from './saved-views.ts';
import { ViewNameDialog, type Naming } from './view-name-dialog.ts';

/** The saved views with what one does to them: another name, other filters, away. */
@Component({
  selector: 'hf-views-dialog',
  imports: [MatButton, MatDialogActions, MatDialogClose, MatDialogContent, MatDialogTitle],
  template: `
    <h2 mat-dialog-title>Your views</h2>
    <mat-dialog-content>
      <ul>
        @for (view of data.views.views(); track view.id) {
          <li>
            <span class="name">{{ view.name }}</span>
            <span class="verbs">
              @if (view.query !== data.query) {
                <button
                  matButton
                  type="button"
                  [attr.aria-label]="'Give ' + view.name + ' the filters of now'"
                  (click)="update(view)"
                >
                  Update
                </button>
              }
              <button matButton type="button" [attr.aria-label]="'Rename ' + view.name" (click)="rename(view)">
                Rename
              </button>
              <button matButton type="button" [attr.aria-label]="'Delete ' + view.name" (click)="remove(view)">
                Delete
              </button>
            </span>
          </li>
        } @empty {
          <li>None is left.</li>
        }
      </ul>
    </mat-dialog-content>
    <mat-dialog-actions align="end"><button matButton mat-dialog-close type="button">Close</button></mat-dialog-actions>
  `,
  styles: `
    ul {
      display: grid;
      gap: var(--hf-space-2);
      margin: 0;
      padding: 0;
      list-style: none;
    }

    li {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      justify-content: space-between;
      color: var(--mat-sys-on-surface);
    }

    .name {
      min-width: 0;
      overflow-wrap: anywhere;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ViewsDialog {
  private readonly dialog = inject(MatDialog);
  /** The views, and the filters of now as a query. */
  protected readonly data = inject<{ views: SavedViews; query: string }>(MAT_DIALOG_DATA);

  protected rename(view: SavedView): void {
    const act = (name: string) => this.data.views.replace(view, name, view.query);
    const data: Naming = { ...{ title: 'Rename this view', verb: 'Rename' }, name: view.name, act };
    this.dialog.open(ViewNameDialog, { data, width: '420px' });
  }

  protected async update(view: SavedView): Promise<void> {
    await confirm(this.dialog, {
      title: 'Update this view?',
      text: `${view.name} then shows what the list shows now.`,
      verb: 'Update it',
      act: () => this.data.views.replace(view, view.name, this.data.query),
    });
  }

  protected async remove(view: SavedView): Promise<void> {
    await confirm(this.dialog, {
      title: 'Delete this view?',
      text: `${view.name} goes away. No backup is touched.`,
      ...{ verb: 'Delete it', destructive: true },
      act: () => this.data.views.remove(view),
    });
  }
}
