import { expect, it } from 'vitest';
import { filtersOf, isFiltered, isWanted, queryOf } from './operation-filters.ts';

const ENVIRONMENT = '0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d10';
const read = (query: string) => filtersOf(new URLSearchParams(query));

it('come back from the URL as they were written', () => {
  const filters = read(`status=failed&status=running&kind=restore&environment=${ENVIRONMENT}&search=%20demo%20`);
  expect(filters).toEqual({
    status: ['running', 'failed'],
    kind: ['restore'],
    environmentId: ENVIRONMENT,
    search: 'demo',
  });
  expect(queryOf(filters)).toEqual({
    status: ['running', 'failed'],
    kind: ['restore'],
    environment: ENVIRONMENT,
    search: 'demo',
  });
});

it('leave out what is none', () => {
  const filters = read('status=dancing&kind=&environment=../x&other=1');
  expect([filters, isFiltered(filters)]).toEqual([{ status: [], kind: [], environmentId: null, search: '' }, false]);
  expect(queryOf(filters)).toEqual({ status: null, kind: null, environment: null, search: null });
});

it('want an operation that fits all of them', () => {
  const operation = { status: 'running', kind: 'backup', environmentId: ENVIRONMENT } as const;
  expect(
    ['', 'status=running', 'kind=backup&kind=verify', `environment=${ENVIRONMENT}`].map((query) =>
      isWanted(read(query), operation),
    ),
  ).toEqual([...[true, true, true, true]]);
  expect(isWanted(read('status=running&kind=restore'), operation)).toBe(false);
});
