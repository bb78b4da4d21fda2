import { expect, it } from 'vitest';
import { COLUMNS, DEFAULT_COLUMNS, fittingColumns, gridOf, readColumns } from './backup-columns.ts';

const idsOf = (columns: { id: string }[]) => columns.map(({ id }) => id);

it('are those of the beginning where nothing was kept, and none where none was chosen', () => {
  expect([readColumns(null), readColumns('')]).toEqual([DEFAULT_COLUMNS, []]);
});

it('come back in their order, without what is none', () => {
  expect(readColumns('tags,size,secret,taken')).toEqual(['taken', 'size', 'tags']);
});

it('are left out from the end where there is no room for them', () => {
  expect(idsOf(fittingColumns(DEFAULT_COLUMNS, 960))).toEqual(['environment', 'proof', 'taken', 'size', 'components']);
  expect(idsOf(fittingColumns(DEFAULT_COLUMNS, 720))).toEqual(['environment', 'proof', 'taken']);
  expect(idsOf(fittingColumns(DEFAULT_COLUMNS, 300))).toEqual([]);
  const all = COLUMNS.map(({ id }) => id);
  expect(idsOf(fittingColumns(all, 3000))).toEqual(all);
});

it('share the room that is left', () => {
  expect(gridOf(fittingColumns(['environment', 'size'], 800))).toBe(
    '24px minmax(200px, 2fr) minmax(112px, 1.2fr) 76px',
  );
});
