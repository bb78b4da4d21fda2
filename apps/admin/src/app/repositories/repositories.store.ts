import { inject, Injectable } from '@angular/core';
import { Api, type Schemas } from '../ui/api.ts';
import { cursorList } from '../ui/cursor-list.ts';
import { RepositoryTest } from './repository-test.ts';

export type Repository = Schemas['Repository'];

const PAGE_SIZE = 50;

/** The repositories by name, and the tests that were asked for while they are in sight. */
@Injectable()
export class RepositoriesStore {
  private readonly api = inject(Api);
  /** Rows come and go while one scrolls; what a test found stays. */
  private readonly tests = new Map<string, RepositoryTest>();

  readonly list = cursorList<Repository>(() => (cursor, signal) => {
    const query = { limit: PAGE_SIZE, ...(cursor !== null && { cursor }) };
    return this.api.get('/api/v1/repositories', { query }, { signal });
  });

  testOf(id: string): RepositoryTest {
    const known = this.tests.get(id) ?? new RepositoryTest(this.api, id);
    this.tests.set(id, known);
    return known;
  }
}
