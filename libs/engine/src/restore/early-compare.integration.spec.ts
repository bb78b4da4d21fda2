import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { calm, environment, takeBackup } from '../engine-under-test.ts';
import { isTable, readManifest, type TableArtifact } from '../manifest/manifest.ts';
import { attachRepository } from '../repository/repository.ts';
import { Meter } from '../run.ts';
import { EarlyCompare } from './early-compare.ts';

let server: ThrowawayPostgres;
let dir: string;
let client: pg.Client;
let tables: TableArtifact[];

beforeAll(async () => {
  server = await throwawayPostgres(17);
  dir = await makeTempDir('early');
  const source = await server.createDatabase('source');
  client = await server.client(source);
  await client.query(`
    CREATE TABLE large AS SELECT g AS id, md5(g::text) AS note FROM generate_series(1, 100000) g;
    DELETE FROM large WHERE id BETWEEN 20000 AND 40000;
    CREATE TABLE child () INHERITS (large);
    INSERT INTO child VALUES (0, 'not a row of its parent');
    CREATE TABLE small AS SELECT 1 AS id;`);
  const { repository } = await attachRepository(join(dir, 'repository'));
  const { backupId } = await takeBackup(source, repository);
  const manifest = await readManifest(repository, environment.id, backupId, calm.signal);
  tables = manifest.artifacts.filter(isTable);
});
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true });
});

/** Compares all that is compared early; answers into how many stretches it was cut, and what was found. */
async function compareEarly(): Promise<{ stretches: number; compared: EarlyCompare['compared'] }> {
  const early = new EarlyCompare(1 << 20);
  let stretches = 0;
  for (const table of tables) {
    const tasks = await early.tasksFor(table, () => Promise.resolve(client), new Meter(calm));
    stretches += tasks.length;
    for (const { run } of tasks) await run(client);
  }
  return { stretches, compared: early.compared };
}

it('reads a large table in stretches that together are all of it, and leaves small ones for later', async () => {
  const { stretches, compared } = await compareEarly();
  expect(stretches).toBeGreaterThanOrEqual(3);
  expect([...compared].map(([name, { difference }]) => [name, difference])).toEqual([['public.large', null]]);
});

it.each([
  ['a changed row in the middle', `UPDATE large SET note = 'other' WHERE id = 50000`],
  ['a row too many at the end', `INSERT INTO large VALUES (0, 'more')`],
  ['a missing first row', `DELETE FROM large WHERE id = 1`],
])('finds %s', async (_name, change) => {
  await client.query('BEGIN');
  await client.query(change);
  const { compared } = await compareEarly();
  await client.query('ROLLBACK');
  expect(compared.get('public.large')?.difference).toMatchObject({ kind: 'rows', subject: 'public.large' });
});
