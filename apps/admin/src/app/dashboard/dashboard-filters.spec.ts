import { expect, it } from 'vitest';
import { filtersOf, queryOf } from './dashboard-filters.ts';

const ENVIRONMENT = '0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d10';

it('come back from the URL as they were written, and leave out what is none', () => {
  const filters = filtersOf(new URLSearchParams(`search=shop&environment=${ENVIRONMENT}&show=all`));
  expect(filters).toEqual({ search: 'shop', environmentId: ENVIRONMENT, all: true });
  expect(queryOf(filters)).toEqual({ search: 'shop', environment: ENVIRONMENT, show: 'all' });
  const none = filtersOf(new URLSearchParams('search=%20&environment=../x&show=some'));
  expect([none, queryOf(none)]).toEqual([
    { search: null, environmentId: null, all: false },
    { search: null, environment: null, show: null },
  ]);
});
