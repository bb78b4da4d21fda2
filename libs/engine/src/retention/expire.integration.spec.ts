import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { randomUUID } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { BackupSummary } from '../backup/backup.ts';
import { calm, environment, failureOf, listed, prove, takeBackup, troubled } from '../engine-under-test.ts';
import { readManifest } from '../manifest/manifest.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import {
  attachRepository,
  chunkPath,
  manifestPath,
  openRepository,
  type Repository,
} from '../repository/repository.ts';
import { expire } from './expire.ts';

let server: ThrowawayPostgres;
let source: PostgresTarget;
let repository: Repository;
/** Two backups that share most of their chunks. */
let older: BackupSummary;
let newer: BackupSummary;

let template: Repository;

beforeAll(async () => {
  server = await throwawayPostgres(17);
  source = await server.createDatabase('source');
  const client = await server.client(source);
  template = (await attachRepository(await makeTempDir('expire'))).repository;
  await client.query(`CREATE TABLE big AS SELECT g AS id, md5(g::text) AS note FROM generate_series(1, 30000) g;
    CREATE TABLE changing AS SELECT g AS id, md5((g * 3)::text) AS note FROM generate_series(1, 50000) g`);
  older = await takeBackup(source, template);
  await client.query(`UPDATE changing SET note = md5(random()::text)`);
  newer = await takeBackup(source, template);
});
afterAll(() => server.stop());

beforeEach(async () => {
  const place = join(await makeTempDir('expire'), 'repository');
  await cp(template.driver.location, place, { recursive: true });
  repository = await openRepository(place, template.uid);
});

it('removes nothing that has not the place of a chunk', async () => {
  const others = ['chunks/data/README', 'chunks/inner/chunks/data/ab/' + 'ab'.padEnd(64, '0'), 'chunks/data/ab/note'];
  for (const path of others) {
    await mkdir(dirname(full(path)), { recursive: true });
    await writeFile(full(path), 'of somebody else');
  }
  await remove(older);
  await remove(newer);
  expect([...(await chunksThere()).keys()].sort()).toEqual(others.sort());
});

const full = (path: string): string => join(repository.driver.location, path);
const manifestOf = ({ backupId }: BackupSummary): string => manifestPath(environment.id, backupId);
const remove = ({ backupId }: Pick<BackupSummary, 'backupId'>, from = repository) =>
  expire({ repository: from, environmentId: environment.id, backupId }, calm);

async function chunksThere(): Promise<Map<string, number>> {
  const chunks = new Map<string, number>();
  for await (const { path, sizeBytes } of repository.driver.list('chunks')) chunks.set(path, sizeBytes);
  return chunks;
}

async function chunksOf({ backupId }: BackupSummary): Promise<string[]> {
  const manifest = await readManifest(repository, environment.id, backupId, calm.signal);
  return manifest.chunks.map(({ domain, id }) => chunkPath(domain, id)).sort();
}

/** Only what this backup needs is there, and it is whole. */
async function expectOnly(backup: BackupSummary): Promise<void> {
  expect(await listed(repository)).toEqual([backup.backupId]);
  expect([...(await chunksThere()).keys()].sort()).toEqual(await chunksOf(backup));
  expect(await prove(repository, backup)).toMatchObject({ verdict: 'proven' });
}

it('removes a backup and the chunks that no other needs, and says how many', async () => {
  const before = await chunksThere();
  const needed = await chunksOf(newer);
  const own = [...before].filter(([path]) => !needed.includes(path));
  expect(own.length).toBeGreaterThan(1);
  expect(own.length).toBeLessThan(before.size);
  expect(await remove(older)).toEqual({
    removedChunks: own.length,
    freedBytes: own.reduce((sum, [, sizeBytes]) => sum + sizeBytes, 0),
  });
  await expectOnly(newer);
});

it('keeps an older backup whole when a newer one is removed, and empties the repository with the last', async () => {
  await remove(newer);
  await expectOnly(older);
  await remove(older);
  expect(await listed(repository)).toEqual([]);
  expect((await chunksThere()).size).toBe(0);
  expect(await prove(repository, await takeBackup(source, repository))).toMatchObject({ verdict: 'proven' });
});

it('does the same again without an error, and sweeps for one that is not there', async () => {
  await remove(older);
  expect(await remove(older)).toEqual({ removedChunks: 0, freedBytes: 0 });
  expect(await remove({ backupId: randomUUID() })).toEqual({ removedChunks: 0, freedBytes: 0 });
  await expectOnly(newer);
});

it.each([0, 1, 2])(
  'that dies after %i of the chunks leaves the other backup whole, and the next one cleans up',
  async (after) => {
    const dying = await troubled(repository);
    let chunks = 0;
    dying.driver.beforeRemove = (path) => {
      if (path.startsWith('chunks/') && chunks++ >= after) throw new Error('killed');
    };
    await expect(remove(older, dying)).rejects.toThrow('killed');
    expect(await listed(repository)).toEqual([newer.backupId]);
    expect((await chunksThere()).size).toBeGreaterThan((await chunksOf(newer)).length);
    expect(await prove(repository, newer)).toMatchObject({ verdict: 'proven' });
    expect((await remove(older)).removedChunks).toBeGreaterThan(0);
    await expectOnly(newer);
  },
);

it('that dies before it removed anything leaves both backups whole', async () => {
  const dying = await troubled(repository);
  dying.driver.beforeRemove = () => {
    throw new Error('killed');
  };
  await expect(remove(older, dying)).rejects.toThrow('killed');
  for (const backup of [older, newer]) expect(await prove(repository, backup)).toMatchObject({ verdict: 'proven' });
});

it.each([
  ['damaged', async (path: string) => writeFile(path, (await readFile(path, 'utf8')).replace('"rows":', '"rows": '))],
  ['cut', async (path: string) => writeFile(path, (await readFile(path)).subarray(0, 100))],
])('stops before the sweep when the manifest of another backup is %s, and names that backup', async (_how, harm) => {
  await harm(full(manifestOf(newer)));
  const chunks = await chunksThere();
  const error = await failureOf(remove(older));
  expect(error.code).toBe('manifest.damaged');
  expect(error.message).toContain(newer.backupId);
  expect(error.message).toContain(environment.id);
  expect(await chunksThere()).toEqual(chunks);
  // removing the damaged one is the way out
  await remove(newer);
  expect((await chunksThere()).size).toBe(0);
});

it('stops when the repository goes away, and goes on when it is back', async () => {
  const going = await troubled(repository);
  const place = repository.driver.location;
  going.driver.beforeRemove = async (path) => {
    if (path.startsWith('chunks/')) await rename(place, `${place}-gone`);
  };
  expect((await failureOf(remove(older, going))).code).toBe('repository.unreachable');
  expect((await failureOf(remove(older))).code).toBe('repository.unreachable');
  await rm(place, { recursive: true, force: true });
  await rename(`${place}-gone`, place);
  await remove(older);
  await expectOnly(newer);
});

it('does nothing when it was cancelled before, and stops in the middle of the sweep', async () => {
  const { backupId } = older;
  const cancel = new AbortController();
  const going = await troubled(repository);
  going.driver.beforeRemove = (path) => {
    if (path.startsWith('chunks/')) cancel.abort(new Error('enough'));
  };
  const cancelled = { signal: AbortSignal.abort(new Error('no more')) };
  const input = { repository: going, environmentId: environment.id, backupId };
  await expect(expire(input, cancelled)).rejects.toThrow('no more');
  expect(await listed(repository)).toHaveLength(2);
  const chunks = await chunksThere();
  await expect(expire(input, { signal: cancel.signal })).rejects.toThrow('enough');
  expect((await chunksThere()).size).toBe(chunks.size - 1);
  await remove(older);
  await expectOnly(newer);
});

it('sweeps what killed writes left an hour ago, and nothing younger', async () => {
  const chunk = (await chunksOf(newer))[0] ?? '';
  const folder = full(chunk.slice(0, chunk.lastIndexOf('/')));
  for (const [name, ageMs] of [
    ['.unfinished-old', 3_700_000],
    ['.unfinished-young', 60_000],
  ] as const) {
    await writeFile(join(folder, name), 'half');
    const at = new Date(Date.now() - ageMs);
    await utimes(join(folder, name), at, at);
  }
  await remove(older);
  await expect(readFile(join(folder, '.unfinished-old'))).rejects.toThrow('ENOENT');
  expect(await readFile(join(folder, '.unfinished-young'), 'utf8')).toBe('half');
  await expectOnly(newer);
});
