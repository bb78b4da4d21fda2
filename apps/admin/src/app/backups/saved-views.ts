import { computed, inject, Injectable } from '@angular/core';
import { Api, apiResource, type Schemas } from '../ui/api.ts';

export type SavedView = Schemas['SavedView'];

const PAGE = 'backups';
/** An account has fewer. */
const MOST = 200;

/** The views of this page that one has saved, by name. */
@Injectable()
export class SavedViews {
  private readonly api = inject(Api);
  private readonly read = apiResource('/api/v1/views', () => ({ query: { page: PAGE, limit: MOST } }));
  readonly views = computed(() => (this.read.hasValue() ? this.read.value().items : []));

  save(name: string, query: string): Promise<unknown> {
    return this.then(this.api.send('post', '/api/v1/views', { body: { page: PAGE, name, query } }));
  }

  replace({ id }: SavedView, name: string, query: string): Promise<unknown> {
    return this.then(this.api.send('put', '/api/v1/views/{id}', { path: { id }, body: { name, query } }));
  }

  remove({ id }: SavedView): Promise<unknown> {
    return this.then(this.api.send('delete', '/api/v1/views/{id}', { path: { id } }));
  }

  private async then(change: Promise<unknown>): Promise<void> {
    await change;
    this.read.reload();
  }
}
