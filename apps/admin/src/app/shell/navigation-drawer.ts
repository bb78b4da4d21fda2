import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { MatIconButton } from '@angular/material/button';
import { MatDialogRef } from '@angular/material/dialog';
import { mdiClose } from '@mdi/js';
import { Icon } from '../ui/icon.ts';
import { NavigationList } from './navigation-list.ts';

/** The navigation on narrow screens. */
@Component({
  selector: 'hf-navigation-drawer',
  imports: [Icon, MatIconButton, NavigationList],
  template: `
    <button matIconButton type="button" aria-label="Close navigation" (click)="ref.close()">
      <hf-icon [path]="close" />
    </button>
    <nav aria-label="Main"><hf-navigation-list (followed)="ref.close()" /></nav>
  `,
  styleUrl: './navigation-drawer.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class NavigationDrawer {
  protected readonly ref = inject<MatDialogRef<NavigationDrawer>>(MatDialogRef);
  protected readonly close = mdiClose;
}
