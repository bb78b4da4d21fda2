import { booleanAttribute, ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import { MatDivider } from '@angular/material/divider';
import { MatMenu, MatMenuItem, MatMenuTrigger } from '@angular/material/menu';
import { Router, RouterLink } from '@angular/router';
import { mdiAccountCircleOutline, mdiCheck, mdiDevices, mdiKeyboardOutline, mdiLockOutline, mdiLogout } from '@mdi/js';
import { Icon } from '../ui/icon.ts';
import { problemOf } from '../ui/problem.ts';
import { Session } from '../ui/session.ts';
import { Toasts } from '../ui/toasts.ts';
import { COLOR_SCHEMES, ColorSchemeChoice } from './color-scheme.ts';
import { Keys } from './keys.ts';

const SCHEME_LABELS = { system: 'As the system', light: 'Light', dark: 'Dark' } as const;

/** Who one is, and what one does about that: theme, password, sign out. */
@Component({
  selector: 'hf-account-menu',
  imports: [Icon, MatDivider, MatMenu, MatMenuItem, MatMenuTrigger, RouterLink],
  host: { '[class.compact]': 'compact()' },
  templateUrl: './account-menu.html',
  styleUrl: './account-menu.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class AccountMenu {
  private readonly toasts = inject(Toasts);
  private readonly router = inject(Router);
  protected readonly session = inject(Session);
  protected readonly scheme = inject(ColorSchemeChoice);
  protected readonly keys = inject(Keys);
  readonly compact = input(false, { transform: booleanAttribute });
  protected readonly schemes = COLOR_SCHEMES;
  protected readonly labels = SCHEME_LABELS;
  protected readonly icons = {
    ...{ account: mdiAccountCircleOutline, chosen: mdiCheck, keyboard: mdiKeyboardOutline },
    ...{ password: mdiLockOutline, sessions: mdiDevices, signOut: mdiLogout },
  };

  protected async signOut(): Promise<void> {
    try {
      await this.session.signOut();
    } catch (error) {
      this.toasts.failed(problemOf(error));
    }
  }
}
