import type { ObjectsAnswer, ObjectsQuestion } from '@holdfast/contracts';
import { makeTempDir } from '@holdfast/testing';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArtifactWriter } from '../backup/artifact-writer.ts';
import { calm, failureOf, troubled } from '../engine-under-test.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { attachRepository, type Repository } from '../repository/repository.ts';
import type { ObjectEntry } from '../storage/object-list.ts';
import { pageOfObjects, placesOf, type ObjectPlaces } from './objects-page.ts';

const COUNT = 100_000;
const BUCKETS = ['avatars', 'files', 'Öffentlich'];

let dir: string;
let repository: Repository;
let places: ObjectPlaces;

// Most of a line is one letter of two bytes, so that some chunk begins within one.
const keyOf = (n: number): string =>
  `${n % 2 === 0 ? 'even' : 'odd'}/${String(n).padStart(6, '0')} ${'ü'.repeat(80)}.png`;

const entryOf = (bucket: string, key: string, n: number): ObjectEntry => ({
  ...{ bucket, key, version: null, etag: null, size: n, md5: null, pieces: null, replaced: false },
  sha256: n % 10 === 0 ? null : 'ab'.repeat(32),
  metadata: {
    ...{ id: null, contentType: 'image/png', cacheControl: null, userMetadata: null, owner: null, ownerId: null },
    ...{ createdAt: null, updatedAt: '2026-11-24T08:50:00+00:00', lastAccessedAt: null },
  },
});

beforeAll(async () => {
  dir = await makeTempDir('objects-page');
  repository = (await attachRepository(dir)).repository;
  const writer = new ArtifactWriter(repository, false, calm.signal);
  // Chunks of something else come first: the list has numbers of its own.
  const other = writer.begin();
  await other.write(Buffer.from('rows of a table'));
  other.end();
  const bytes = writer.begin();
  const keys = Array.from({ length: COUNT }, (_, n) => keyOf(n)).sort();
  const perBucket = Math.ceil(COUNT / BUCKETS.length);
  for (const [number, bucket] of BUCKETS.entries()) {
    const lines = keys
      .slice(number * perBucket, (number + 1) * perBucket)
      .map((key, n) => `${JSON.stringify(entryOf(bucket, key, n))}\n`);
    await bytes.write(Buffer.from(lines.join('')));
  }
  const stored = bytes.end();
  await writer.settle();
  const list = { kind: 'objects', name: 'storage objects', objects: COUNT, objectBytes: 0, ...stored() } as const;
  places = placesOf({ chunks: writer.chunks } as Manifest, list);
});
afterAll(() => rm(dir, { recursive: true }));

const ask = (asked: Partial<ObjectsQuestion>, from = repository, patienceMs?: number): Promise<ObjectsAnswer> =>
  pageOfObjects(
    from,
    places,
    { bucket: null, prefix: null, search: null, from: 0, limit: 200, ...asked },
    calm.signal,
    patienceMs,
  );

/** Every page one after another. */
async function all(asked: Partial<ObjectsQuestion>, patienceMs?: number) {
  const items: ObjectsAnswer['items'] = [];
  let pages = 0;
  for (let next: number | null = 0; next !== null; pages++) {
    const page: ObjectsAnswer = await ask({ ...asked, from: next }, repository, patienceMs);
    items.push(...page.items);
    ({ next } = page);
  }
  return { items, pages };
}

describe('a page of storage objects', () => {
  it('goes over the whole list once, in order', async () => {
    const { items, pages } = await all({ limit: 5_000 });
    expect([items.length, pages]).toEqual([COUNT, 20]);
    expect(new Set(items.map(({ bucket, name }) => `${bucket}/${name}`)).size).toBe(COUNT);
    expect(items[1]).toEqual({
      ...{ bucket: 'avatars', name: keyOf(2), sizeBytes: 1, contentType: 'image/png' },
      ...{ sha256: 'ab'.repeat(32), updatedAt: '2026-11-24T08:50:00+00:00', replaced: false },
    });
    expect(items[10]?.sha256).toBeNull();
  });

  it('reads a chunk or two, wherever in the list it is', async () => {
    const { next } = await ask({ limit: 90_000 });
    const counted = await troubled(repository);
    let read = 0;
    counted.driver.afterRead = () => (read += 1);
    const { items } = await ask({ from: next ?? 0 }, counted);
    expect(items).toHaveLength(200);
    expect(places.list.pieces.length).toBeGreaterThan(20);
    // the page's own, the one after it, and the one that is read ahead
    expect(read).toBeLessThanOrEqual(3);
  });

  it('finds by bucket, the beginning of a name and a part of it', async () => {
    const { items } = await ask({ bucket: 'files', prefix: 'odd/0', search: '0 ÜÜ' });
    expect(items).toEqual([]);
    const found = await all({ bucket: 'Öffentlich', prefix: 'odd/0', search: '99 Ü' });
    expect(found.items.length).toBeGreaterThan(100);
    const right = found.items.every(({ bucket, name }) => bucket === 'Öffentlich' && /^odd\/0\d*99 ü/.test(name));
    expect(right).toBe(true);
    expect((await all({ search: '%' })).items).toEqual([]);
  });

  it('reads neither what comes long before a name that can fit, nor what comes after', async () => {
    const counted = await troubled(repository);
    let read = 0;
    counted.driver.afterRead = () => (read += 1);
    const first = await ask({ bucket: 'Öffentlich', limit: 1 }, counted);
    const whole = await all({ limit: 5_000 });
    expect(first.items[0]).toEqual(whole.items.find(({ bucket }) => bucket === 'Öffentlich'));
    const halves = Math.ceil(Math.log2(places.list.pieces.length));
    expect(read).toBeLessThanOrEqual(4 * halves + 3);
    read = 0;
    expect(await ask({ bucket: 'a', prefix: 'x' }, counted)).toEqual({ items: [], next: null });
    expect(read).toBeLessThanOrEqual(4 * halves + 3);
  });

  it('misses no name at the seams of the list', async () => {
    const { items } = await all({ limit: 5_000 });
    for (const [index, { bucket, name }] of items.entries()) {
      if (index % 1_999 !== 0) continue;
      const { items: found } = await ask({ bucket, prefix: name });
      expect([name, found[0]?.name, found.length]).toEqual([name, name, 1]);
    }
  });

  it('ends before it is full rather than keep somebody waiting, and goes on from there', async () => {
    const { items, pages } = await all({ search: '099999' }, 1);
    expect(items.map(({ name }) => name)).toEqual([keyOf(99_999)]);
    expect(pages).toBeGreaterThan(1);
  });

  it('begins where a line begins, and nowhere else', async () => {
    expect(await failureOf(ask({ from: 3 }))).toMatchObject({ code: 'request.invalid', errors: [{ at: 'cursor' }] });
    expect(await ask({ from: Number.MAX_SAFE_INTEGER })).toEqual({ items: [], next: null });
  });
});
