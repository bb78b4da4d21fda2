import { computed, DestroyRef, effect, inject, Injectable, untracked } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { ActivatedRoute, Router } from '@angular/router';
import type { ProgressSnapshot } from '@holdfast/contracts';
import { Live } from '../shell/live.ts';
import { Api, apiResource, type Schemas } from '../ui/api.ts';
import { cursorList } from '../ui/cursor-list.ts';
import { wordsOf } from '../ui/highlight-parts.ts';
import { problemOf } from '../ui/problem.ts';
import { ALL_BACKUPS, askedOf, filtersOf, isFiltered, queryOf, type BackupFilters } from './backup-filters.ts';
import { activeFilters } from './backup-words.ts';
import { fewAtOnce } from './few-at-once.ts';
import { Selection } from './selection.ts';

type Backup = Schemas['Backup'];

const PAGE_SIZE = 50;
/** Operations that turn together are read together; more of them than this, and the list is read anew. */
const GATHER_MS = 300;
const MOST_READ_ALONE = 10;
/** The most that a list of the API gives at once. */
const MOST = 200;

/** The list of backups: what the URL asks for, kept up to date while it is in sight, and what is chosen of it. */
@Injectable()
export class BackupsStore {
  private readonly api = inject(Api);
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);
  private readonly query = toSignal(this.route.queryParamMap, { requireSync: true });
  /** Operations and their states that something was read for: each once. */
  private readonly heard = new Set<string>();
  private readonly turned = new Set<string>();
  private gathering: ReturnType<typeof setTimeout> | null = null;

  readonly filters = computed(() => filtersOf(this.query()));
  readonly filtered = computed(() => isFiltered(this.filters()));
  readonly words = computed(() => wordsOf(this.filters().search));
  private readonly environmentList = cursorList<Schemas['Environment']>(() => (cursor, signal) => {
    const query = { limit: MOST, ...(cursor !== null && { cursor }) };
    return this.api.get('/api/v1/environments', { query }, { signal });
  });
  private readonly repositoryPage = apiResource('/api/v1/repositories', () => ({ query: { limit: MOST } }));
  readonly environments = this.environmentList.items;
  /** Whether that is all of them. */
  readonly environmentsKnown = this.environmentList.complete;
  readonly environmentsProblem = this.environmentList.problem;
  readonly repositories = computed(() => (this.repositoryPage.hasValue() ? this.repositoryPage.value().items : []));
  readonly active = computed(() => {
    const names = new Map([...this.environments(), ...this.repositories()].map(({ id, name }) => [id, name]));
    return activeFilters(this.filters(), (id) => names.get(id));
  });
  readonly selection = new Selection();

  readonly list = cursorList<Backup>(() => {
    const asked = { ...askedOf(this.filters()), limit: PAGE_SIZE };
    return (cursor, signal) =>
      this.api.get('/api/v1/backup', { query: { ...asked, ...(cursor !== null && { cursor }) } }, { signal });
  });

  constructor() {
    const live = inject(Live);
    live.watch(
      () => ({ all: true }),
      (snapshot) => this.hear(snapshot),
    );
    inject(DestroyRef).onDestroy(() => clearTimeout(this.gathering ?? undefined));
    // All pages: a production environment that is not known would be deleted from without a warning.
    effect(() => {
      const { state, problem, busy } = this.environmentList;
      if (state() === 'ready' && !problem() && !busy()) untracked(() => this.environmentList.more());
    });
    // What changed while the connection was away is not told again.
    effect(() => {
      if (live.reconnects() > 0) untracked(() => void this.readAllAgain());
    });
  }

  /** Changes filters; the URL is where they are kept. Back undoes a choice, but not what was `typed` letter by letter. */
  show(change: Partial<BackupFilters>, typed = false): void {
    const queryParams = queryOf({ ...this.filters(), ...change });
    void this.router.navigate([], { relativeTo: this.route, queryParams, replaceUrl: typed });
  }

  /** Takes every filter off; the order stays. */
  showAll(): void {
    this.show({ ...ALL_BACKUPS, sort: this.filters().sort });
  }

  readEnvironmentsAgain(): void {
    this.environmentList.again();
  }

  /** Reads one backup again, wherever it is shown; false where the list does not show it yet. */
  async readAgain(id: string): Promise<boolean> {
    const backup = await this.readOne(id);
    this.selection.learn(id, backup);
    return this.list.patch(id, () => backup) || backup === null;
  }

  /** Reads backups again that something was done to; the list says what is wrong where they cannot be read. */
  async readEachAgain(ids: readonly string[]): Promise<void> {
    try {
      await fewAtOnce(ids, (id) => this.readAgain(id));
    } catch {
      await this.list.refresh();
    }
  }

  /** Begins anew, also with what is chosen: a list of one page does not tell what became of it. */
  private async readAllAgain(): Promise<void> {
    this.list.restart();
    this.environmentList.restart();
    await this.readEachAgain(this.selection.items().map(({ id }) => id));
  }

  private hear({ operationId, kind, status }: ProgressSnapshot): void {
    const matters = kind !== 'restore' && (status === 'completed' || (kind === 'expire' && status === 'running'));
    const turn = `${operationId} ${status}`;
    if (!matters || this.heard.has(turn)) return;
    this.heard.add(turn);
    this.turned.add(operationId);
    this.gathering ??= setTimeout(() => void this.readTurned(), GATHER_MS);
  }

  /** What operations have done to backups; which ones they are about is not part of a snapshot. */
  private async readTurned(): Promise<void> {
    const turned = [...this.turned];
    this.turned.clear();
    this.gathering = null;
    try {
      if (turned.length > MOST_READ_ALONE) return await this.readAllAgain();
      const shown = await Promise.all(turned.map((id) => this.readTouchedBy(id)));
      if (shown.includes(false)) await this.list.refresh();
    } catch {
      // The list as a whole is asked, and says what is wrong where it can be seen.
      await this.list.refresh();
    }
  }

  private async readTouchedBy(operationId: string): Promise<boolean> {
    const { backupId } = await this.api.get('/api/v1/progress/{id}', { path: { id: operationId } });
    return backupId === null || this.readAgain(backupId);
  }

  private async readOne(id: string): Promise<Backup | null> {
    try {
      return await this.api.get('/api/v1/backup/{id}', { path: { id } });
    } catch (error) {
      if (problemOf(error).status === 404) return null;
      throw error;
    }
  }
}
