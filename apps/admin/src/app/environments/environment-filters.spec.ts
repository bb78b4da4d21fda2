import { expect, it } from 'vitest';
import { ALL_ENVIRONMENTS, askedOf, filtersOf, isFiltered, queryOf } from './environment-filters.ts';

const read = (query: string) => filtersOf(new URLSearchParams(query));

it('come back from the URL as they were written', () => {
  const filters = read('search=shop&kind=supabase-cloud&kind=postgres&production=false');
  expect(filters).toEqual({ search: 'shop', kind: ['postgres', 'supabase-cloud'], production: false });
  expect(queryOf(filters)).toEqual({ search: 'shop', kind: ['postgres', 'supabase-cloud'], production: false });
  expect(askedOf(filters)).toEqual({ search: 'shop', kind: ['postgres', 'supabase-cloud'], production: 'false' });
});

it('leave out what is none', () => {
  const filters = read('search=+&kind=mysql&production=maybe');
  expect([queryOf(filters), askedOf(filters), isFiltered(filters)]).toEqual([queryOf(ALL_ENVIRONMENTS), {}, false]);
});
