import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Retries } from './retries.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Seconds after which it was tried, each after the one before, as long as it fails. */
function failing(tries: number) {
  const begun = Date.now();
  const at: number[] = [];
  const retries = new Retries(() => {
    at.push(Math.round((Date.now() - begun) / 100) / 10);
    if (at.length < tries) retries.later();
  });
  return { at, retries };
}

it('waits longer each time, and never very long', () => {
  const { at, retries } = failing(8);
  retries.later();
  vi.advanceTimersByTime(120_000);
  const pauses = at.map((moment, index) => moment - (at[index - 1] ?? 0));
  expect(pauses.slice(0, 3).map((pause) => Math.round(pause * 10) / 10)).toEqual([2, 3, 4.5]);
  expect(pauses.slice(6).map(Math.round)).toEqual([15, 15]);
});

it('is one pause for all who ask for it meanwhile', () => {
  const { at, retries } = failing(1);
  for (let asked = 0; asked < 3; asked += 1) retries.later();
  vi.advanceTimersByTime(60_000);
  retries.later();
  vi.advanceTimersByTime(60_000);
  expect(at).toEqual([2, 63]);
});

it('does nothing more once it is stopped, and begins anew after that', () => {
  const { at, retries } = failing(2);
  retries.later();
  vi.advanceTimersByTime(3_000);
  retries.stop();
  vi.advanceTimersByTime(57_000);
  expect(at).toEqual([2]);
  retries.later();
  vi.advanceTimersByTime(60_000);
  expect(at).toEqual([2, 62]);
});
