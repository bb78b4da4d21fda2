import { expect, it } from 'vitest';
import { ALL_BACKUPS, filtersOf } from './backup-filters.ts';
import { activeFilters, proofOf } from './backup-words.ts';

const ID = '0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d10';

it('call a backup proven only after a trial restore', () => {
  const at = '2026-11-24T08:50:00.000Z';
  const backup = { status: 'complete', verdict: 'proven', verifiedLevel: 'restore', provenAt: at } as const;
  expect(proofOf(backup)).toEqual({ label: 'Proven', tone: 'good' });
  const never = { ...backup, provenAt: null };
  expect(proofOf({ ...never, verifiedLevel: 'checksum' })).toEqual({ label: 'Checksums good', tone: 'neutral' });
  expect(proofOf({ ...never, verdict: null, verifiedLevel: null }).label).toBe('Never verified');
  expect(proofOf({ ...backup, verdict: 'proven-with-gaps' }).label).toBe('Proven, with gaps');
  expect(proofOf({ ...backup, verifiedLevel: 'presence' })).toEqual({ label: 'Proven', tone: 'good' });
  expect(proofOf({ ...backup, verdict: 'different' })).toEqual({ label: 'Different', tone: 'danger' });
  expect(proofOf({ ...backup, verdict: null, status: 'damaged' }).tone).toBe('danger');
  expect(proofOf({ ...backup, status: 'expiring' }).label).toBe('Being removed');
});

it('tell every filter, and each can be taken off alone', () => {
  const query = `search=x&environment=${ID}&status=complete&status=damaged&proof=proven&kind=full&component=storage&tag=a&tag=b`;
  const filters = filtersOf(
    new URLSearchParams(`${query}&minSize=0&maxSize=1000&from=2026-11-01&to=2026-11-24&repository=${ID}`),
  );
  const active = activeFilters(filters, () => 'shop');
  expect(active.map(({ label }) => label.replace(/(most|least|From|Until) .*/, '$1 …'))).toEqual([
    ...['“x”', 'Environment shop', 'Complete', 'Damaged', 'Proven', 'Full', 'With storage', 'Tag a', 'Tag b'],
    ...['At least …', 'At most …', 'From …', 'Until …', 'Repository shop'],
  ]);
  expect(active.find(({ label }) => label === 'Tag a')?.off).toEqual({ tags: ['b'] });
  expect(active.reduce((left, { off }) => ({ ...left, ...off, ...emptied(off) }), filters)).toEqual(ALL_BACKUPS);
});

/** Lists lose one entry a filter; all of them together lose all. */
const emptied = (off: object) =>
  Object.fromEntries(Object.entries(off).map(([name, value]) => [name, Array.isArray(value) ? [] : value]));
