import { expect, it } from 'vitest';
import { ALL_BACKUPS, askedOf, filtersOf, isFiltered, queryOf, queryTextOf } from './backup-filters.ts';

const ENVIRONMENT = '0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d10';
const read = (query: string) => filtersOf(new URLSearchParams(query));

const EVERYTHING =
  `search=before+100%25&status=damaged&proof=proven&kind=full&component=database&component=storage&tag=nightly&tag=a+b` +
  `&environment=${ENVIRONMENT}&repository=${ENVIRONMENT}&minSize=10&maxSize=2000&from=2026-11-01&to=2026-11-24&sort=name`;

it('come back from the URL as they were written', () => {
  const filters = read(EVERYTHING);
  expect(filters).toEqual({
    ...{ search: 'before 100%', status: ['damaged'], proof: ['proven'], kind: ['full'] },
    components: ['database', 'storage'],
    ...{ tags: ['nightly', 'a b'], environmentId: ENVIRONMENT, repositoryId: ENVIRONMENT },
    ...{ minSize: 10, maxSize: 2000, from: '2026-11-01', to: '2026-11-24', sort: 'name' },
  });
  expect(queryTextOf(filters)).toBe(EVERYTHING);
  expect(queryOf(filters)).toMatchObject({ tag: ['nightly', 'a b'], sort: 'name' });
});

it('leave out what is none', () => {
  const filters = read('status=dancing&tag=&minSize=-1&from=2026-13-40&sort=rows&environment=../x&other=1');
  expect([filters, isFiltered(filters), queryTextOf(filters)]).toEqual([ALL_BACKUPS, false, '']);
});

it('are none where only the order is another', () => expect(isFiltered(read('sort=-sizeBytes'))).toBe(false));

it('are asked with whole days of the reader, and without what is empty', () => {
  expect(askedOf(read('from=2026-11-01&to=2026-11-24&search=+x+'))).toEqual({
    ...{ sort: '-takenAt', status: [], proof: [], kind: [], components: [], tags: [], search: 'x' },
    takenAfter: new Date(2026, 10, 1).toISOString(),
    takenBefore: new Date(2026, 10, 25).toISOString(),
  });
});

it('search for no more words than the API takes', () => {
  expect(read('search=' + 'a+'.repeat(12)).search).toBe('a a a a a a a a a a');
});
