import { expect, it } from 'vitest';
import { measureStorage } from './storage-memory.ts';

const LIMIT_MB = 512;
/** What may differ from one run to the next: a quarter of what the larger object would add if it were held. */
const NOISE_MB = 128;

// `npm run bench -- --scaling` measures 100,000 objects and one of 5 GiB; this sees to it that they would hold.
it('memory does not grow with the number and the size of objects, and small ones share files', async () => {
  const few = await measureStorage({ objects: 500, sparseMb: 128 });
  const many = await measureStorage({ objects: 2_500, sparseMb: 640 });
  for (const verb of ['backup', 'restore'] as const) {
    expect(many[verb].objects).toBe(2_501);
    expect(many[verb].peakMb).toBeLessThan(LIMIT_MB);
    expect(many[verb].peakMb - few[verb].peakMb).toBeLessThan(NOISE_MB);
  }
  // of 100,000: fewer than 2,000
  expect(many.files - few.files).toBeLessThan(2_000 * (2_000 / 100_000));
}, 300_000);
