import { signal } from '@angular/core';
import type { Api, Schemas } from '../ui/api.ts';
import { Submission } from '../ui/submission.ts';

export type RepositoryReport = Schemas['RepositoryProbeReport'];

/** A look at one repository by a worker, asked for by somebody: what it found last, or what stood in its way. */
export class RepositoryTest {
  private readonly api: Api;
  private readonly found = signal<RepositoryReport | null>(null);
  private readonly submission = new Submission();

  readonly id: string;
  readonly report = this.found.asReadonly();
  readonly busy = this.submission.busy;
  readonly problem = this.submission.problem;

  constructor(api: Api, id: string) {
    this.api = api;
    this.id = id;
  }

  async run(): Promise<void> {
    const path = { id: this.id };
    const report = await this.submission.run({}, () =>
      this.api.send('post', '/api/v1/repositories/{id}/test', { path }),
    );
    // What an earlier test found says nothing beside a later one that failed.
    this.found.set(report);
  }
}
