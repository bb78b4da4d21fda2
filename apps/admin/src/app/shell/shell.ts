import { BreakpointObserver } from '@angular/cdk/layout';
import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { MatIconButton } from '@angular/material/button';
import { MatDialog } from '@angular/material/dialog';
import { Router, RouterLink, RouterOutlet } from '@angular/router';
import { mdiMenu } from '@mdi/js';
import { map } from 'rxjs';
import { ErrorPanel } from '../ui/error-panel.ts';
import { Icon } from '../ui/icon.ts';
import { Session } from '../ui/session.ts';
import { AccountMenu } from './account-menu.ts';
import { ConnectionState } from './connection-state.ts';
import { Keys } from './keys.ts';
import { Mark } from './mark.ts';
import { NavigationDrawer } from './navigation-drawer.ts';
import { NavigationList } from './navigation-list.ts';
import { PageContext, textOn } from './page-context.ts';
import { PageFocus } from './page-focus.ts';

/** As in shell.scss. */
const WITH_LABELS = '(min-width: 1200px)';

/** The frame around every page: navigation, connection, account, and the colour of the environment one is in. */
@Component({
  selector: 'hf-shell',
  imports: [
    ...[AccountMenu, ConnectionState, ErrorPanel, Icon, Mark, MatIconButton, NavigationList, RouterLink, RouterOutlet],
  ],
  templateUrl: './shell.html',
  styleUrl: './shell.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Shell {
  private readonly dialog = inject(MatDialog);
  private readonly router = inject(Router);
  protected readonly session = inject(Session);
  protected readonly environment = inject(PageContext).environment;
  protected readonly iconsOnly = toSignal(
    inject(BreakpointObserver)
      .observe(WITH_LABELS)
      .pipe(map(({ matches }) => !matches)),
    { requireSync: true },
  );
  protected readonly onColor = computed(() => textOn(this.environment()?.color ?? '#000000'));
  protected readonly menu = mdiMenu;
  private readonly focus = inject(PageFocus);

  constructor() {
    inject(Keys).listen();
    this.focus.follow();
  }

  /** Asks again who is signed in, and then for the page that could not be chosen without knowing it. */
  protected async again(): Promise<void> {
    await this.session.load();
    if (!this.session.problem()) await this.router.navigateByUrl(this.router.url, { onSameUrlNavigation: 'reload' });
  }

  protected skip(event: Event): void {
    event.preventDefault();
    this.focus.toHeading();
  }

  protected openDrawer(): void {
    this.dialog.open(NavigationDrawer, {
      ...{ panelClass: 'hf-drawer', position: { left: '0', top: '0' }, height: '100dvh', width: '280px' },
      ...{ maxWidth: '85vw', ariaLabel: 'Navigation', autoFocus: 'first-tabbable' },
    });
  }
}
