import { computed, inject, Injectable } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { ActivatedRoute, Router } from '@angular/router';
import { Api, apiResource, type Schemas } from '../ui/api.ts';
import { cursorList } from '../ui/cursor-list.ts';
import { askedOf, filtersOf, isFiltered, queryOf, type AuditFilters } from './audit-filters.ts';

export type AuditEntry = Schemas['AuditEntry'];

const PAGE_SIZE = 100;
const MOST_ACCOUNTS = 200;

/** The audit as the URL asks for it. */
@Injectable()
export class AuditStore {
  private readonly api = inject(Api);
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);
  private readonly query = toSignal(this.route.queryParamMap, { requireSync: true });

  readonly filters = computed(() => filtersOf(this.query()));
  readonly filtered = computed(() => isFiltered(this.filters()));
  readonly accounts = apiResource('/api/v1/users', () => ({ query: { limit: MOST_ACCOUNTS } }));
  readonly list = cursorList<AuditEntry>(() => {
    const asked = { ...askedOf(this.filters()), limit: PAGE_SIZE };
    return (cursor, signal) =>
      this.api.get('/api/v1/backup/audit', { query: { ...asked, ...(cursor !== null && { cursor }) } }, { signal });
  });

  /** Changes filters; the URL is where they are kept. Back undoes a choice, but not what was `typed` letter by letter. */
  show(change: Partial<AuditFilters>, typed = false): void {
    const queryParams = queryOf({ ...this.filters(), ...change });
    void this.router.navigate([], { relativeTo: this.route, queryParams, replaceUrl: typed });
  }
}
