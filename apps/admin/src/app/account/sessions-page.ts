import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatDialog } from '@angular/material/dialog';
import { BreakpointObserver } from '@angular/cdk/layout';
import { toSignal } from '@angular/core/rxjs-interop';
import { map } from 'rxjs';
import type { Schemas } from '../ui/api.ts';
import { confirm } from '../ui/confirm-dialog.ts';
import { PageHeader } from '../ui/page-header.ts';
import { RelativeTime } from '../ui/relative-time.ts';
import { RowList } from '../ui/row-list.ts';
import { Session } from '../ui/session.ts';
import { StatusChip } from '../ui/status-chip.ts';
import { SessionsStore } from './sessions.store.ts';
import { programOf } from './user-agent.ts';

/** As in sessions-page.scss. */
const NARROW = '(max-width: 839.98px)';

/** Where one is signed in; each session but this one can be ended, or all of them. */
@Component({
  selector: 'hf-sessions-page',
  imports: [MatButton, PageHeader, RelativeTime, RowList, StatusChip],
  providers: [SessionsStore],
  templateUrl: './sessions-page.html',
  styleUrl: './sessions-page.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class SessionsPage {
  private readonly dialog = inject(MatDialog);
  private readonly session = inject(Session);
  protected readonly store = inject(SessionsStore);
  protected readonly programOf = programOf;
  protected readonly narrow = toSignal(
    inject(BreakpointObserver)
      .observe(NARROW)
      .pipe(map(({ matches }) => matches)),
    { requireSync: true },
  );

  protected async end({ id, userAgent, ip }: Schemas['Session']): Promise<void> {
    await confirm(this.dialog, {
      title: 'End this session?',
      text: `${programOf(userAgent)}${ip === null ? '' : ` at ${ip}`} is signed out at once.`,
      ...{ verb: 'End it', destructive: true },
      act: () => this.store.end(id),
    });
  }

  protected async endAll(): Promise<void> {
    await confirm(this.dialog, {
      title: 'Sign out everywhere?',
      text: 'All your sessions end, this one too. API tokens stay as they are.',
      ...{ verb: 'Sign out everywhere', destructive: true },
      act: () => this.session.signOutEverywhere(),
    });
  }
}
