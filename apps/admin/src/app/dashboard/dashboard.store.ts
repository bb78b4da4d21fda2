import { computed, DestroyRef, DOCUMENT, effect, inject, Injectable, signal, untracked } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { ActivatedRoute, Router } from '@angular/router';
import { isFinal, type ProgressSnapshot } from '@holdfast/contracts';
import { Live } from '../shell/live.ts';
import { Api, apiResource, type Schemas } from '../ui/api.ts';
import { cursorList } from '../ui/cursor-list.ts';
import { problemIn } from '../ui/problem.ts';
import type { Thresholds } from './answer-words.ts';
import { CALENDAR_DAYS, daysLater, todayOf } from './calendar-days.ts';
import { filtersOf, queryOf, type DashboardFilters } from './dashboard-filters.ts';

/** What is told of an environment; its id is the list's. */
export type Overview = Schemas['EnvironmentOverview'] & { id: string };

const PAGE_SIZE = 200;
/** What ends together is asked for together. */
const GATHER_MS = 400;
/** Also where nothing runs, a backup grows old. */
const GROWS_OLD_MS = 300_000;
const LOOK_MS = 30_000;
const MOST_ENVIRONMENTS = 200;
/** Where the reader's days begin. */
const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();

/** The answers of all environments, the calendar and the storage, kept up to date while they are in sight. */
@Injectable()
export class DashboardStore {
  private readonly api = inject(Api);
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);
  private readonly document = inject(DOCUMENT);
  private readonly query = toSignal(this.route.queryParamMap, { requireSync: true });
  /** The newest snapshot of what runs, by environment. */
  private readonly moving = signal<ReadonlyMap<string, ProgressSnapshot>>(new Map());
  private readonly known = signal<Thresholds>({ backupOldAfterHours: 0, proofOldAfterDays: 0 });
  /** Operations that the list was read again for since they began. */
  private readonly begun = new Set<string>();
  private gathering: ReturnType<typeof setTimeout> | null = null;
  private readAt = Date.now();
  private readonly range = computed(() => {
    const to = this.today();
    return { from: daysLater(to, 1 - CALENDAR_DAYS), to, timeZone };
  });

  readonly today = signal(todayOf(new Date()));
  readonly filters = computed(() => filtersOf(this.query()));
  readonly thresholds = this.known.asReadonly();
  readonly environments = apiResource('/api/v1/environments', () => ({ query: { limit: MOST_ENVIRONMENTS } }));
  readonly calendar = apiResource('/api/v1/backup/calendar', () => ({ query: { ...this.range(), ...this.one() } }));
  readonly usage = apiResource('/api/v1/backup/storage/usage', () => ({
    query: { ...this.range(), ...this.one(), step: 'week' as const },
  }));

  readonly calendarProblem = computed(() => problemIn(this.calendar));
  readonly usageProblem = computed(() => problemIn(this.usage));

  readonly list = cursorList<Overview>(() => {
    const { search } = this.filters();
    const asked = { limit: PAGE_SIZE, ...(search !== null && { search }) };
    return async (cursor, signal) => {
      const query = { ...asked, ...(cursor !== null && { cursor }) };
      const page = await this.api.get('/api/v1/environments/overview', { query }, { signal });
      this.known.set(page.thresholds);
      return { ...page, items: page.items.map((item) => ({ ...item, id: item.environment.id })) };
    };
  });

  constructor() {
    const live = inject(Live);
    live.watch(
      () => ({ all: true }),
      (snapshot) => this.hear(snapshot),
    );
    effect(() => {
      if (live.reconnects() > 0) untracked(() => void this.readAfterAbsence());
    });
    const look = (): void => {
      const old = Date.now() - this.readAt >= GROWS_OLD_MS;
      if (old && this.document.visibilityState === 'visible') void this.readAgain(true);
    };
    const timer = setInterval(look, LOOK_MS);
    this.document.addEventListener('visibilitychange', look);
    inject(DestroyRef).onDestroy(() => {
      this.document.removeEventListener('visibilitychange', look);
      clearInterval(timer);
      clearTimeout(this.gathering ?? undefined);
    });
  }

  /** Changes filters; the URL is where they are kept. Back undoes a choice, but not what was `typed` letter by letter. */
  show(change: Partial<DashboardFilters>, typed = false): void {
    const queryParams = queryOf({ ...this.filters(), ...change });
    // The calendar's choice stands further down: whoever makes it stays there.
    void this.router.navigate([], { relativeTo: this.route, queryParams, replaceUrl: typed, scroll: 'manual' });
  }

  /** The progress of what runs in an environment; null while nothing was heard of it. */
  progressOf(environmentId: string): ProgressSnapshot | null {
    return this.moving().get(environmentId) ?? null;
  }

  /** Starts a backup of all that the environment can give; answers the operation's id. */
  async backUp(environmentId: string, idempotencyKey: string): Promise<string> {
    const body = { environmentId };
    return (await this.api.send('post', '/api/v1/backup', { body }, { idempotencyKey })).operationId;
  }

  /** Starts a trial restore of a backup, which is what proves it; answers the operation's id. */
  async prove(backupId: string, idempotencyKey: string): Promise<string> {
    const call = { path: { id: backupId }, body: { level: 'restore' as const } };
    return (await this.api.send('post', '/api/v1/backup/{id}/validate', call, { idempotencyKey })).operationId;
  }

  private one(): { environmentId?: string } {
    const { environmentId } = this.filters();
    return environmentId === null ? {} : { environmentId };
  }

  private hear(snapshot: ProgressSnapshot): void {
    const { environmentId, operationId, status } = snapshot;
    if (environmentId === null) return;
    const ended = isFinal(status);
    this.moving.update((before) => {
      const after = new Map(before);
      if (!ended) after.set(environmentId, snapshot);
      else if (before.get(environmentId)?.operationId === operationId) after.delete(environmentId);
      return after;
    });
    if (ended || !this.begun.has(operationId)) this.gather();
    if (ended) this.begun.delete(operationId);
    else this.begun.add(operationId);
  }

  private gather(): void {
    this.gathering ??= setTimeout(() => {
      this.gathering = null;
      void this.readAgain();
    }, GATHER_MS);
  }

  /** What ended while the connection was away is never told: it runs only if the API says so now. */
  private async readAfterAbsence(): Promise<void> {
    await this.readAgain(true);
    const running = new Set(this.list.items().map(({ running }) => running?.operationId));
    this.moving.update((before) => new Map([...before].filter(([, { operationId }]) => running.has(operationId))));
  }

  /** `again`: also what failed the last time. */
  private async readAgain(again = false): Promise<void> {
    this.readAt = Date.now();
    this.today.set(todayOf(new Date()));
    // What fails by itself would come and go as an alert with each operation that begins or ends.
    if (again || !this.calendar.error()) this.calendar.reload();
    if (again || !this.usage.error()) this.usage.reload();
    await this.list.refresh();
  }
}
