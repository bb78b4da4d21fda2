import { computed, signal } from '@angular/core';
import type { Problem } from '@holdfast/api-client';
import { problemOf } from '../ui/problem.ts';
import { newKey } from '../ui/submission.ts';
import { fewAtOnce } from './few-at-once.ts';

/** How far one of several things is that are done together. */
export type Outcome =
  | { state: 'waiting' | 'running' }
  | { state: 'done'; operationId: string | null }
  | { state: 'refused'; problem: Problem };

/** Does one of them; answers the operation that it started, or null where none is needed. */
export type Act<T> = (item: T, idempotencyKey: string) => Promise<string | null>;

/**
 * Does the same to each of several things, with an outcome for each: one that is refused stops no other. Running again
 * tries those that were refused, and what no answer came for keeps its idempotency key.
 */
export class BulkRun<T extends { id: string }> {
  readonly items: readonly T[];
  private readonly keys = new Map<string, string>();
  private readonly outcomes = signal<ReadonlyMap<string, Outcome>>(new Map());
  private readonly running = signal(false);

  readonly busy = this.running.asReadonly();
  readonly begun = computed(() => this.outcomes().size > 0);
  readonly done = computed(() => this.inState('done'));
  readonly refused = computed(() => this.inState('refused'));
  /** Whether each of them is done. */
  readonly complete = computed(() => this.done().length === this.items.length);

  constructor(items: readonly T[]) {
    this.items = items;
  }

  outcomeOf(id: string): Outcome {
    return this.outcomes().get(id) ?? { state: 'waiting' };
  }

  /** Does it to all that it is not done to yet. */
  async run(act: Act<T>): Promise<void> {
    if (this.running()) return;
    this.running.set(true);
    const queue = this.items.filter(({ id }) => this.outcomeOf(id).state !== 'done');
    for (const { id } of queue) this.tell(id, { state: 'waiting' });
    await fewAtOnce(queue, (item) => this.runOne(item, act));
    this.running.set(false);
  }

  private async runOne(item: T, act: Act<T>): Promise<void> {
    const key = this.keys.get(item.id) ?? newKey();
    this.keys.set(item.id, key);
    this.tell(item.id, { state: 'running' });
    try {
      this.tell(item.id, { state: 'done', operationId: await act(item, key) });
    } catch (error) {
      const problem = problemOf(error);
      // An answer settles it: whoever tries again means it anew.
      if (problem.status !== 0) this.keys.delete(item.id);
      this.tell(item.id, { state: 'refused', problem });
    }
  }

  private tell(id: string, outcome: Outcome): void {
    this.outcomes.update((old) => new Map(old).set(id, outcome));
  }

  private inState(state: Outcome['state']): T[] {
    return this.items.filter(({ id }) => this.outcomeOf(id).state === state);
  }
}
