import { computed, inject, Injectable, linkedSignal, signal } from '@angular/core';
import { Api, apiResource, type Schemas } from '../ui/api.ts';
import { problemIn } from '../ui/problem.ts';
import { Submission } from '../ui/submission.ts';

type Environment = Schemas['Environment'];

/** One environment: what is stored of it, and what a test of its connection found. */
@Injectable()
export class EnvironmentStore {
  private readonly api = inject(Api);
  private readonly id = signal<string | undefined>(undefined);
  private readonly read = apiResource('/api/v1/environments/{id}', () => {
    const id = this.id();
    return id === undefined ? undefined : { path: { id } };
  });
  private readonly found = signal<Schemas['ProbeReport'] | null>(null);

  /** Stays in sight while it is read again. */
  readonly environment = linkedSignal<Environment | undefined, Environment | undefined>({
    source: () => (this.read.hasValue() ? this.read.value() : undefined),
    computation: (now, before) => now ?? (before?.value?.id === this.id() ? before?.value : undefined),
  });
  readonly problem = computed(() => (this.environment() ? null : problemIn(this.read)));
  readonly probe = new Submission();
  readonly removal = new Submission();
  readonly report = this.found.asReadonly();

  /** Shows this environment from now on. */
  open(id: string): void {
    if (this.id() === id) return;
    this.id.set(id);
    this.found.set(null);
    this.probe.clear();
  }

  reload(): void {
    this.read.reload();
  }

  /** Connects as a backup would. */
  async test(): Promise<void> {
    const id = this.id() ?? '';
    this.found.set(null);
    const report = await this.probe.run({ id }, () =>
      this.api.send('post', '/api/v1/environments/{id}/test', { path: { id } }),
    );
    if (id === this.id()) this.found.set(report);
  }

  change({ id, version }: Environment, body: Schemas['UpdateEnvironment']): Promise<Environment> {
    return this.api.send('patch', '/api/v1/environments/{id}', { path: { id }, body }, { ifMatch: version });
  }

  /** How many backups it has now, asked before it is removed; null where that could not be told: see `removal`. */
  countBackups(): Promise<number | null> {
    const environmentId = this.id() ?? '';
    return this.removal.run({ environmentId }, async () => {
      const { totals } = await this.api.get('/api/v1/backup/storage/usage', {
        // the shortest growth, which nobody reads
        query: { environmentId, step: 'month' },
      });
      return totals.backups;
    });
  }

  remove(): Promise<void> {
    return this.api.send('delete', '/api/v1/environments/{id}', { path: { id: this.id() ?? '' } });
  }
}
