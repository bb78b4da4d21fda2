import { inject, Injectable } from '@angular/core';
import { Api, type Schemas } from '../ui/api.ts';
import { cursorList } from '../ui/cursor-list.ts';

const PAGE_SIZE = 50;

/** Where one is signed in. */
@Injectable()
export class SessionsStore {
  private readonly api = inject(Api);

  readonly list = cursorList<Schemas['Session']>(
    () => (cursor, signal) =>
      this.api.get(
        '/api/v1/auth/sessions',
        { query: { limit: PAGE_SIZE, ...(cursor !== null && { cursor }) } },
        { signal },
      ),
  );

  /** Ends a session that is not this one. */
  async end(id: string): Promise<void> {
    await this.api.send('delete', '/api/v1/auth/sessions/{id}', { path: { id } });
    this.list.patch(id, () => null);
  }
}
