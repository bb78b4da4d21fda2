import { expect, it } from 'vitest';
import { borrow, borrowCopy, release } from './slabs.ts';

it('gives the same memory out again, and never to two at once', () => {
  const first = borrow(1000);
  const second = borrow(1000);
  expect(second.buffer).not.toBe(first.buffer);
  release(first);
  const third = borrow(4 << 20);
  expect(third.buffer).toBe(first.buffer);
  expect(third.length).toBe(4 << 20);
  [second, third].forEach(release);
});

it('copies', () => {
  const bytes = Buffer.from('rows');
  const copy = borrowCopy(bytes);
  bytes.fill(0);
  expect(String(copy)).toBe('rows');
  release(copy);
});

it('gives memory for what is larger than a slab, without keeping it', () => {
  const large = borrow(9 << 20);
  expect(large.length).toBe(9 << 20);
  release(large);
  const next = borrow(9 << 20);
  expect(next.buffer).not.toBe(large.buffer);
});

it('takes part of what was borrowed, leaves other memory alone, and refuses to take a thing twice', () => {
  const borrowed = borrow(10);
  release(Buffer.alloc(10));
  release(borrowed.subarray(2, 4));
  expect(() => release(borrowed)).toThrow('twice');
});
