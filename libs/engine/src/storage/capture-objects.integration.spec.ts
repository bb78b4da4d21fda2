import { makeTempDir } from '@holdfast/testing';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { ArtifactWriter } from '../backup/artifact-writer.ts';
import { calm } from '../engine-under-test.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { attachRepository, type Repository } from '../repository/repository.ts';
import { Meter } from '../run.ts';
import { captureObjects, type CapturedObjects } from './capture-objects.ts';
import { readObjectList, type ObjectEntry } from './object-list.ts';
import type { SourceObject } from './source-objects.ts';
import { StorageClient } from './storage-client.ts';

let dir: string;
let repository: Repository;
let server: Server;
let client: StorageClient;
let writer: ArtifactWriter;
/** Answers a request for a key; whoever asks for one may be held. */
let answer: (key: string, response: ServerResponse) => Promise<void> | void;

beforeAll(async () => {
  dir = await makeTempDir('capture');
  repository = (await attachRepository(join(dir, 'repository'))).repository;
  server = createServer((request, response) => {
    void answer((request.url ?? '').split('/').pop() ?? '', response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(dir, { recursive: true });
});

beforeEach(() => {
  const { port } = server.address() as AddressInfo;
  client = new StorageClient({ url: `http://127.0.0.1:${port}`, serviceKey: 'key' }, 8);
  writer = new ArtifactWriter(repository, false, calm.signal);
});
afterEach(() => client.close());

const metadata = {
  ...{ id: null, contentType: null, cacheControl: null, userMetadata: null, owner: null, ownerId: null },
  ...{ createdAt: null, updatedAt: null, lastAccessedAt: null },
};
const row = (key: string, size: number, etag: string | null = null): SourceObject => ({
  ...{ bucket: 'b', key, version: '1', etag, size, metadata },
});
const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');

const capture = (rows: AsyncIterable<SourceObject>, parent: Manifest | null = null): Promise<CapturedObjects> =>
  captureObjects(rows, {
    ...{ repository, client, writer, meter: new Meter(calm), signal: calm.signal, parallel: 8, parent },
  });

async function* of(...rows: SourceObject[]): AsyncGenerator<SourceObject> {
  yield* rows;
}

async function listOf({ list }: CapturedObjects): Promise<ObjectEntry[]> {
  await writer.settle();
  const manifest = { chunks: writer.chunks } as Manifest;
  const entries: ObjectEntry[] = [];
  for await (const entry of readObjectList(repository, manifest, list(), calm.signal)) entries.push(entry);
  return entries;
}

it('holds a bounded number of bytes while small objects wait for a slow one before them', async () => {
  const bytes = Buffer.alloc(120_000, 'small');
  const most = 700;
  const head = Promise.withResolvers<void>();
  let listed = 0;
  answer = async (key, response) => {
    if (key === '00000') await head.promise;
    response.end(bytes);
  };
  const capturing = capture(
    (async function* () {
      for (; listed < most; listed++) yield row(String(listed).padStart(5, '0'), bytes.length);
    })(),
  );
  for (let before = -1; before < listed; await sleep(500)) before = listed;
  // 64 MiB, and those on their way
  expect(listed).toBeGreaterThan(500);
  expect(listed).toBeLessThan(620);
  head.resolve();
  const entries = await listOf(await capturing);
  expect(entries.map(({ key }) => Number(key))).toEqual(Array.from({ length: most }, (_, n) => n));
  expect(new Set(entries.map((entry) => entry.md5))).toEqual(new Set([md5(bytes)]));
});

it('waits for no transfer once it has failed', async () => {
  const arrived = Promise.withResolvers<void>();
  answer = (_key, response) => {
    response.write('the beginning');
    arrived.resolve();
  };
  const began = Date.now();
  const rows = async function* (): AsyncGenerator<SourceObject> {
    yield row('endless', 1e9);
    await arrived.promise;
    // what came has been read: nothing else will
    await sleep(300);
    throw new Error('the list broke off');
  };
  await expect(capture(rows())).rejects.toThrow('the list broke off');
  expect(Date.now() - began).toBeLessThan(10_000);
});

it('takes bytes for newer ones by their MD5 where no ETag came, and names those that do not have their own', async () => {
  const [good, other] = [Buffer.from('good'), Buffer.from('evil')];
  const tag = `"${md5(good)}"`;
  answer = (key, response) => {
    if (key !== 'bare') response.setHeader('etag', tag);
    response.end(key === 'same' ? good : other);
  };
  const rows = ['bare', 'rotten', 'same'].map((key) => row(key, 4, tag));
  const captured = await capture(of(...rows));
  expect((await listOf(captured)).map(({ key, replaced }) => [key, replaced])).toEqual([
    ['bare', true],
    ['rotten', false],
    ['same', false],
  ]);
  expect(captured.gaps.map(({ code, subjects }) => [code, subjects])).toEqual([
    ['objects-replaced', ['b/bare']],
    ['objects-unlike-etag', ['b/rotten']],
  ]);
});

it('names them again in each backup that takes them over, also where nothing else is read', async () => {
  const [good, evil] = [Buffer.from('good'), Buffer.from('evil')];
  answer = (key, response) => void response.setHeader('etag', md5(good)).end(key === 'rotten' ? evil : good);
  const rows = ['rotten', 'same'].map((key) => row(key, 4, md5(good)));
  const first = await capture(of(...rows));
  await writer.settle();
  const parent = { chunks: writer.chunks, artifacts: [first.list()] } as unknown as Manifest;
  writer = new ArtifactWriter(repository, true, calm.signal);
  const second = await capture(of(...rows), parent);
  expect([second.downloaded, second.reused]).toEqual([0, 2]);
  for (const { gaps } of [first, second]) {
    expect(gaps.map(({ code, subjects }) => [code, subjects])).toEqual([['objects-unlike-etag', ['b/rotten']]]);
  }
});

it('says nothing of ETags that look like MD5 and never are', async () => {
  const tag = `"${md5(Buffer.from('sealed'))}"`;
  answer = (_key, response) => {
    response.setHeader('etag', tag);
    response.end('open');
  };
  expect((await capture(of(row('a', 4, tag), row('b', 4, tag)))).gaps).toEqual([]);
});

it('cuts large objects into longer chunks', async () => {
  const large = Buffer.alloc(64 << 20, 'large');
  answer = (key, response) => void response.end(key === 'large' ? large : large.subarray(1));
  const entries = await listOf(await capture(of(row('large', large.length), row('less', large.length - 1))));
  const [first, second] = entries.map(({ pieces }) => pieces?.map(([, , length]) => length) ?? []);
  expect(first).toEqual(Array.from({ length: 16 }, () => 4 << 20));
  expect(second?.slice(0, -1)).toEqual(Array.from({ length: 63 }, () => 1 << 20));
  expect(entries[0]?.md5).toBe(md5(large));
});
