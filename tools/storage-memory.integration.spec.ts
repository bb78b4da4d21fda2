import { expect, it } from 'vitest';
import { measureStorage } from './storage-memory.ts';

const LIMIT_MB = 512;
/** What may differ from one run to the next: a quarter of what the larger object would add if it were held. */
const NOISE_MB = 128;

// `node tools/storage-memory.ts` measures 100,000 objects and one of 5 GiB; this sees to it that they would hold.
it('memory does not grow with the number and the size of objects, and small ones share files', async () => {
  const few = await measureStorage({ objects: 2_000, sparseMb: 128, restore: true });
  const many = await measureStorage({ objects: 6_000, sparseMb: 640, restore: true });
  for (const verb of ['backup', 'restore'] as const) {
    expect(many[verb]?.objects).toBe(6_001);
    expect(many[verb]?.peakMb).toBeLessThan(LIMIT_MB);
    expect((many[verb]?.peakMb ?? 0) - (few[verb]?.peakMb ?? 0)).toBeLessThan(NOISE_MB);
  }
  // of 100,000: fewer than 2,000
  expect(many.files - few.files).toBeLessThan(4_000 * (2_000 / 100_000));
}, 150_000);
