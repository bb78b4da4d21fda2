import { computed, signal } from '@angular/core';
import type { Problem } from '@holdfast/api-client';
import type { Schemas } from '../ui/api.ts';
import type { Page } from '../ui/cursor-list.ts';
import { problemOf } from '../ui/problem.ts';

export type OperationEvent = Schemas['OperationEvent'];

/** Once they are on the page, so that nobody is told a log of hundreds. */
const SAID_MS = 100;

/** Reads the page of events after `cursor`; null: the first one. */
type ReadEvents = (cursor: string | null) => Promise<Page<OperationEvent>>;

/**
 * The events of one operation in their order. The log only grows: reading on asks for the last page again and takes
 * what is new in it.
 */
export class EventLog {
  private readonly read: ReadEvents;
  private readonly shown = signal<readonly OperationEvent[]>([]);
  private readonly trouble = signal<Problem | null>(null);
  /** Of the page that the newest events are on. */
  private cursor: string | null = null;
  private reading: Promise<void> | null = null;
  private wanted = false;
  private generation = 0;

  private readonly complete = signal(false);

  readonly events = this.shown.asReadonly();
  /** Whether all that there was has been read: what comes from now on has just happened. */
  readonly caughtUp = this.complete.asReadonly();
  readonly problem = this.trouble.asReadonly();
  /** Begun again after something broke; each with its reason. */
  readonly retries = computed(() => this.shown().filter(({ type }) => type === 'retry'));

  constructor(read: ReadEvents) {
    this.read = read;
  }

  clear(): void {
    this.generation += 1;
    this.trouble.set(null);
    this.complete.set(false);
    this.cursor = null;
    this.shown.set([]);
  }

  /** Reads to the end; asked again meanwhile, it reads once more, so that nothing is missed. */
  async readOn(): Promise<void> {
    this.wanted = true;
    this.reading ??= this.readToEnd().finally(() => (this.reading = null));
    await this.reading;
  }

  private async readToEnd(): Promise<void> {
    while (this.wanted) {
      this.wanted = false;
      const { generation } = this;
      try {
        for (let more = true; more && generation === this.generation;) more = await this.readPage(generation);
        this.trouble.set(null);
        if (generation === this.generation)
          setTimeout(() => this.complete.set(generation === this.generation), SAID_MS);
      } catch (error) {
        // of another operation by now: nothing that this one's page should say
        if (generation === this.generation) this.trouble.set(problemOf(error));
      }
    }
  }

  private async readPage(generation: number): Promise<boolean> {
    const { items, nextCursor } = await this.read(this.cursor);
    if (generation !== this.generation) return false;
    const known = new Set(this.shown().map(({ id }) => id));
    const fresh = items.filter(({ id }) => !known.has(id));
    if (fresh.length > 0) this.shown.update((events) => [...events, ...fresh]);
    if (nextCursor !== null) this.cursor = nextCursor;
    return nextCursor !== null;
  }
}

/** Whether an event has all the words of a search in it. */
export function eventMatches({ type, step, message }: OperationEvent, search: string): boolean {
  const text = `${type} ${step ?? ''} ${message}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
