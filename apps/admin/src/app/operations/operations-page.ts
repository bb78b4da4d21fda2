import { BreakpointObserver } from '@angular/cdk/layout';
import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { MatButton } from '@angular/material/button';
import { mdiPulse } from '@mdi/js';
import { map } from 'rxjs';
import { ChoiceChips } from '../ui/choice-chips.ts';
import { EmptyState } from '../ui/empty-state.ts';
import { KIND_CHOICES, STATUS_CHOICES } from '../ui/operation-words.ts';
import { PageHeader } from '../ui/page-header.ts';
import { RowList } from '../ui/row-list.ts';
import { SearchField } from '../ui/search-field.ts';
import type { OperationFilters } from './operation-filters.ts';
import { OperationRow } from './operation-row.ts';
import { OperationsStore } from './operations.store.ts';

/** As in operation-row.scss. */
const NARROW = '(max-width: 839.98px)';

/** Everything that runs and ran, newest first, live. */
@Component({
  selector: 'hf-operations-page',
  imports: [ChoiceChips, EmptyState, MatButton, OperationRow, PageHeader, RowList, SearchField],
  providers: [OperationsStore],
  templateUrl: './operations-page.html',
  styleUrl: './operations-page.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class OperationsPage {
  protected readonly store = inject(OperationsStore);
  protected readonly statuses = STATUS_CHOICES;
  protected readonly kinds = KIND_CHOICES;
  protected readonly icon = mdiPulse;
  protected readonly environments = computed(() =>
    this.store.environments.hasValue() ? this.store.environments.value().items : [],
  );
  protected readonly narrow = toSignal(
    inject(BreakpointObserver)
      .observe(NARROW)
      .pipe(map(({ matches }) => matches)),
    { requireSync: true },
  );

  protected showAll(): void {
    const none: OperationFilters = { status: [], kind: [], environmentId: null, search: '' };
    this.store.show(none);
  }
}
