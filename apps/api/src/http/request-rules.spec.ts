import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { requestHash } from './idempotency.ts';
import { requireVersion, versionsOf } from './if-match.ts';
import { cutPage, decodeCursor, encodeCursor } from './paging.ts';
import { clientKey } from './rate-limit.guard.ts';
import { fieldErrors, ValidationPipe } from './validation.pipe.ts';

describe('If-Match', () => {
  it('is a list of strong tags, or anything', () => {
    expect(versionsOf('"3"')).toEqual([3]);
    expect(versionsOf('"3", "12"')).toEqual([3, 12]);
    expect(versionsOf(' * ')).toBeNull();
  });

  it('matches no weak tag and no other text', () => {
    expect(versionsOf('W/"3"')).toEqual([]);
    expect(versionsOf('3')).toEqual([]);
    expect(versionsOf('"3x"')).toEqual([]);
  });

  it('lets the versions through that it names', () => {
    requireVersion(3, [2, 3]);
    requireVersion(3, null);
    expect(() => requireVersion(4, [3])).toThrow(expect.objectContaining({ code: 'request.if_match_failed' }));
    expect(() => requireVersion(4, [])).toThrow(expect.objectContaining({ code: 'request.if_match_failed' }));
  });
});

describe('the fingerprint of a request', () => {
  const hash = (body: unknown, path = '/a') => Buffer.from(requestHash('POST', path, body)).toString('hex');

  it('does not depend on the order of keys', () => {
    expect(hash({ a: 1, b: { c: 2, d: 3 } })).toBe(hash({ b: { d: 3, c: 2 }, a: 1 }));
  });

  it('depends on everything else', () => {
    const hashes = [
      hash({ a: 1 }),
      hash({ a: '1' }),
      hash({ a: [1, 2] }),
      hash({ a: [2, 1] }),
      hash({}),
      hash(undefined),
    ];
    expect(new Set([...hashes, hash({ a: 1 }, '/b')]).size).toBe(7);
  });
});

describe('a cursor', () => {
  const place = z.strictObject({ id: z.string() });

  it('comes back as it was given', () => {
    expect(decodeCursor(encodeCursor({ id: 'ü"x' }), place)).toEqual({ id: 'ü"x' });
    expect(decodeCursor(undefined, place)).toBeNull();
  });

  it('of another list is refused', () => {
    for (const cursor of ['', 'x', '!!!', encodeCursor({ name: 'a' }), encodeCursor(null)]) {
      expect(() => decodeCursor(cursor, place)).toThrow(expect.objectContaining({ code: 'request.invalid' }));
    }
  });

  it('is given only where there is more', () => {
    const cut = (rows: number[], limit: number) => cutPage(rows, limit, String, (id) => ({ id }));
    expect(cut([1, 2], 2)).toEqual({ items: ['1', '2'], nextCursor: null });
    expect(cut([1, 2, 3], 2)).toEqual({ items: ['1', '2'], nextCursor: encodeCursor({ id: 2 }) });
    expect(cut([], 2)).toEqual({ items: [], nextCursor: null });
  });
});

describe('a client of the rate limit', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    [undefined, 'unknown'],
  ])('%s counts as %s', (ip, key) => {
    expect(clientKey(ip)).toBe(key);
  });
});

describe('validation', () => {
  const schema = z.strictObject({
    name: z.string().min(2),
    port: z.int().max(10),
    inner: z.strictObject({ on: z.boolean() }),
  });

  it('names every bad field, the unknown ones too', () => {
    const { error } = schema.safeParse({ name: 'x', port: 11, inner: { on: 1, off: 2 }, extra: true });
    const at = fieldErrors(error?.issues ?? []).map((issue) => issue.at);
    expect(new Set(at)).toEqual(new Set(['name', 'port', 'inner.on', 'inner.off', 'extra']));
  });

  it('takes a single value of a query as a list where one is wanted', async () => {
    const pipe = new ValidationPipe();
    const query = z.strictObject({ tags: z.array(z.string()).optional(), name: z.string() });
    const transform = (value: unknown) => pipe.transform(value, { type: 'query', schema: query });
    await expect(transform({ tags: 'a', name: 'b' })).resolves.toEqual({ tags: ['a'], name: 'b' });
    await expect(transform({ tags: ['a', 'c'], name: 'b' })).resolves.toEqual({ tags: ['a', 'c'], name: 'b' });
  });

  it('takes a missing body as an empty one', async () => {
    const body = z.strictObject({ on: z.boolean().default(true) });
    await expect(new ValidationPipe().transform(undefined, { type: 'body', schema: body })).resolves.toEqual({
      on: true,
    });
  });
});
