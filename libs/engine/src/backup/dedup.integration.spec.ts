import { OperationError } from '@holdfast/contracts';
import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calm, environment, prove, takeBackup, troubled } from '../engine-under-test.ts';
import { readManifest } from '../manifest/manifest.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { attachRepository, chunkPath, type Repository } from '../repository/repository.ts';
import type { BackupSummary } from './backup.ts';

let server: ThrowawayPostgres;

beforeAll(async () => {
  server = await throwawayPostgres(17);
});
afterAll(() => server.stop());

/** A database filled by these statements, an empty repository, and the first backup. */
async function begin(...statements: string[]) {
  const source = await server.createDatabase();
  const client = await server.client(source);
  for (const sql of statements) await client.query(sql);
  const { repository } = await attachRepository(await makeTempDir('dedup'));
  const first = await takeBackup(source, repository);
  return { source, client, repository, first };
}

async function chunksOf(repository: Repository, { backupId }: BackupSummary): Promise<Set<string>> {
  const manifest = await readManifest(repository, environment.id, backupId, calm.signal);
  return new Set(manifest.chunks.map(({ domain, id }) => chunkPath(domain, id)));
}

/** Bytes of all chunks and manifests that stand in the repository. */
async function storedBytes(repository: Repository): Promise<number> {
  let sum = 0;
  for await (const { path, sizeBytes } of repository.driver.list('')) if (path !== 'holdfast.json') sum += sizeBytes;
  return sum;
}

async function manifestBytes(repository: Repository): Promise<number> {
  let sum = 0;
  for await (const { sizeBytes } of repository.driver.list('backups')) sum += sizeBytes;
  return sum;
}

describe('a second backup', () => {
  const rows = 300_000;
  let begun: Awaited<ReturnType<typeof begin>>;
  /** What the second backup added, as a share of what the first did. */
  async function second(): Promise<number> {
    const before = await storedBytes(begun.repository);
    const summary = await takeBackup(begun.source, begun.repository);
    expect(summary.storedBytes).toBe((await storedBytes(begun.repository)) - before);
    expect(await prove(begun.repository, summary)).toMatchObject({ verdict: 'proven', rows: summary.rows });
    return summary.storedBytes / begun.first.storedBytes;
  }

  beforeAll(async () => {
    begun = await begin(
      'CREATE TABLE orders (id bigint PRIMARY KEY, at timestamptz, state text, note text)',
      `INSERT INTO orders SELECT g, '2024-01-01'::timestamptz + g * interval '1 min', (ARRAY['new','paid','sent'])[1 + g % 3],
         md5(g::text) || md5((g * 7)::text) FROM generate_series(1, ${rows}) g`,
    );
    expect(begun.first.storedBytes).toBe(await storedBytes(begun.repository));
    expect(begun.first.storedBytes).toBeGreaterThan(8_000_000);
  });

  it('of an unchanged database stores its manifest', async () => {
    expect(await second()).toBeLessThan(0.005);
  });

  it('stores less than 5 % when 1 % was appended', async () => {
    await begun.client.query(
      `INSERT INTO orders SELECT ${rows} + g, now(), 'new', md5(g::text || 'x') || md5(g::text) FROM generate_series(1, ${rows / 100}) g`,
    );
    expect(await second()).toBeLessThan(0.05);
  });

  it('stores less than 8 % when the newest 1 % was updated', async () => {
    // at the heap's end as the update leaves it: the old rows vanish in one place, the new ones appear in another
    await begun.client.query(`UPDATE orders SET state = 'done' WHERE id > ${rows * 0.99} AND id <= ${rows}`);
    expect(await second()).toBeLessThan(0.08);
  });
});

it('keeps 500 small tables in few chunks, and a change in one of them costs few', async () => {
  const { source, client, repository, first } = await begin(
    `DO $$ BEGIN FOR i IN 1..500 LOOP
       EXECUTE format('CREATE TABLE t%s AS SELECT g AS id, md5((g * %s)::text) AS note FROM generate_series(1, 150) g', i, i);
     END LOOP; END $$`,
  );
  const before = await chunksOf(repository, first);
  expect(before.size).toBeLessThan(40);
  await client.query(`UPDATE t250 SET note = 'changed' WHERE id = 7; INSERT INTO t100 VALUES (0, 'new')`);
  const next = await takeBackup(source, repository);
  const fresh = [...(await chunksOf(repository, next))].filter((path) => !before.has(path));
  expect(fresh.length).toBeGreaterThan(0);
  expect(fresh.length).toBeLessThanOrEqual(4);
  await client.query('DROP TABLE t300; CREATE TABLE t300b (id int); INSERT INTO t300b VALUES (1)');
  const third = await takeBackup(source, repository);
  const after = await chunksOf(repository, next);
  const moved = [...(await chunksOf(repository, third))].filter((path) => !after.has(path));
  // schema, catalog and the packs around the table that went and the one that came
  expect(moved.length).toBeLessThanOrEqual(8);
  for (const backup of [first, next, third])
    expect(await prove(repository, backup)).toMatchObject({ verdict: 'proven' });
});

it('stores equal tables once, also when they are read at the same time', async () => {
  const { repository, first } = await begin(
    `CREATE TABLE a AS SELECT g AS id, md5(g::text) AS note FROM generate_series(1, 60000) g`,
    'CREATE TABLE b AS SELECT * FROM a',
  );
  const manifest = await readManifest(repository, environment.id, first.backupId, calm.signal);
  const [a, b] = ['public.a', 'public.b'].map((name) => manifest.artifacts.find((artifact) => artifact.name === name));
  expect(a?.pieces.map(({ chunk }) => chunk)).toEqual(b?.pieces.map(({ chunk }) => chunk));
  expect(first.storedBytes).toBe(await storedBytes(repository));
  expect(await prove(repository, first)).toMatchObject({ verdict: 'proven' });
});

describe('a damaged chunk that the next backup needs', () => {
  let repository: Repository;
  let source: PostgresTarget;
  let first: BackupSummary;
  beforeAll(async () => {
    const sql = 'CREATE TABLE big AS SELECT g AS id, md5(g::text) AS note FROM generate_series(1, 60000) g';
    ({ repository, source, first } = await begin(sql));
  });

  it.each<[string, (path: string) => Promise<void>]>([
    ['missing', (path) => rm(path)],
    ['cut', (path) => truncate(path, 1000)],
    ['empty', (path) => truncate(path, 0)],
    ['longer', (path) => appendFile(path, 'more')],
    [
      'changed in one bit',
      async (path) => {
        const bytes = await readFile(path);
        const at = bytes.length >> 1;
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        await writeFile(path, bytes);
      },
    ],
    [
      'another file',
      async (path) => writeFile(path, await readFile(join(repository.driver.location, 'holdfast.json'))),
    ],
  ])('is written again when it is %s, and both backups verify', async (_name, harm) => {
    for (const path of await chunksOf(repository, first)) await harm(join(repository.driver.location, path));
    expect(await prove(repository, first)).toMatchObject({ verdict: 'damaged' });
    const next = await takeBackup(source, repository);
    expect(await prove(repository, next)).toMatchObject({ verdict: 'proven' });
    expect(await prove(repository, first)).toMatchObject({ verdict: 'proven' });
  });

  it('is written again when the disk cannot read it any more', async () => {
    const failing = await troubled(repository);
    let unreadable = 0;
    const others = await manifestBytes(repository);
    failing.driver.beforeStore = () => {
      unreadable++;
      throw new OperationError('backup.damaged', 'The disk cannot read this any more');
    };
    const next = await takeBackup(source, failing);
    expect(unreadable).toBe((await chunksOf(repository, first)).size);
    expect(next.storedBytes).toBe((await storedBytes(repository)) - others);
    expect(await prove(repository, next)).toMatchObject({ verdict: 'proven' });
    expect(await prove(repository, first)).toMatchObject({ verdict: 'proven' });
  });

  it('makes the backup fail when what was written does not read back', async () => {
    const lying = await troubled(repository);
    lying.driver.afterRead = (path, bytes) => {
      if (path.startsWith('chunks/')) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    };
    await expect(takeBackup(source, lying)).rejects.toMatchObject({ code: 'backup.not_written', retryable: true });
  });
});
