import { BreakpointObserver } from '@angular/cdk/layout';
import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { MatButton } from '@angular/material/button';
import { RouterLink } from '@angular/router';
import { mdiDatabaseOutline, mdiPlus } from '@mdi/js';
import { map } from 'rxjs';
import { ChoiceChips } from '../ui/choice-chips.ts';
import { EmptyState } from '../ui/empty-state.ts';
import { Icon } from '../ui/icon.ts';
import { May } from '../ui/may.ts';
import { PageHeader } from '../ui/page-header.ts';
import { RowList } from '../ui/row-list.ts';
import { SearchField } from '../ui/search-field.ts';
import { ALL_ENVIRONMENTS, LONGEST_SEARCH } from './environment-filters.ts';
import { EnvironmentRow } from './environment-row.ts';
import { KIND_CHOICES } from './environment-words.ts';
import { EnvironmentsStore } from './environments.store.ts';

/** As in environment-row.scss. */
const NARROW = '(max-width: 839.98px)';

/** The databases and projects that can be backed up and restored, by name. */
@Component({
  selector: 'hf-environments-page',
  imports: [
    ChoiceChips,
    EmptyState,
    EnvironmentRow,
    Icon,
    MatButton,
    May,
    PageHeader,
    RouterLink,
    RowList,
    SearchField,
  ],
  providers: [EnvironmentsStore],
  templateUrl: './environments-page.html',
  styleUrl: './environments-page.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class EnvironmentsPage {
  protected readonly store = inject(EnvironmentsStore);
  protected readonly kinds = KIND_CHOICES;
  protected readonly longest = LONGEST_SEARCH;
  protected readonly icons = { environments: mdiDatabaseOutline, add: mdiPlus };
  protected readonly narrow = toSignal(
    inject(BreakpointObserver)
      .observe(NARROW)
      .pipe(map(({ matches }) => matches)),
    { requireSync: true },
  );

  protected showAll(): void {
    this.store.show(ALL_ENVIRONMENTS);
  }
}
