import { computed, signal } from '@angular/core';
import type { Problem } from '@holdfast/api-client';
import { problemOf } from './problem.ts';

/**
 * One thing that a form or a button does at the API: busy while it runs, then done or a problem. A second click while
 * it runs does nothing. What is sent again after no answer came keeps its idempotency key, so that nothing starts twice.
 */
export class Submission {
  private readonly running = signal(false);
  private readonly trouble = signal<Problem | null>(null);
  private intention: { said: string; key: string } | null = null;

  readonly busy = this.running.asReadonly();
  readonly problem = this.trouble.asReadonly();
  /** Field name -> what the API said about it. */
  readonly fieldErrors = computed(
    () => new Map((this.trouble()?.errors ?? []).map(({ at, message }) => [at, message] as const)),
  );

  /** Runs `act` unless it runs already; `said` is what makes two submissions the same. Answers null on a problem. */
  async run<T>(said: unknown, act: (idempotencyKey: string) => Promise<T>): Promise<T | null> {
    if (this.running()) return null;
    this.running.set(true);
    this.trouble.set(null);
    try {
      const answer = await act(this.keyFor(JSON.stringify(said ?? null)));
      this.intention = null;
      return answer;
    } catch (error) {
      const problem = problemOf(error);
      // An answer settles it: whoever tries again means it anew.
      if (problem.status !== 0) this.intention = null;
      this.trouble.set(problem);
      return null;
    } finally {
      this.running.set(false);
    }
  }

  /** Forgets the last problem. */
  clear(): void {
    this.trouble.set(null);
  }

  private keyFor(said: string): string {
    if (this.intention?.said !== said) this.intention = { said, key: newKey() };
    return this.intention.key;
  }
}

/** A new idempotency key. `crypto.randomUUID` is missing on pages that came over plain HTTP from another machine. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
