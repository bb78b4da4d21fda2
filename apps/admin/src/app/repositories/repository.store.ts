import { computed, inject, Injectable, signal } from '@angular/core';
import { Api, apiResource, type Schemas } from '../ui/api.ts';
import { problemIn } from '../ui/problem.ts';
import { RepositoryTest } from './repository-test.ts';

/** One repository: what the catalog says of it, and what is changed about it. */
@Injectable()
export class RepositoryStore {
  private readonly api = inject(Api);
  private readonly id = signal<string | undefined>(undefined);
  private readonly read = apiResource('/api/v1/repositories/{id}', () => {
    const id = this.id();
    return id === undefined ? undefined : { path: { id } };
  });

  readonly repository = computed(() => (this.read.hasValue() ? this.read.value() : undefined));
  readonly problem = computed(() => (this.repository() ? null : problemIn(this.read)));
  readonly test = computed(() => {
    const id = this.id();
    return id === undefined ? null : new RepositoryTest(this.api, id);
  });

  /** Shows this repository from now on. */
  open(id: string): void {
    this.id.set(id);
  }

  reload(): void {
    this.read.reload();
  }

  /** Changes the version that is shown; the API refuses when somebody else was faster. */
  async change(body: Schemas['UpdateRepository']): Promise<true> {
    const { id, version } = this.shown();
    const call = { path: { id }, body };
    this.read.set(await this.api.send('patch', '/api/v1/repositories/{id}', call, { ifMatch: version }));
    return true;
  }

  /** Forgets it; its files stay. */
  detach(): Promise<unknown> {
    return this.api.send('delete', '/api/v1/repositories/{id}', { path: { id: this.shown().id } });
  }

  private shown(): Schemas['Repository'] {
    const repository = this.repository();
    if (!repository) throw new Error('No repository is shown.');
    return repository;
  }
}
