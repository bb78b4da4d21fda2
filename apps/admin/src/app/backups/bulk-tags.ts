import { signal } from '@angular/core';
import type { Api, Schemas } from '../ui/api.ts';
import { problemOf } from '../ui/problem.ts';
import { BulkRun } from './bulk-run.ts';

/** Which backups get tags or lose them. */
export interface BulkTag {
  backups: readonly Schemas['Backup'][];
  verb: 'add' | 'remove';
}

/** How often a change is made anew on what somebody else has made of a backup meanwhile. */
const TRIES = 3;

/** Gives the same tags to each of several backups, or takes them away. */
export class BulkTags {
  readonly run: BulkRun<Schemas['Backup']>;
  private readonly api: Pick<Api, 'get' | 'send'>;
  private readonly verb: BulkTag['verb'];
  private readonly chosen = signal<readonly string[]>([]);

  readonly tags = this.chosen.asReadonly();

  constructor(api: Pick<Api, 'get' | 'send'>, { backups, verb }: BulkTag) {
    this.api = api;
    this.verb = verb;
    this.run = new BulkRun(backups);
  }

  /** Once it has begun, they stay: what is done was done with these, and the rest is tried again with the same. */
  choose(tags: readonly string[]): void {
    if (!this.run.begun()) this.chosen.set(tags);
  }

  /** Does it to all that it is not done to yet. */
  async goOn(): Promise<void> {
    await this.run.run(({ id }) => this.change(id, TRIES));
  }

  /** On the newest version each time: what others have written stays. */
  private async change(id: string, tries: number): Promise<null> {
    const { tags, version } = await this.api.get('/api/v1/backup/{id}', { path: { id } });
    const changed =
      this.verb === 'add' ? [...new Set([...tags, ...this.tags()])] : tags.filter((tag) => !this.tags().includes(tag));
    if (changed.length === tags.length) return null;
    try {
      const call = { path: { id }, body: { tags: changed } };
      await this.api.send('patch', '/api/v1/backup/{id}', call, { ifMatch: version });
      return null;
    } catch (error) {
      if (problemOf(error).status === 412 && tries > 1) return this.change(id, tries - 1);
      throw error;
    }
  }
}
