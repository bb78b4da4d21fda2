import type pg from 'pg';
import { disconnect } from '../postgres/connection.ts';

const IDLE_AT_MOST_MS = 60_000;

/** What a session is for; `read` again what was loaded. */
export type Purpose = 'load' | 'build' | 'read';

/** The sessions of one worker, opened when they are needed first: what each is for sets it up differently. */
export class Lane {
  private readonly open = new Map<Purpose, pg.Client>();
  private readonly usedAt = new Map<Purpose, number>();
  private readonly used = new Set<Purpose>();
  private readonly make: (purpose: Purpose) => Promise<pg.Client>;

  constructor(make: (purpose: Purpose) => Promise<pg.Client>) {
    this.make = make;
  }

  async session(purpose: Purpose): Promise<pg.Client> {
    this.used.add(purpose);
    const known = this.open.get(purpose);
    const idleMs = Date.now() - (this.usedAt.get(purpose) ?? Date.now());
    if (known && idleMs < IDLE_AT_MOST_MS) return known;
    // a proxy on the way may have dropped one that was silent while large tables were loaded
    this.open.delete(purpose);
    if (known) await disconnect(known).catch(() => undefined);
    const made = await this.make(purpose);
    this.open.set(purpose, made);
    return made;
  }

  /** Ends a piece of work: the sessions it used are idle from now. */
  rest(): void {
    for (const purpose of this.used) this.usedAt.set(purpose, Date.now());
    this.used.clear();
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.open.values()].map((client) => disconnect(client)));
  }
}
