import { afterEach, expect, it, vi } from 'vitest';
import { bytesPassed } from './passed-bytes.ts';

afterEach(() => vi.unstubAllGlobals());

const MIB = 1 << 20;

it('has what is young collected after every sixteen mebibytes, however they came', () => {
  const gc = vi.fn();
  vi.stubGlobal('gc', gc);
  for (let parts = 0; parts < 15; parts += 1) bytesPassed(MIB);
  expect(gc).not.toHaveBeenCalled();
  bytesPassed(MIB);
  expect(gc.mock.calls).toEqual([[{ type: 'minor' }]]);
  bytesPassed(40 * MIB);
  bytesPassed(MIB);
  expect(gc).toHaveBeenCalledTimes(2);
});

it('does without where the collector cannot be asked', () => {
  vi.stubGlobal('gc', undefined);
  expect(() => bytesPassed(20 * MIB)).not.toThrow();
});
