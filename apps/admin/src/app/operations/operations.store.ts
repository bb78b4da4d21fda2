import { computed, DestroyRef, effect, inject, Injectable, untracked } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { ActivatedRoute, Router } from '@angular/router';
import type { ProgressSnapshot } from '@holdfast/contracts';
import { Live } from '../shell/live.ts';
import { Api, apiResource, type Schemas } from '../ui/api.ts';
import { cursorList } from '../ui/cursor-list.ts';
import { broughtUpTo, hasEnded } from '../ui/operation-now.ts';
import { filtersOf, isFiltered, isWanted, queryOf, type OperationFilters } from './operation-filters.ts';

type Operation = Schemas['Operation'];

const PAGE_SIZE = 50;
/** Operations that begin together are asked for together. */
const GATHER_MS = 300;
const MOST_ENVIRONMENTS = 200;

/** The list of operations: what the URL asks for, kept up to date while it is in sight. */
@Injectable()
export class OperationsStore {
  private readonly api = inject(Api);
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);
  private readonly query = toSignal(this.route.queryParamMap, { requireSync: true });
  /** Operations and their states that the list was read again for: each once, also where it stands on a later page. */
  private readonly missed = new Set<string>();
  private gathering: ReturnType<typeof setTimeout> | null = null;

  readonly filters = computed(() => filtersOf(this.query()));
  readonly filtered = computed(() => isFiltered(this.filters()));
  readonly environments = apiResource('/api/v1/environments', () => ({ query: { limit: MOST_ENVIRONMENTS } }));

  readonly list = cursorList<Operation>(() => {
    const { status, kind, environmentId, search } = this.filters();
    const asked = {
      ...{ limit: PAGE_SIZE, status: [...status], kind: [...kind] },
      ...(environmentId !== null && { environmentId }),
      ...(search !== '' && { search }),
    };
    return (cursor, signal) =>
      this.api.get('/api/v1/progress', { query: { ...asked, ...(cursor !== null && { cursor }) } }, { signal });
  });

  constructor() {
    const live = inject(Live);
    live.watch(
      () => ({ all: true }),
      (snapshot) => this.hear(snapshot),
    );
    inject(DestroyRef).onDestroy(() => clearTimeout(this.gathering ?? undefined));
    // What changed while the connection was away is not told again.
    effect(() => {
      if (live.reconnects() > 0) untracked(() => this.list.restart());
    });
  }

  /** Changes filters; the URL is where they are kept. Back undoes a choice, but not what was `typed` letter by letter. */
  show(change: Partial<OperationFilters>, typed = false): void {
    const queryParams = queryOf({ ...this.filters(), ...change });
    void this.router.navigate([], { relativeTo: this.route, queryParams, replaceUrl: typed });
  }

  private hear(snapshot: ProgressSnapshot): void {
    const known = this.list.patch(snapshot.operationId, (operation) => {
      if (hasEnded(operation, snapshot)) void this.readAgain(operation.id);
      const now = broughtUpTo(operation, snapshot);
      return isWanted(this.filters(), now) ? now : null;
    });
    if (!known && isWanted(this.filters(), snapshot)) this.gather(snapshot);
  }

  /** Its error, result and times are not part of a snapshot. */
  private async readAgain(id: string): Promise<void> {
    const operation = await this.api.get('/api/v1/progress/{id}', { path: { id } });
    this.list.patch(id, (shown) => (operation.sequence < shown.sequence ? shown : operation));
  }

  private gather({ operationId, status }: ProgressSnapshot): void {
    const miss = `${operationId} ${status}`;
    if (this.missed.has(miss)) return;
    this.missed.add(miss);
    this.gathering ??= setTimeout(() => {
      this.gathering = null;
      void this.list.refresh();
    }, GATHER_MS);
  }
}
