import { BreakpointObserver } from '@angular/cdk/layout';
import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { MatButton } from '@angular/material/button';
import { mdiTextBoxSearchOutline } from '@mdi/js';
import { map } from 'rxjs';
import { EmptyState } from '../ui/empty-state.ts';
import { PageHeader } from '../ui/page-header.ts';
import { RowList } from '../ui/row-list.ts';
import { SearchField } from '../ui/search-field.ts';
import { NO_FILTERS } from './audit-filters.ts';
import { AuditRow } from './audit-row.ts';
import { actionLabel, ACTIONS } from './audit-words.ts';
import { AuditStore } from './audit.store.ts';

/** As in audit-row.scss. */
const NARROW = '(max-width: 839.98px)';

/** Who did what and when, newest first. */
@Component({
  selector: 'hf-audit-page',
  imports: [AuditRow, EmptyState, MatButton, PageHeader, RowList, SearchField],
  providers: [AuditStore],
  templateUrl: './audit-page.html',
  styleUrl: './audit-page.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class AuditPage {
  protected readonly store = inject(AuditStore);
  protected readonly icon = mdiTextBoxSearchOutline;
  protected readonly groups = Object.entries(ACTIONS).map(([label, actions]) => ({
    label,
    actions: actions.map((value) => ({ value, label: actionLabel(value) })),
  }));
  protected readonly accounts = computed(() => {
    const { actorId } = this.store.filters();
    const known = this.store.accounts.hasValue() ? this.store.accounts.value().items : [];
    const strange = actorId !== null && !known.some(({ id }) => id === actorId);
    return strange ? [...known, { id: actorId, name: 'Somebody else' }] : known;
  });
  /** One that a link names, and the list of them does not. */
  protected readonly otherAction = computed(() => {
    const { action } = this.store.filters();
    const known = this.groups.some(({ actions }) => actions.some(({ value }) => value === action));
    return action === null || known ? null : { value: action, label: actionLabel(action) };
  });
  protected readonly narrow = toSignal(
    inject(BreakpointObserver)
      .observe(NARROW)
      .pipe(map(({ matches }) => matches)),
    { requireSync: true },
  );

  protected showAll(): void {
    this.store.show(NO_FILTERS);
  }
}
