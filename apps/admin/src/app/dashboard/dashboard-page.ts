import { BreakpointObserver } from '@angular/cdk/layout';
import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { MatButton } from '@angular/material/button';
import { RouterLink } from '@angular/router';
import { mdiServerOutline } from '@mdi/js';
import { map } from 'rxjs';
import { EmptyState } from '../ui/empty-state.ts';
import { ErrorPanel } from '../ui/error-panel.ts';
import { May } from '../ui/may.ts';
import { NumberPipe } from '../ui/number-pipes.ts';
import { PageHeader } from '../ui/page-header.ts';
import { RowList } from '../ui/row-list.ts';
import { SearchField } from '../ui/search-field.ts';
import { Skeleton } from '../ui/skeleton.ts';
import { summaryOf } from './answer-words.ts';
import { BackupCalendar } from './backup-calendar.ts';
import { DashboardStore } from './dashboard.store.ts';
import { EnvironmentCard } from './environment-card.ts';
import { EnvironmentRow } from './environment-row.ts';
import { StorageGrowth } from './storage-growth.ts';

/** As in environment-row.scss. */
const NARROW = '(max-width: 1023.98px)';
/** Up to so many environments have a card each; more have rows. */
const CARDS = 4;
/** How many rows are shown before somebody asks for all. */
const ROWS = 8;

/** Could each environment be restored right now? The worst first; then the year, and what it takes up. */
@Component({
  selector: 'hf-dashboard-page',
  imports: [
    ...[BackupCalendar, EmptyState, EnvironmentCard, EnvironmentRow, ErrorPanel, MatButton, May, NumberPipe],
    ...[PageHeader, RouterLink, RowList, SearchField, Skeleton, StorageGrowth],
  ],
  providers: [DashboardStore],
  templateUrl: './dashboard-page.html',
  styleUrl: './dashboard-page.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class DashboardPage {
  protected readonly store = inject(DashboardStore);
  protected readonly icon = mdiServerOutline;
  protected readonly narrow = toSignal(
    inject(BreakpointObserver)
      .observe(NARROW)
      .pipe(map(({ matches }) => matches)),
    { requireSync: true },
  );
  protected readonly summary = computed(() => {
    const { list, filters } = this.store;
    const known = list.complete() && filters().search === null && list.items().length > 0;
    return known ? summaryOf(list.items().map(({ answer }) => answer)) : null;
  });
  protected readonly rows = computed(
    () => this.store.filters().search !== null || this.store.list.items().length > CARDS,
  );
  protected readonly worst = computed(() => this.store.list.items().slice(0, ROWS));
  /** Whether there are more than are shown. */
  protected readonly more = computed(() => this.store.list.items().length > ROWS);
  /** Nobody has registered anything, and no backup is left of what was: there is nothing to draw. */
  protected readonly nothing = computed(() => {
    const { list, filters } = this.store;
    const noPlace = list.complete() && list.items().length === 0 && filters().search === null;
    return noPlace && (this.usage()?.totals.backups ?? 0) === 0;
  });
  protected readonly environments = computed(() =>
    this.store.environments.hasValue() ? this.store.environments.value().items : [],
  );
  protected readonly usage = computed(() => (this.store.usage.hasValue() ? this.store.usage.value() : undefined));
  protected readonly calendar = computed(() =>
    this.store.calendar.hasValue() ? this.store.calendar.value() : undefined,
  );
}
