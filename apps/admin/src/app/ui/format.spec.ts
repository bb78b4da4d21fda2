import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatClock,
  formatDuration,
  formatInstant,
  formatMilliseconds,
  formatNumber,
  formatPercent,
  formatRelative,
} from './format.ts';

/** Intl writes narrow and non-breaking spaces, which no reader tells apart. */
const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');

describe('a size', () => {
  it('has three digits that mean something', () => {
    const sizes = [0, 1, 999, 1000, 1234, 12_345, 999_499, 999_500, 1_000_000, 918_000_000, 1.5e12, 5e18];
    expect(sizes.map((size) => plain(formatBytes(size, 'en')))).toEqual([
      ...['0 bytes', '1 byte', '999 bytes', '1 kB', '1.23 kB', '12.3 kB', '999 kB', '1 MB', '1 MB', '918 MB'],
      ...['1.5 TB', '5,000 PB'],
    ]);
  });

  it('is written as the reader does', () => {
    expect(plain(formatBytes(1234, 'de'))).toBe('1,23 kB');
  });
});

describe('a share', () => {
  it('is never whole before the end', () => {
    expect([0, 0.004, 0.29, 0.999, 1, 1.2].map((share) => formatPercent(share, 'en'))).toEqual([
      ...['0%', '0%', '29%', '99%', '100%', '100%'],
    ]);
  });
});

describe('a length of time', () => {
  it('has two digits that mean something where it is short', () => {
    expect([0, 0.123, 3.44, 47.1].map((length) => formatMilliseconds(length, 'en'))).toEqual([
      ...['0 ms', '0.12 ms', '3.4 ms', '47 ms'],
    ]);
  });

  it('has its two largest units', () => {
    const lengths = [0, 0.25, 9.94, 10, 59.6, 61, 3600, 3605, 3665, 90_061, 172_800];
    expect(lengths.map((seconds) => formatDuration(seconds, 'en'))).toEqual([
      ...['0 sec', '0.3 sec', '9.9 sec', '10 sec', '1 min', '1 min 1 sec', '1 hr', '1 hr', '1 hr 1 min'],
      ...['1 day 1 hr', '2 days'],
    ]);
  });
});

describe('an instant', () => {
  const now = Date.UTC(2026, 10, 24, 12, 0, 0);

  it('is told as distance', () => {
    const before = [0, 900, 5000, 60_000, 3_599_000, 7_200_000, 86_400_000, 40 * 86_400_000, 65 * 86_400_000];
    expect(before.map((ms) => formatRelative(now - ms, now, 'en'))).toEqual([
      ...['now', 'now', '5 seconds ago', '1 minute ago', '59 minutes ago', '2 hours ago', 'yesterday'],
      ...['40 days ago', '2 months ago'],
    ]);
    expect(formatRelative(now + 120_000, now, 'en')).toBe('in 2 minutes');
    expect(formatRelative(now - 120_000, now, 'de')).toBe('vor 2 Minuten');
  });

  it('is told in full with its time zone', () => {
    expect(plain(formatInstant(now, 'en-GB', 'Europe/Berlin'))).toBe('24 Nov 2026, 13:00:00 CET');
    expect(formatClock(now, 'en-GB', 'UTC')).toBe('12:00:00');
  });
});

it('a number has the digits of its locale', () => {
  expect(formatNumber(1_234_567.6, 'en')).toBe('1,234,568');
  expect(formatNumber(1234, 'de')).toBe('1.234');
});
