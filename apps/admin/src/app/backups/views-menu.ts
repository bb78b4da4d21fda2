import { ChangeDetectionStrategy, Component, computed, inject, input, output } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatDialog } from '@angular/material/dialog';
import { MatDivider } from '@angular/material/divider';
import { MatMenu, MatMenuItem, MatMenuTrigger } from '@angular/material/menu';
import { mdiBookmarkOutline, mdiCheck, mdiPencilOutline, mdiPlus } from '@mdi/js';
import { Icon } from '../ui/icon.ts';
import { SavedViews } from './saved-views.ts';
import { ViewNameDialog, type Naming } from './view-name-dialog.ts';
import { ViewsDialog } from './views-dialog.ts';

/** The saved views: shows one, saves the filters of now, or leads to what one does to views. */
@Component({
  selector: 'hf-views-menu',
  imports: [Icon, MatButton, MatDivider, MatMenu, MatMenuItem, MatMenuTrigger],
  providers: [SavedViews],
  template: `
    <button matButton="outlined" type="button" [matMenuTriggerFor]="menu">
      <hf-icon [path]="icons.views" />{{ current()?.name ?? 'Views' }}
    </button>
    <mat-menu #menu="matMenu">
      @for (view of saved.views(); track view.id) {
        <button
          mat-menu-item
          role="menuitemradio"
          [attr.aria-checked]="view === current()"
          (click)="apply.emit(view.query)"
        >
          <hf-icon class="hf-menu-icon" [class.hf-hidden]="view !== current()" [path]="icons.current" />{{ view.name }}
        </button>
      } @empty {
        <p class="hf-menu-heading" role="presentation">No view is saved yet.</p>
      }
      <mat-divider />
      <button mat-menu-item [disabled]="query() === '' || current()" (click)="save()">
        <hf-icon class="hf-menu-icon" [path]="icons.save" />Save this view
      </button>
      @if (saved.views().length > 0) {
        <button mat-menu-item (click)="edit()"><hf-icon class="hf-menu-icon" [path]="icons.edit" />Change views</button>
      }
    </mat-menu>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ViewsMenu {
  private readonly dialog = inject(MatDialog);
  protected readonly saved = inject(SavedViews);
  /** The filters of now, as a view has them. */
  readonly query = input.required<string>();
  readonly apply = output<string>();
  protected readonly icons = {
    ...{ views: mdiBookmarkOutline, current: mdiCheck, save: mdiPlus, edit: mdiPencilOutline },
  };
  protected readonly current = computed(() => this.saved.views().find(({ query }) => query === this.query()));

  protected save(): void {
    const query = this.query();
    const act = (name: string) => this.saved.save(name, query);
    const data: Naming = { ...{ title: 'Save this view', verb: 'Save', name: '' }, act };
    this.dialog.open(ViewNameDialog, { data, width: '420px' });
  }

  protected edit(): void {
    this.dialog.open(ViewsDialog, { data: { views: this.saved, query: this.query() }, width: '560px' });
  }
}
