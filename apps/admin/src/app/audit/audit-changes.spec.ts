import { expect, it } from 'vitest';
import { changesOf } from './audit-changes.ts';

const instant = (at: number): string => `at ${at}`;

it('puts what changed first, and names each field in words', () => {
  const before = { name: 'main', tlsMode: 'prefer', storage: { bucketNames: ['a'] }, tags: [] };
  const after = { name: 'main', tlsMode: 'require', storage: { bucketNames: ['a', 'b'] }, production: true };
  expect(changesOf(before, after, instant)).toEqual([
    { field: 'tls mode', before: 'prefer', after: 'require', changed: true },
    { field: 'storage bucket names', before: 'a', after: 'a, b', changed: true },
    { field: 'tags', before: '—', after: null, changed: true },
    { field: 'production', before: null, after: 'yes', changed: true },
    { field: 'name', before: 'main', after: 'main', changed: false },
  ]);
});

it('marks nothing where there is one side alone', () => {
  const after = { createdAt: '1970-01-01T00:00:01.000Z', port: 5432, description: '', more: {}, list: [{ a: 1 }] };
  expect(changesOf(null, after, instant)).toEqual([
    { field: 'created at', before: null, after: 'at 1000', changed: false },
    { field: 'port', before: null, after: '5432', changed: false },
    { field: 'description', before: null, after: '—', changed: false },
    { field: 'more', before: null, after: '{}', changed: false },
    { field: 'list', before: null, after: '{"a":1}', changed: false },
  ]);
  expect(changesOf(null, null, instant)).toEqual([]);
});
