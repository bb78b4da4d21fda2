import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { createProjectDatabase, startProjectServer, type ProjectServer } from '@holdfast/testing/supabase';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { extract } from 'tar-stream';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { calm, environment, prove, takeBackup } from '../engine-under-test.ts';
import { writeBackupTar } from '../download/backup-tar.ts';
import { objectListOf, readManifest, type Manifest } from '../manifest/manifest.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { attachRepository, type Repository } from '../repository/repository.ts';
import { Meter } from '../run.ts';
import { objectName, readObjectList, type ObjectEntry } from './object-list.ts';
import { restoreObjects } from './restore-objects.ts';

/** A server of another age, or a script with the database's password, may have let them in. */
const KEYS = [
  ...['../x', '../../../../../../tmp/holdfast-x', '/etc/x', '..', '.', 'a/../b', 'a/./b', 'a/..', '//x', 'x/'],
  ...[
    'a\nb',
    'a\r\nX-Y: z',
    '%2e%2e',
    '%2e%2e/x',
    '%00',
    '%2F..%2Fx',
    'a\\..\\x',
    'C:\\x',
    '-rf',
    '~',
    '$(x)',
    '\u0001',
  ],
  ...['a b', 'ä', "'; DROP TABLE x; --", '{"a":1}', 'con', '.env', '__proto__', 'plain'],
];
const BUCKETS = ['files', '..', '.', '../files', '%2e%2e', 'a\nb'];

let postgres: ThrowawayPostgres;
let dir: string;
let repository: Repository;
const servers: ProjectServer[] = [];
let manifest: Manifest;
let entries: ObjectEntry[];
const given = new Map<string, string>();

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');

async function project(name: string): Promise<{ target: PostgresTarget; server: ProjectServer; client: pg.Client }> {
  const target = await postgres.createDatabase(name);
  await createProjectDatabase(target);
  const server = await startProjectServer({ target, dir: join(dir, name) });
  servers.push(server);
  return { target, server, client: await postgres.client(target) };
}

async function plant(client: pg.Client, server: ProjectServer, bucket: string, key: string): Promise<void> {
  const [id, bytes] = [randomUUID(), Buffer.from(`the bytes of ${bucket} and ${key}`)];
  const metadata = { eTag: `"${md5(bytes)}"`, size: bytes.length, mimetype: 'text/plain', cacheControl: 'no-cache' };
  await client.query(
    'INSERT INTO storage.objects (id, bucket_id, name, version, metadata) VALUES ($1, $2, $3, $4, $5)',
    [id, bucket, key, id, metadata],
  );
  const path = server.blobs.path({ bucket, id, version: id });
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  given.set(objectName({ bucket, key }), sha256(bytes));
}

beforeAll(async () => {
  postgres = await throwawayPostgres(17);
  dir = await makeTempDir('hostile');
  repository = (await attachRepository(join(dir, 'repository'))).repository;
  const { client, server, target } = await project('source');
  for (const bucket of BUCKETS) {
    await client.query('INSERT INTO storage.buckets (id, name) VALUES ($1, $1)', [bucket]);
    for (const key of bucket === 'files' ? KEYS : ['x', '../files/plain']) await plant(client, server, bucket, key);
  }
  const endpoint = { url: server.url, serviceKey: server.serviceRoleKey };
  const { backupId } = await takeBackup(target, repository, {
    storage: { endpoint, parentBackupId: null, parallel: 4 },
  });
  manifest = await readManifest(repository, environment.id, backupId, calm.signal);
  const list = objectListOf(manifest);
  entries = [];
  if (list) for await (const entry of readObjectList(repository, manifest, list, calm.signal)) entries.push(entry);
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  await postgres.stop();
  await rm(dir, { recursive: true, force: true });
});

it('a backup has every object with its own bytes, or names it as one without', async () => {
  expect(entries).toHaveLength(given.size);
  const without = entries.filter(({ sha256: digest }) => digest === null).map(objectName);
  for (const entry of entries.filter(({ sha256: digest }) => digest !== null)) {
    expect([objectName(entry), entry.sha256, entry.replaced]).toEqual([
      objectName(entry),
      given.get(objectName(entry)),
      false,
    ]);
  }
  const gaps = manifest.coverage.gaps.filter(({ code }) => code.startsWith('objects-'));
  expect(gaps.reduce((sum, { count }) => sum + count, 0)).toBe(without.length);
  expect(without).toEqual(expect.arrayContaining(gaps.flatMap(({ subjects }) => subjects)));
  expect(without).toEqual(expect.arrayContaining(['files/..', 'files/../x', 'files/a/../b', '../x', '../files/x']));
  expect(entries.length - without.length).toBeGreaterThanOrEqual(13);
  expect(await prove(repository, { backupId: manifest.backupId })).toMatchObject({ verdict: 'proven' });
});

it('a restore gives each back exactly, or names it; none overwrites another', async () => {
  const { target, server, client } = await project('target');
  const list = objectListOf(manifest);
  if (!list) throw new Error('no list');
  const done = await restoreObjects({
    ...{ repository, manifest, list, target, replaced: null, choice: { buckets: [], prefixes: [] }, parallel: 4 },
    endpoint: { url: server.url, serviceKey: server.serviceRoleKey },
    ...{ signal: calm.signal, meter: new Meter(calm) },
  });
  const named = done.differences.filter(({ kind }) => kind === 'object').map(({ subject }) => subject);
  expect(named).toHaveLength(done.failed);
  const { rows } = await client.query<{ bucket: string; key: string; etag: string }>(
    `SELECT bucket_id AS bucket, name AS key, metadata ->> 'eTag' AS etag FROM storage.objects`,
  );
  const expected = new Map(entries.map((entry) => [objectName(entry), entry.md5]));
  for (const row of rows)
    expect([objectName(row), row.etag]).toEqual([objectName(row), `"${expected.get(objectName(row))}"`]);
  const withBytes = entries.filter(({ pieces }) => pieces !== null).map(objectName);
  expect([...rows.map(objectName), ...named].sort()).toEqual([...withBytes].sort());
  expect(rows.map(({ key }) => key)).toEqual(expect.arrayContaining(['/etc/x', 'plain', '//x', 'a b', '-rf', '.env']));
  expect(done.differences.filter(({ kind }) => kind === 'bucket').map(({ subject }) => subject)).toEqual(
    expect.arrayContaining(['..', '.', '../files']),
  );
});

it('a tar puts nothing outside of its folder, however carelessly it is unpacked', async () => {
  const output = new PassThrough();
  const into = join(dir, 'outer', 'into');
  await mkdir(into, { recursive: true });
  const { backupId } = manifest;
  const unpack = async (): Promise<void> => {
    for await (const entry of output.pipe(extract())) {
      const parts: Buffer[] = [];
      for await (const part of entry) parts.push(part as Buffer);
      expect(entry.header.name).toMatch(/^backup\/[\w./-]+$/);
      expect(entry.header.name.split('/')).not.toContain('..');
      await mkdir(dirname(join(into, entry.header.name)), { recursive: true });
      await writeFile(join(into, entry.header.name), Buffer.concat(parts));
    }
  };
  const written = writeBackupTar({ repository, environmentId: environment.id, backupId }, output, calm);
  await Promise.all([unpack(), written]);
  expect([await readdir(join(dir, 'outer')), await readdir(into)]).toEqual([['into'], ['backup']]);
  const storage = join(into, 'backup', '8-storage');
  const lines = (await readFile(join(storage, 'objects.jsonl'), 'utf8')).trimEnd().split('\n');
  const listed = lines.map((line) => JSON.parse(line) as { file: string | null; bucket: string; key: string });
  expect(listed.map(objectName)).toEqual(entries.map(objectName));
  for (const [index, { file, ...name }] of listed.entries()) {
    const digest = file === null ? null : sha256(await readFile(join(storage, file)));
    expect([objectName(name), digest]).toEqual([objectName(name), entries[index]?.sha256]);
  }
  expect((await readFile(join(storage, 'buckets.jsonl'), 'utf8')).trimEnd().split('\n')).toHaveLength(BUCKETS.length);
});
