import { expect, it } from 'vitest';
import { askedOf, filtersOf, isFiltered, NO_FILTERS, queryOf } from './audit-filters.ts';

const ACTOR = '0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d10';
const read = (query: string) => filtersOf(new URLSearchParams(query));

it('come back from the URL as they were written', () => {
  const filters = read(`search=main&actor=${ACTOR}&action=backup.started&from=2026-11-01&to=2026-11-24`);
  expect(filters).toEqual({
    ...{ search: 'main', actorId: ACTOR, action: 'backup.started', from: '2026-11-01', to: '2026-11-24' },
  });
  expect(queryOf(filters)).toEqual({
    ...{ search: 'main', actor: ACTOR, action: 'backup.started', from: '2026-11-01', to: '2026-11-24' },
  });
});

it('leave out what is none', () => {
  const filters = read('search=%20&actor=ada&action=DROP%20TABLE&from=yesterday&to=2026-13-45');
  expect([filters, isFiltered(filters), askedOf(filters)]).toEqual([NO_FILTERS, false, {}]);
});

it('ask for whole days of the reader, the last one too', () => {
  const { after, before } = askedOf(read('from=2026-11-24&to=2026-11-24'));
  expect([after, before]).toEqual([new Date(2026, 10, 24).toISOString(), new Date(2026, 10, 25).toISOString()]);
});
