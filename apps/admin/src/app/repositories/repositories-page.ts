import { BreakpointObserver } from '@angular/cdk/layout';
import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { MatButton } from '@angular/material/button';
import { RouterLink } from '@angular/router';
import { mdiHarddisk, mdiPlus } from '@mdi/js';
import { map } from 'rxjs';
import { EmptyState } from '../ui/empty-state.ts';
import { Icon } from '../ui/icon.ts';
import { May } from '../ui/may.ts';
import { PageHeader } from '../ui/page-header.ts';
import { RowList } from '../ui/row-list.ts';
import { RepositoriesStore } from './repositories.store.ts';
import { RepositoryRow } from './repository-row.ts';

/** As in repository-row.scss. */
const NARROW = '(max-width: 1023.98px)';

/** Where backups are stored, by name. */
@Component({
  selector: 'hf-repositories-page',
  imports: [EmptyState, Icon, MatButton, May, PageHeader, RepositoryRow, RouterLink, RowList],
  providers: [RepositoriesStore],
  templateUrl: './repositories-page.html',
  styleUrl: './repositories-page.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class RepositoriesPage {
  protected readonly store = inject(RepositoriesStore);
  protected readonly icon = mdiHarddisk;
  protected readonly plus = mdiPlus;
  protected readonly narrow = toSignal(
    inject(BreakpointObserver)
      .observe(NARROW)
      .pipe(map(({ matches }) => matches)),
    { requireSync: true },
  );
}
