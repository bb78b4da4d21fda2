// Angular's packages finish compiling when they are loaded, which a build does beforehand.
import '@angular/compiler';
import { HttpErrorResponse } from '@angular/common/http';
import { expect, it } from 'vitest';
import type { Api, Schemas } from '../ui/api.ts';
import { BulkTags, type BulkTag } from './bulk-tags.ts';

interface Stored {
  tags: string[];
  version: number;
}
type Call = { path: { id: string }; body: { tags: string[] } };

/** Backups behind an API that refuses what `refuses` says. */
function backups(verb: BulkTag['verb'], tagsOf: Record<string, string[]>) {
  const stored = new Map(Object.entries(tagsOf).map(([id, tags]): [string, Stored] => [id, { tags, version: 1 }]));
  const refuses = new Map<string, () => number>();
  const get = (_: string, { path: { id } }: Call) => Promise.resolve({ ...stored.get(id) });
  const send = (_method: string, _path: string, { path: { id }, body }: Call) => {
    const status = refuses.get(id)?.() ?? 200;
    if (status !== 200) return Promise.reject(new HttpErrorResponse({ status }));
    stored.set(id, { tags: body.tags, version: 2 });
    return Promise.resolve();
  };
  const asked = Object.keys(tagsOf).map((id) => ({ id }) as Schemas['Backup']);
  const bulk = new BulkTags({ get, send } as unknown as Pick<Api, 'get' | 'send'>, { backups: asked, verb });
  return { bulk, refuses, tags: () => Object.fromEntries([...stored].map(([id, one]) => [id, one.tags])) };
}

it('gives each of them the tags of the first run, also those that were refused then', async () => {
  const { bulk, refuses, tags } = backups('add', { a: [], b: ['kept'] });
  bulk.choose(['nightly']);
  bulk.choose(['weekly']);
  refuses.set('b', () => 502);
  const first = bulk.goOn();
  bulk.choose(['too late']);
  await first;
  expect([tags(), bulk.run.refused().length]).toEqual([{ a: ['weekly'], b: ['kept'] }, 1]);
  bulk.choose(['something else']);
  refuses.clear();
  await bulk.goOn();
  expect(bulk.tags()).toEqual(['weekly']);
  expect([tags(), bulk.run.complete()]).toEqual([{ a: ['weekly'], b: ['kept', 'weekly'] }, true]);
});

it('takes tags away, and makes the change anew where somebody else was faster', async () => {
  const { bulk, refuses, tags } = backups('remove', { a: ['x', 'y'], b: ['y'] });
  let faster = 2;
  refuses.set('a', () => (faster-- > 0 ? 412 : 200));
  bulk.choose(['x']);
  await bulk.goOn();
  expect([tags(), bulk.run.complete()]).toEqual([{ a: ['y'], b: ['y'] }, true]);
});
