import { describe, expect, it } from 'vitest';
import { compareCatalogs } from './compare.ts';
import type { CatalogEntry } from './entry.ts';

const entry = (kind: string, subject: string, definition = '', more: Partial<CatalogEntry> = {}): CatalogEntry => ({
  ...{ kind, subject, definition, protection: false },
  ...more,
});

describe('compareCatalogs', () => {
  it('names what is missing, additional and changed, sorted', () => {
    const before = [entry('view', 'b', 'x'), entry('table', 'a', 'same'), entry('index', 'i', 'one')];
    const after = [entry('table', 'a', 'same'), entry('index', 'i', 'two'), entry('rule', 'r', 'new')];
    expect(compareCatalogs(before, after)).toEqual([
      { kind: 'index', subject: 'i', expected: 'one', found: 'two', protection: false },
      { kind: 'rule', subject: 'r', expected: null, found: 'new', protection: false },
      { kind: 'view', subject: 'b', expected: 'x', found: null, protection: false },
    ]);
  });

  it('tells a missing table once, not with all that hung on it', () => {
    const of = 'table t';
    const before = [
      entry('table', 't'),
      entry('index', 'i', 'def', { of }),
      entry('comment', 'index i', 'text', { of: 'index i' }),
      entry('policy', 'p on t', 'permissive', { of, protection: true }),
    ];
    expect(compareCatalogs(before, []).map(({ kind }) => kind)).toEqual(['table']);
    expect(compareCatalogs([], before).map(({ kind }) => kind)).toEqual(['table']);
  });

  it('shows only the lines that differ, and never more than 4,000 characters', () => {
    const lines = (middle: string) => ['first', middle, 'last'].join('\n');
    expect(compareCatalogs([entry('view', 'v', lines('a'))], [entry('view', 'v', lines('b\nc'))])).toMatchObject([
      { expected: 'a', found: 'b\nc' },
    ]);
    const [difference] = compareCatalogs([entry('view', 'v', 'x'.repeat(9_000))], []);
    expect(difference?.expected).toHaveLength(4_001);
  });

  it('tells no token and no password of a URL that stands in a definition', () => {
    const text = `f('{"Authorization":"Bearer abc.def-1"}', 'eyJhbGciOi.eyJyb2xl.x-y', 'https://me:s3cret@host/')`;
    expect(compareCatalogs([entry('trigger', 't', text)], [])).toMatchObject([
      { expected: `f('{"Authorization":"Bearer [hidden]"}', '[hidden]', 'https://me:[hidden]@host/')` },
    ]);
  });

  it('compares the order of columns by those that both have', () => {
    const order = (...names: string[]) => [entry('column order', 't', JSON.stringify(names))];
    expect(compareCatalogs(order('a', 'b', 'c'), order('a', 'x', 'c'))).toEqual([]);
    expect(compareCatalogs(order('a', 'b', 'c'), order('c', 'a'))).toHaveLength(1);
    expect(compareCatalogs(order('a', 'b'), [])).toEqual([]);
  });

  it('takes a value that one side may not read as unknown, not as different', () => {
    const value = (definition: string) => [entry('sequence value', 's', definition)];
    expect(compareCatalogs(value('5'), value('unreadable'))).toEqual([]);
    expect(compareCatalogs(value('5'), value('6'))).toHaveLength(1);
  });

  it.each<[before: string | null, after: string | null, shrank: boolean]>([
    ['SELECT', 'SELECT, INSERT', true],
    ['SELECT, INSERT', 'SELECT', false],
    ['SELECT', 'SELECT*', true],
    ['SELECT*', 'SELECT', false],
    ['SELECT', null, false],
    [null, 'SELECT', true],
    ['none; by default EXECUTE', null, true],
    [null, 'none; by default EXECUTE', false],
    ['EXECUTE*; by default EXECUTE', null, false],
    [null, 'EXECUTE*; by default EXECUTE', true],
    ['SELECT, INSERT', 'SELECT, UPDATE', true],
  ])('a grant from %s to %s: protection shrank is %s', (before, after, shrank) => {
    const side = (definition: string | null) =>
      definition === null ? [] : [entry('grant', 'table t to r', definition, { protection: true })];
    expect(compareCatalogs(side(before), side(after))).toMatchObject([{ protection: shrank }]);
  });

  it.each<[before: string, after: string, shrank: boolean]>([
    ['enabled, forced', 'enabled', true],
    ['enabled', 'enabled, forced', false],
    ['forced', 'enabled', true],
  ])('row security from "%s" to "%s": protection shrank is %s', (before, after, shrank) => {
    const side = (definition: string) => [entry('row security', 't', definition, { protection: true })];
    expect(compareCatalogs(side(before), side(after))).toMatchObject([{ protection: shrank }]);
  });

  it('takes what two major versions word differently as the same, and nothing else', () => {
    const side = (major: string, view: string, privileges: string) => [
      entry('server major', 'postgres', major),
      entry('view', 'v', view),
      entry('grant', 'table t to r', privileges, { protection: true }),
    ];
    const old = side('15', " SELECT t.id,\n    t.n\n   FROM s.t\n  WHERE (t.a = 't.id'::text);", 'INSERT, SELECT');
    const now = side('17', " SELECT id,\n    n\n   FROM s.t\n  WHERE (a = 't.id'::text);", 'INSERT, MAINTAIN, SELECT');
    expect(compareCatalogs(old, now)).toEqual([]);
    const other = side('17', " SELECT id,\n    n\n   FROM s.t\n  WHERE (a = 'id'::text);", 'INSERT, SELECT, UPDATE');
    expect(compareCatalogs(old, other).map(({ kind }) => kind)).toEqual(['grant', 'view']);
    expect(compareCatalogs(old, [entry('server major', 'postgres', '15'), ...now.slice(1)])).toHaveLength(2);
  });
});
