import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTempDir, once, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import {
  createProjectDatabase,
  plantObjects,
  startProjectServer,
  type ProjectServer,
} from '@holdfast/testing/supabase';
import { answered } from '@holdfast/tools/operations-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { projectGate, type ProjectGate } from './project-gate.ts';
import { completed, ended, register, rowsOf, startBackup, startProduct, startRestore, startVerify } from './product.ts';
import type { Database, Operation, Product } from './product.ts';

/** Objects of 4 KB: several chunks before, between and after two cuts. */
const MANY = 600;
const READS = /^GET \/storage\/v1\/object\/authenticated\/files\/many\//;
const UPLOADS = /^POST \/storage\/v1\/object\/files\//;

interface Project {
  id: string;
  target: Database;
  server: ProjectServer;
  gate: ProjectGate;
}

let product: Product;
let postgres: ThrowawayPostgres;
let dir: string;
let shop: Project;
let fresh: Project;

async function project(name: string): Promise<Project> {
  const target = await postgres.createDatabase(name);
  await createProjectDatabase(target);
  const server = await startProjectServer({ target, dir: join(dir, name) });
  const gate = await projectGate(server.url);
  const more = { projectUrl: gate.url, serviceKey: server.serviceRoleKey };
  return { target, server, gate, id: await register(product.api, name, target, more) };
}

async function upload({ server }: Project, key: string, text: string): Promise<void> {
  const answer = await fetch(`${server.url}/storage/v1/object/files/${encodeURIComponent(key)}`, {
    method: 'POST',
    headers: {
      ...{ authorization: `Bearer ${server.serviceRoleKey}`, 'content-type': 'text/x-note', 'x-upsert': 'true' },
      ...{ 'cache-control': 'max-age=77', 'x-metadata': Buffer.from('{"von":"Ünal"}').toString('base64') },
    },
    body: text,
  });
  expect([key, answer.status]).toEqual([key, 200]);
}

/** What people see of every object, or of the one with this name, by the name. */
async function contents({ server, target }: Project, only?: string): Promise<Map<string, object>> {
  const rows = await rowsOf<{ name: string }>(
    target,
    `SELECT bucket_id || '/' || name AS name, id, owner_id, created_at, user_metadata, metadata ->> 'mimetype' AS type,
       metadata ->> 'cacheControl' AS cache FROM storage.objects
     WHERE $1::text IS NULL OR bucket_id || '/' || name = $1 ORDER BY name COLLATE "C"`,
    [only ?? null],
  );
  const found = new Map<string, object>();
  const read = async ({ name, ...row }: { name: string }): Promise<void> => {
    const url = `${server.url}/storage/v1/object/authenticated/${name.split('/').map(encodeURIComponent).join('/')}`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${server.serviceRoleKey}` } });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    found.set(name, { ...row, status: answer.status, sha256, served: answer.headers.get('content-type') });
  };
  for (let from = 0; from < rows.length; from += 16) await Promise.all(rows.slice(from, from + 16).map(read));
  return found;
}

/** Every chunk that is stored, with what shows whether its file was written again. */
async function chunks(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const below = join(product.repositoryDir, 'chunks');
  for (const entry of await readdir(below, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { ino, mtimeNs, size } = await stat(join(entry.parentPath, entry.name), { bigint: true });
    found.set(entry.name, `${ino} ${mtimeNs} ${size}`);
  }
  return found;
}

const resultOf = ({ result }: Operation): Record<string, unknown> => result ?? {};
const backUp = async (): Promise<Operation> => completed(product.api, await startBackup(product.api, shop.id));

beforeAll(async () => {
  [product, postgres] = await Promise.all([startProduct(), throwawayPostgres(17)]);
  dir = await makeTempDir('storage-e2e');
  shop = await project('shop');
  fresh = await project('fresh');
  await once(
    shop.target,
    `INSERT INTO storage.buckets (id, name, public, file_size_limit) VALUES ('files', 'files', true, 5000000), ('none', 'none', false, NULL)`,
  );
  await plantObjects(shop.server, shop.target, { bucket: 'files', count: MANY, size: 4_000 });
  for (const key of ['a b?x=1', 'note', 'empty']) await upload(shop, key, key === 'empty' ? '' : key.repeat(20));
});
afterAll(async () => {
  await product?.stop();
  for (const one of [shop, fresh]) {
    one?.gate.close();
    await one?.server.stop();
  }
  await postgres?.stop();
  await rm(dir, { recursive: true, force: true });
});

let first: Operation;

it('a worker that is killed at 30 and 70 % of the storage part is followed by one that writes no stored chunk again', async () => {
  const stored: Map<string, string>[] = [];
  const kill = async (share: number, during: () => Promise<unknown>): Promise<void> => {
    const hold = shop.gate.holdAfter(READS, MANY * share);
    await during();
    await hold.held;
    await product.stack.kill('worker');
    stored.push(await chunks());
    hold.open();
  };
  let id = '';
  await kill(0.3, async () => (id = await startBackup(product.api, shop.id)));
  await kill(0.7, async () => undefined);
  first = await completed(product.api, id, 90);
  const after = await chunks();
  const [early, late] = stored as [Map<string, string>, Map<string, string>];
  expect(early.size).toBeGreaterThan(2);
  expect(late.size).toBeGreaterThan(early.size);
  expect(after.size).toBeGreaterThan(late.size);
  for (const before of stored) {
    for (const [name, file] of before) expect([name, after.get(name)]).toEqual([name, file]);
  }
  expect(resultOf(first)).toMatchObject({ objects: MANY + 3, objectsRead: MANY + 3 });
  const { data } = await product.api.GET('/api/v1/backup/{id}', { params: { path: { id: first.backupId ?? '' } } });
  expect(data).toMatchObject({ objects: MANY + 3, components: ['database', 'storage'] });
  expect(data?.coverage.included).toContain('storage objects');
});

it('a second backup reads no object, and one of ten changed objects reads ten', async () => {
  shop.gate.passed.length = 0;
  const second = resultOf(await backUp());
  expect(second).toMatchObject({ objects: MANY + 3, objectsRead: 0 });
  expect(shop.gate.passed.filter((line) => READS.test(line))).toEqual([]);
  expect(Number(second['storedBytes'])).toBeLessThan(Number(resultOf(first)['storedBytes']) / 10);
  for (let n = 0; n < 10; n++) await upload(shop, `new ${n}`, `new ${n}`);
  expect(resultOf(await backUp())).toMatchObject({ objects: MANY + 13, objectsRead: 10 });
});

it('only chosen buckets are read, and an unknown one is named', async () => {
  const chosen = async (storage: { buckets?: string[]; prefixes?: string[] }): Promise<Operation> => {
    const choice = { buckets: [], prefixes: [], ...storage };
    const body = { environmentId: shop.id, storage: choice };
    return ended(product.api, answered(await product.api.POST('/api/v1/backup', { body })).operationId);
  };
  const ten = resultOf(await chosen({ prefixes: ['files/new '] }));
  expect(ten).toMatchObject({ objects: 10, objectsRead: 0 });
  expect(ten['coverage']).toMatchObject({
    gaps: expect.arrayContaining([expect.objectContaining({ code: 'objects-not-chosen', count: MANY + 3 })]),
  });
  const unknown = await chosen({ buckets: ['files', 'nowhere'] });
  expect(unknown.error).toMatchObject({ code: 'storage.bucket_unknown', message: expect.stringContaining('nowhere') });
});

it('a restore into another project gives every object back, also where the worker is killed in the middle', async () => {
  const { backupId } = await backUp();
  const body = { environmentId: fresh.id, overwrite: true, confirm: 'fresh' };
  const look = await completed(product.api, await startRestore(product.api, backupId ?? '', { ...body, dryRun: true }));
  expect(resultOf(look)).toMatchObject({
    storage: null,
    findings: expect.arrayContaining([expect.objectContaining({ severity: 'warning', code: 'storage.restored' })]),
  });
  const hold = fresh.gate.holdAfter(UPLOADS, (MANY * 2) / 3);
  const id = await startRestore(product.api, backupId ?? '', body);
  await hold.held;
  await product.stack.kill('worker');
  hold.open();
  const done = resultOf(await completed(product.api, id, 90));
  const { storage } = done as { storage: { restored: number; kept: number; failed: number; buckets: number } };
  expect(done).toMatchObject({ differences: [], differenceCount: 0 });
  expect(storage).toMatchObject({ buckets: 2, failed: 0 });
  expect(storage.restored + storage.kept).toBe(MANY + 13);
  expect(storage.kept).toBeGreaterThanOrEqual((MANY * 2) / 3 - 8);
  // those that were on their way when it was killed may be sent twice
  expect(fresh.gate.passed.filter((line) => UPLOADS.test(line)).length).toBeLessThanOrEqual(MANY + 13 + 8);
  expect(await contents(fresh)).toEqual(await contents(shop));
  const again = resultOf(await completed(product.api, await startRestore(product.api, backupId ?? '', body)));
  // the rows came anew with the database, and took over the versions that the project knows
  expect(again).toMatchObject({ storage: { restored: 0, bytes: 0, kept: MANY + 13, failed: 0 } });
});

it('storage alone leaves the database as it is; a new database has none', async () => {
  const { backupId } = await backUp();
  const into = async (body: object): Promise<Operation> =>
    ended(product.api, await startRestore(product.api, backupId ?? '', { environmentId: fresh.id, ...body }));
  await once(fresh.target, 'CREATE TABLE public.of_today ()');
  await upload(fresh, 'note', 'of today');
  const alone = { components: ['storage' as const], overwrite: true, confirm: 'fresh' };
  const unknown = await into({ ...alone, storage: { buckets: ['nowhere'], prefixes: [] } });
  expect(unknown.error?.code).toBe('storage.bucket_unknown');
  const done = await into({ ...alone, storage: { buckets: ['files'], prefixes: ['files/n'] } });
  expect(resultOf(done)).toMatchObject({ tables: 0, storage: { buckets: 1, restored: 1, kept: 10, failed: 0 } });
  expect(await rowsOf(fresh.target, `SELECT to_regclass('public.of_today')::text AS it`)).toEqual([{ it: 'of_today' }]);
  const note = await contents(fresh, 'files/note');
  expect(note.size).toBe(1);
  expect(note).toEqual(await contents(shop, 'files/note'));

  const copy = resultOf(await into({ newDatabase: 'copy' }));
  expect(copy).toMatchObject({
    storage: null,
    findings: expect.arrayContaining([expect.objectContaining({ code: 'storage.left_out', severity: 'warning' })]),
    gaps: expect.arrayContaining([expect.objectContaining({ code: 'objects-not-restored' })]),
  });
});

it('a project that cannot be reached stops a restore before the database is touched', async () => {
  const wrong = { projectUrl: fresh.gate.url, serviceKey: 'not-the-key-of-this-project' };
  const change = { params: { path: { id: fresh.id }, header: { 'If-Match': '*' } }, body: wrong };
  answered(await product.api.PATCH('/api/v1/environments/{id}', change));
  const probe = answered(
    await product.api.POST('/api/v1/environments/{id}/test', { params: { path: { id: fresh.id } } }),
  );
  expect(probe.blockers).toMatchObject([{ code: 'storage.refused' }]);
  const body = { environmentId: fresh.id, overwrite: true, confirm: 'fresh' };
  const refused = await ended(product.api, await startRestore(product.api, first.backupId ?? '', body));
  expect(refused).toMatchObject({ status: 'failed', error: { code: 'restore.preflight_failed' } });
  expect(await rowsOf(fresh.target, `SELECT to_regclass('public.of_today')::text AS it`)).toEqual([{ it: 'of_today' }]);
});

it('a verification names the objects that a damaged chunk takes along', async () => {
  await backUp();
  const before = await chunks();
  await upload(shop, 'own chunk', randomBytes(300_000).toString('base64'));
  const { backupId } = await backUp();
  const fresh = [...(await chunks())].filter(([name]) => !before.has(name));
  const [largest = ''] = fresh.sort(([, a], [, b]) => Number(b.split(' ')[2]) - Number(a.split(' ')[2]))[0] ?? [];
  const proof = async (): Promise<Record<string, unknown>> =>
    resultOf(await completed(product.api, await startVerify(product.api, backupId ?? '', 'content')));
  expect(await proof()).toMatchObject({ verdict: 'proven', objects: expect.any(Number) });
  for (const entry of await readdir(join(product.repositoryDir, 'chunks'), { recursive: true, withFileTypes: true })) {
    if (entry.name === largest) await truncate(join(entry.parentPath, entry.name), 20);
  }
  expect(await proof()).toMatchObject({
    ...{ verdict: 'damaged', damagedCount: 1 },
    damaged: [{ artifact: 'files/own chunk', cost: expect.stringContaining('cannot be restored') }],
  });
});
