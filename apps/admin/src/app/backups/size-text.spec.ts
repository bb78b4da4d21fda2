import { expect, it } from 'vitest';
import { sizeOf } from './size-text.ts';

it.each([
  ['500', 500],
  ['1.5 GB', 1_500_000_000],
  ['1,5gb', 1_500_000_000],
  ['10 kB', 10_000],
  ['4 KiB', 4_096],
  ['0 bytes', 0],
])('reads %s as %i', (text, bytes) => expect(sizeOf(text)).toBe(bytes));

it.each(['', 'much', '-1 MB', '1.5.2 MB', '9999 PB', '5 XB'])('reads nothing in "%s"', (text) =>
  expect(sizeOf(text)).toBeNull(),
);
