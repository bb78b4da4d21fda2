import { computed, inject, Injectable } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { ActivatedRoute, Router } from '@angular/router';
import { Api, type Schemas } from '../ui/api.ts';
import { cursorList } from '../ui/cursor-list.ts';
import { askedOf, filtersOf, isFiltered, queryOf, type EnvironmentFilters } from './environment-filters.ts';

const PAGE_SIZE = 50;

/** The list of environments: what the URL asks for. */
@Injectable()
export class EnvironmentsStore {
  private readonly api = inject(Api);
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);
  private readonly query = toSignal(this.route.queryParamMap, { requireSync: true });

  readonly filters = computed(() => filtersOf(this.query()));
  readonly filtered = computed(() => isFiltered(this.filters()));

  readonly list = cursorList<Schemas['Environment']>(() => {
    const asked = { ...askedOf(this.filters()), limit: PAGE_SIZE };
    return (cursor, signal) =>
      this.api.get('/api/v1/environments', { query: { ...asked, ...(cursor !== null && { cursor }) } }, { signal });
  });

  /** Changes filters; the URL is where they are kept. Back undoes a choice, but not what was `typed` letter by letter. */
  show(change: Partial<EnvironmentFilters>, typed = false): void {
    const queryParams = queryOf({ ...this.filters(), ...change });
    void this.router.navigate([], { relativeTo: this.route, queryParams, replaceUrl: typed });
  }
}
