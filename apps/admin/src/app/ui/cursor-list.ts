import { computed, DestroyRef, effect, inject, signal, untracked } from '@angular/core';
import type { Problem } from '@holdfast/api-client';
import { problemOf } from './problem.ts';

/** One page of the API's lists. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** Asks for the page after `cursor`; null: the first one. */
export type ReadPage<T> = (cursor: string | null, signal: AbortSignal) => Promise<Page<T>>;

/** How far a list is: `loading` shows nothing of it yet. */
export type ListState = 'loading' | 'ready' | 'failed';

/**
 * A list that is read page by page. When what is asked for changes, it starts anew, and older answers are thrown away;
 * what was shown stays until the new first page is there, so that nothing jumps while somebody types.
 */
export class CursorList<T extends { id: string }> {
  private readonly shown = signal<readonly T[]>([]);
  private readonly current = signal<ListState>('loading');
  private readonly trouble = signal<Problem | null>(null);
  private readonly reading = signal(false);
  private read: ReadPage<T> | null = null;
  private readonly next = signal<string | null>(null);
  private abort = new AbortController();
  /** Whether what is shown could not be read again. */
  private stale = false;
  /** Refreshes that were begun, and the newest of them that was answered. */
  private begun = 0;
  private answered = 0;

  readonly items = this.shown.asReadonly();
  readonly state = this.current.asReadonly();
  /** Of the page that could not be read: the first one, or a later one while earlier ones are shown. */
  readonly problem = this.trouble.asReadonly();
  /** Whether a page is on its way. */
  readonly busy = this.reading.asReadonly();
  /** Whether all that there is is shown. */
  readonly complete = computed(() => this.current() === 'ready' && this.next() === null);

  /** Starts anew with another question. */
  ask(read: ReadPage<T>): void {
    this.read = read;
    this.restart();
  }

  /** Reads from the beginning again, and shows that nothing is known when nothing was. */
  restart(): void {
    if (this.current() === 'failed') this.current.set('loading');
    void this.load(null);
  }

  /** Reads the next page; nothing where there is none, or one is on its way. */
  more(): void {
    const next = this.next();
    if (next !== null && !this.reading()) void this.load(next);
  }

  /** Tries the page again that failed; its problem is told again if it fails again. */
  again(): void {
    this.trouble.set(null);
    if (this.current() === 'failed') this.restart();
    else if (this.stale) void this.refresh();
    else this.more();
  }

  /** Reads the first page again, and puts what is new in front; pages that are shown stay. One that is all replaces all. */
  async refresh(): Promise<void> {
    const { read, abort } = this;
    if (!read || this.current() !== 'ready') return this.restart();
    const turn = ++this.begun;
    try {
      const { items, nextCursor } = await read(null, abort.signal);
      // a later one may be answered first
      if (abort.signal.aborted || turn < this.answered) return;
      this.answered = turn;
      if (this.stale) this.trouble.set(null);
      this.stale = false;
      if (nextCursor === null) {
        // A page that is on its way is of what was there before.
        this.stop();
        this.next.set(null);
        this.shown.set(items);
        return;
      }
      const fresh = new Set(items.map(({ id }) => id));
      this.shown.update((old) => [...items, ...old.filter(({ id }) => !fresh.has(id))]);
    } catch (error) {
      if (abort.signal.aborted || turn < this.answered) return;
      this.stale = true;
      this.trouble.set(problemOf(error));
    }
  }

  /** Changes one item that is shown; `null` takes it out. False where it is not shown. */
  patch(id: string, change: (item: T) => T | null): boolean {
    const at = this.shown().findIndex((item) => item.id === id);
    const before = this.shown()[at];
    if (!before) return false;
    const after = change(before);
    if (after !== before) this.shown.update((items) => items.toSpliced(at, 1, ...(after ? [after] : [])));
    return true;
  }

  /** Aborts what is on its way. */
  close(): void {
    this.abort.abort();
  }

  private stop(): AbortController {
    this.abort.abort();
    this.reading.set(false);
    return (this.abort = new AbortController());
  }

  private async load(cursor: string | null): Promise<void> {
    const abort = this.stop();
    this.reading.set(true);
    try {
      const page = await this.read?.(cursor, abort.signal);
      if (abort.signal.aborted || !page) return;
      this.next.set(page.nextCursor);
      this.shown.update((items) => (cursor === null ? page.items : appended(items, page.items)));
      this.current.set('ready');
      if (cursor === null) this.stale = false;
      if (!this.stale) this.trouble.set(null);
    } catch (error) {
      if (abort.signal.aborted) return;
      this.trouble.set(problemOf(error));
      if (cursor === null) this.current.set('failed');
    } finally {
      if (this.abort === abort) this.reading.set(false);
    }
  }
}

/** A refresh may have brought some of the next page already. */
function appended<T extends { id: string }>(items: readonly T[], more: readonly T[]): T[] {
  const known = new Set(items.map(({ id }) => id));
  return [...items, ...more.filter(({ id }) => !known.has(id))];
}

/** A list that asks again whenever `question` answers another way to read it. For stores, in an injection context. */
export function cursorList<T extends { id: string }>(question: () => ReadPage<T>): CursorList<T> {
  const list = new CursorList<T>();
  effect(() => {
    const read = question();
    untracked(() => list.ask(read));
  });
  inject(DestroyRef).onDestroy(() => list.close());
  return list;
}
