import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { createProjectDatabase, startProjectServer, type ProjectServer } from '@holdfast/testing/supabase';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { calm, environment, failureOf, prove, takeBackup } from '../engine-under-test.ts';
import { readContents } from '../contents/contents.ts';
import { pageOfObjects } from '../contents/objects-page.ts';
import { objectListOf, readManifest, type Manifest } from '../manifest/manifest.ts';
import type { BackupSummary } from '../backup/backup.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { attachRepository, chunkPath, type Repository } from '../repository/repository.ts';
import { giveStorageBack } from '../restore/storage-part.ts';
import { Meter } from '../run.ts';
import { objectName, readObjectList, type ObjectEntry } from './object-list.ts';
import { restoreObjects, type RestoredObjects } from './restore-objects.ts';
import { encodeKey } from './storage-client.ts';

const OWNER = '10000000-0000-4000-8000-000000000001';
const ODD = [
  ...['a b.txt', 'q?x=1', 'folder/', '//abs', ' outer ', 'Case', 'case', 'x;y=1&z', `long/${'n'.repeat(255)}`],
];

interface Project {
  target: PostgresTarget;
  client: pg.Client;
  server: ProjectServer;
}

let postgres: ThrowawayPostgres;
let dir: string;
let repository: Repository;
let project: Project;
let first: BackupSummary;
let backupId: string;
let manifest: Manifest;
/** What was uploaded, by name. */
const given = new Map<string, Buffer>();

async function makeProject(name: string): Promise<Project> {
  const target = await postgres.createDatabase(name);
  await createProjectDatabase(target);
  const server = await startProjectServer({ target, dir: join(dir, name) });
  return { target, server, client: await postgres.client(target) };
}

async function put(
  { server }: Project,
  bucket: string,
  key: string,
  bytes: Buffer,
  headers: Record<string, string> = {},
): Promise<void> {
  const token = await server.tokens.sign({ sub: OWNER, role: 'service_role' }, 60);
  const answer = await fetch(`${server.url}/storage/v1/object/${bucket}/${encodeKey(key)}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain', 'x-upsert': 'true', ...headers },
    body: new Uint8Array(bytes),
  });
  if (!answer.ok) throw new Error(`${bucket}/${key}: ${answer.status} ${await answer.text()}`);
  given.set(`${bucket}/${key}`, bytes);
}

interface BackUp {
  parentBackupId: string | null;
  url?: string;
  serviceKey?: string;
}

const backUp = ({ url = project.server.url, serviceKey = project.server.serviceRoleKey, ...more }: BackUp) =>
  takeBackup(project.target, repository, {
    environment: { ...environment, kind: 'supabase-selfhosted' },
    storage: {
      endpoint: { url, serviceKey },
      parallel: 4,
      ...more,
    },
  });

const read = (id: string): Promise<Manifest> => readManifest(repository, environment.id, id, calm.signal);

async function listOf(of: Manifest): Promise<ObjectEntry[]> {
  const artifact = objectListOf(of);
  if (!artifact) throw new Error('no list of objects');
  const entries: ObjectEntry[] = [];
  for await (const entry of readObjectList(repository, of, artifact, calm.signal)) entries.push(entry);
  return entries;
}

async function giveBack(
  to: Project,
  more: { buckets?: string[]; prefixes?: string[] } = {},
  of = manifest,
): Promise<RestoredObjects> {
  const list = objectListOf(of);
  if (!list) throw new Error('no list of objects');
  return restoreObjects({
    ...{ repository, manifest: of, list, target: to.target, replaced: null, parallel: 4 },
    endpoint: { url: to.server.url, serviceKey: to.server.serviceRoleKey },
    ...{ signal: calm.signal, meter: new Meter(calm), choice: { buckets: [], prefixes: [], ...more } },
  });
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const noise = (size: number, seed: string): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(size / 32) }, (_, n) => createHash('sha256').update(`${seed}${n}`).digest()),
  ).subarray(0, size);

beforeAll(async () => {
  postgres = await throwawayPostgres(17);
  dir = await makeTempDir('storage');
  repository = (await attachRepository(join(dir, 'repository'))).repository;
  project = await makeProject('original');
  await project.client.query(
    `INSERT INTO storage.buckets (id, name, public, file_size_limit, allowed_mime_types) VALUES
      ('files', 'files', false, NULL, NULL), ('open', 'open', true, 5000000, '{text/plain,image/*}')`,
  );
  for (const key of ODD) await put(project, 'files', key, noise(300, key));
  await put(project, 'files', 'empty', Buffer.alloc(0));
  await put(project, 'files', 'large', noise(3_500_000, 'large'));
  await put(project, 'open', 'page', Buffer.from('<html>'), {
    ...{ 'content-type': 'text/plain;charset=UTF-8', 'cache-control': 'max-age=77' },
    'x-metadata': Buffer.from('{"von":"Ünal","n":7}').toString('base64'),
  });
  for (let n = 0; n < 300; n++) await put(project, 'open', `small/${n}`, noise(2_000, `small ${n}`));
  await put(project, 'open', 'lost', Buffer.from('soon gone'));
  const { rows } = await project.client.query<{ id: string; version: string }>(
    `SELECT id::text, version FROM storage.objects WHERE name = 'lost'`,
  );
  const { id = '', version = '' } = rows[0] ?? {};
  await rm(project.server.blobs.path({ bucket: 'open', id, version }));
  given.delete('open/lost');
  first = await backUp({ parentBackupId: null });
  backupId = first.backupId;
  expect(first.storage).toEqual({ objects: given.size + 1, objectsRead: given.size });
  manifest = await read(backupId);
});
afterAll(async () => {
  await project.server.stop();
  await postgres.stop();
  await rm(dir, { recursive: true });
});

it('lists every object with the digest of its bytes, in order, and names the one without', async () => {
  const entries = await listOf(manifest);
  const names = entries.map(objectName);
  expect(names).toEqual([...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  const found = new Map(entries.map((entry) => [objectName(entry), entry.sha256]));
  for (const [name, bytes] of given) expect([name, found.get(name)]).toEqual([name, sha256(bytes)]);
  expect(found.get('open/lost')).toBeNull();
  expect(manifest.coverage.gaps).toContainEqual(
    expect.objectContaining({ code: 'objects-missing', subjects: ['open/lost'], count: 1 }),
  );
});

it('tells its buckets and objects among its contents', async () => {
  const where = { repository, environmentId: environment.id, backupId, manifestSha256: null };
  const { items, objects } = await readContents(where, calm.signal);
  const buckets = items.filter(({ kind }) => kind === 'bucket');
  expect(buckets).toMatchObject([
    { name: 'files', objects: ODD.length + 2, sizeBytes: 3_500_000 + ODD.length * 300, detail: 'Private' },
    { name: 'open', objects: 302, sizeBytes: 300 * 2_000 + 6 + 9, detail: 'Public' },
  ]);
  if (!objects) throw new Error('no list of objects');
  const asked = { bucket: 'open', prefix: 'lo', search: null, from: 0, limit: 10 };
  expect(await pageOfObjects(repository, objects, asked, calm.signal)).toMatchObject({
    items: [{ bucket: 'open', name: 'lost', sha256: null }],
    next: null,
  });
  const { items: all } = await pageOfObjects(
    repository,
    objects,
    { ...asked, bucket: null, prefix: null, limit: 999 },
    calm.signal,
  );
  expect(all.map(({ bucket, name }) => `${bucket}/${name}`)).toEqual((await listOf(manifest)).map(objectName));
});

it('lets small objects share chunks', async () => {
  const small = (await listOf(manifest)).filter(({ size, pieces }) => size === 2_000 && pieces);
  expect(new Set(small.map(({ pieces }) => pieces?.[0]?.[0])).size).toBeLessThan(10);
});

it('can be proven, and reads nothing again that did not change', async () => {
  expect(await prove(repository, { backupId })).toMatchObject({ verdict: 'proven', damagedCount: 0 });
  const second = await backUp({ parentBackupId: backupId });
  expect(second.storage?.objectsRead).toBe(0);
  expect(second.storedBytes).toBeLessThan(first.storedBytes / 10);
  expect(await listOf(await read(second.backupId))).toHaveLength(given.size + 1);
  const again = await listOf(manifest);
  expect((await listOf(await read(second.backupId))).map(({ sha256: digest }) => digest)).toEqual(
    again.map(({ sha256: digest }) => digest),
  );
  expect(await prove(repository, second)).toMatchObject({ verdict: 'proven' });
});

it('reads only what changed, was added or lost its chunk', async () => {
  const kept = [given.get('open/small/1'), given.get('open/small/2')];
  await put(project, 'open', 'small/1', Buffer.from('changed'));
  await put(project, 'open', 'new', Buffer.from('new'));
  await project.client.query('BEGIN');
  await project.client.query(`SET LOCAL storage.allow_delete_query = 'true'`);
  await project.client.query(`DELETE FROM storage.objects WHERE name = 'small/2'`);
  await project.client.query('COMMIT');
  const third = await backUp({ parentBackupId: backupId });
  expect(third.storage?.objectsRead).toBe(2);
  const names = (await listOf(await read(third.backupId))).map(objectName);
  expect(names).toContain('open/new');
  expect(names).not.toContain('open/small/2');
  given.delete('open/new');
  given.set('open/small/1', kept[0] ?? Buffer.alloc(0));
});

it('gives buckets and objects back byte for byte, with what was known of them; a second run uploads nothing', async () => {
  const other = await makeProject('fresh');
  try {
    const done = await giveBack(other);
    expect(done).toMatchObject({ restored: given.size, kept: 0, failed: 0, differences: [] });
    expect(done.gaps).toMatchObject([{ code: 'objects-missing', subjects: ['open/lost'] }]);
    for (const [name, bytes] of given) {
      const [bucket = '', ...key] = name.split('/');
      const url = `${other.server.url}/storage/v1/object/authenticated/${bucket}/${encodeKey(key.join('/'))}`;
      const answer = await fetch(url, { headers: { authorization: `Bearer ${other.server.serviceRoleKey}` } });
      expect([name, answer.status, answer.ok ? '' : await answer.text()]).toEqual([name, 200, '']);
      expect([name, sha256(Buffer.from(await answer.arrayBuffer()))]).toEqual([name, sha256(bytes)]);
    }
    const rowsOf = async ({ client }: Project) =>
      (
        await client.query(
          `SELECT bucket_id, name, id, owner_id, created_at, updated_at, user_metadata, metadata ->> 'mimetype' AS type,
            metadata ->> 'cacheControl' AS cache FROM storage.objects
           WHERE name NOT IN ('lost', 'new', 'small/1', 'small/2') ORDER BY bucket_id COLLATE "C", name COLLATE "C"`,
        )
      ).rows as Record<string, unknown>[];
    const restored = (await rowsOf(other)).filter(({ name }) => name !== 'small/1');
    expect(restored).toEqual(await rowsOf(project));
    const buckets = `SELECT id, name, public, file_size_limit, allowed_mime_types FROM storage.buckets ORDER BY id`;
    expect((await other.client.query(buckets)).rows).toEqual((await project.client.query(buckets)).rows);
    expect(await giveBack(other)).toMatchObject({ restored: 0, kept: given.size, bytes: 0, differenceCount: 0 });
  } finally {
    await other.server.stop();
  }
});

it('gives back only chosen buckets and prefixes', async () => {
  const other = await makeProject('chosen');
  try {
    const chosen = await giveBack(other, { buckets: ['open'], prefixes: ['open/small/1', 'files/'] });
    const expected = [...given.keys()].filter((name) => name.startsWith('open/small/1'));
    expect(chosen.restored).toBe(expected.length);
    const { rows } = await other.client.query(`SELECT DISTINCT bucket_id FROM storage.objects`);
    expect(rows).toEqual([{ bucket_id: 'open' }]);
  } finally {
    await other.server.stop();
  }
});

it('another project than that of the database has nothing: no backup is made of it; nor is one given back that takes nothing', async () => {
  const other = await makeProject('other');
  try {
    const { url, serviceRoleKey: serviceKey } = other.server;
    const wrong = await failureOf(backUp({ parentBackupId: null, url, serviceKey }));
    expect(wrong).toMatchObject({ code: 'storage.refused', message: expect.stringContaining('none of') as string });
    other.server.faults.plan({ match: /^POST .*\/object\//, times: 100, status: 413 });
    const storage = { endpoint: { url, serviceKey }, choice: { buckets: ['files'], prefixes: [] }, parallel: 2 };
    const input = { repository, target: other.target, storage, components: ['storage' as const] };
    const at = { endpoint: storage.endpoint, keptDatabase: null };
    const refused = await failureOf(giveStorageBack(input, manifest, at, new Meter(calm), calm.signal));
    expect(refused).toMatchObject({ code: 'storage.refused', message: expect.stringContaining('413') as string });
  } finally {
    await other.server.stop();
  }
});

it('metadata that no header can carry stops nothing: its row has it, or the report names it', async () => {
  await project.client.query(
    `UPDATE storage.objects SET user_metadata = pg_catalog.jsonb_build_object('long', pg_catalog.repeat('x', 50000)),
       metadata = metadata || '{"mimetype": "text/\u0142"}' WHERE name = 'Case'`,
  );
  const { backupId: id } = await backUp({ parentBackupId: backupId });
  const other = await makeProject('odd');
  try {
    const done = await giveBack(other, { prefixes: ['files/Case'] }, await read(id));
    expect(done).toMatchObject({ restored: 1, failed: 0, differenceCount: 1 });
    expect(done.differences).toMatchObject([{ kind: 'object', subject: 'files/Case', expected: 'text/\u0142' }]);
    const { rows } = await other.client.query(`SELECT length(user_metadata ->> 'long') AS long FROM storage.objects`);
    expect(rows).toEqual([{ long: 50_000 }]);
    await other.client.query(
      `UPDATE storage.objects SET user_metadata = NULL;
       CREATE FUNCTION public.deny() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE 'not yours' USING ERRCODE = '42501'; END $$;
       CREATE TRIGGER deny BEFORE UPDATE OF user_metadata ON storage.objects FOR EACH ROW EXECUTE FUNCTION public.deny();
       ALTER TABLE storage.objects ENABLE ALWAYS TRIGGER deny`,
    );
    const denied = await giveBack(other, { prefixes: ['files/Case'] }, await read(id));
    expect(denied.differences).toMatchObject([{ subject: 'files/Case', expected: 'user metadata' }]);
  } finally {
    await other.server.stop();
  }
});

/** A project's address that does something before the first request for a key goes through. */
async function detour(key: string, first: () => Promise<void>): Promise<{ url: string; close: () => void }> {
  let done: Promise<void> | undefined;
  const proxy = createServer((request, response) => {
    const go = async (): Promise<void> => {
      if (request.url?.endsWith(`/${key}`)) await (done ??= first());
      const headers = { authorization: request.headers.authorization ?? '' };
      const answer = await fetch(`${project.server.url}${request.url}`, { headers });
      response.writeHead(answer.status, { etag: answer.headers.get('etag') ?? '' });
      response.end(Buffer.from(await answer.arrayBuffer()));
    };
    go().catch(() => response.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, close: () => proxy.close() };
}

it('marks what was replaced after the instant, and what it stored is what it says', async () => {
  const newer = Buffer.from('newer');
  const { url, close } = await detour('Case', () => put(project, 'files', 'Case', newer));
  const backup = await backUp({ parentBackupId: null, url });
  close();
  const entry = (await listOf(await read(backup.backupId))).find(({ key }) => key === 'Case');
  expect(entry).toMatchObject({ replaced: true, size: 5, sha256: sha256(newer) });
  expect(backup.coverage.gaps).toContainEqual(
    expect.objectContaining({ code: 'objects-replaced', subjects: ['files/Case'] }),
  );
  // a later one does not take it for what it should have been
  expect((await backUp({ parentBackupId: backup.backupId })).storage?.objectsRead).toBe(1);
});

it('names every object that lies in a damaged chunk', async () => {
  const large = (await listOf(manifest)).find(({ key }) => key === 'large');
  const chunk = manifest.chunks[large?.pieces?.[1]?.[0] ?? -1];
  await truncate(join(repository.driver.location, chunkPath('plain', chunk?.id ?? '')), 100);
  for (const level of ['presence', 'content'] as const) {
    const proof = await prove(repository, { backupId }, level);
    expect(proof).toMatchObject({ verdict: 'damaged', damagedCount: 1 });
    expect(proof.damaged).toMatchObject([{ artifact: 'files/large', problem: 'size' }]);
  }
  const other = await makeProject('damaged');
  const done = await giveBack(other, { prefixes: ['files/l'] });
  await other.server.stop();
  expect(done).toMatchObject({ restored: 1, failed: 1, differenceCount: 1 });
  expect(done.differences).toMatchObject([{ subject: 'files/large', found: expect.stringContaining('is damaged') }]);
  const healed = await backUp({ parentBackupId: backupId });
  expect(healed.storage?.objectsRead).toBeGreaterThanOrEqual(2);
  expect(await prove(repository, healed)).toMatchObject({ verdict: 'proven' });
});

async function flipBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

it('reads all again where the earlier list is damaged, and writes damaged chunks again', async () => {
  const earlier = await read((await backUp({ parentBackupId: null })).backupId);
  const list = objectListOf(earlier);
  const large = (await listOf(earlier)).find(({ key }) => key === 'large');
  for (const chunk of [list?.pieces[0]?.chunk, large?.pieces?.[1]?.[0]]) {
    await flipBit(join(repository.driver.location, chunkPath('plain', earlier.chunks[chunk ?? -1]?.id ?? '')));
  }
  const proof = await prove(repository, earlier);
  expect(proof.damaged).toMatchObject([{ artifact: 'storage objects' }]);
  const next = await backUp({ parentBackupId: earlier.backupId });
  expect(next.storage?.objectsRead).toBe((next.storage?.objects ?? 0) - 1);
  expect(await prove(repository, next)).toMatchObject({ verdict: 'proven' });
  const ids = (await read(next.backupId)).chunks.map(({ id }) => id);
  expect(ids).toContain(earlier.chunks[large?.pieces?.[1]?.[0] ?? -1]?.id);
});
