import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calm, environment, takeBackup } from '../engine-under-test.ts';
import { isTable, readManifest, type Manifest, type TableArtifact } from '../manifest/manifest.ts';
import { attachRepository, type Repository } from '../repository/repository.ts';
import { Meter } from '../run.ts';
import { applyBackup } from './apply.ts';
import { readShare, SharedRows, type Share } from './shared-rows.ts';

const ROWS = 120_000;
/** In the copy the table refuses rows from here on. */
const REFUSED_FROM = 119_000;
const SQL = `
  CREATE TABLE plain AS SELECT g AS id, repeat(md5(g::text), 8) AS v FROM generate_series(1, ${ROWS}) g;
  CREATE TABLE picky (id int CHECK (current_database() = 'shared rows' OR id < ${REFUSED_FROM}), v text);
  INSERT INTO picky SELECT * FROM plain;
  CREATE TABLE wide AS SELECT g AS id, repeat(md5(g::text), 600000) AS v FROM generate_series(1, 3) g;
  ALTER TABLE plain ADD PRIMARY KEY (id);`;

let server: ThrowawayPostgres;
let dir: string;
let repository: Repository;
let manifest: Manifest;

beforeAll(async () => {
  server = await throwawayPostgres(17);
  dir = await makeTempDir('shared-rows');
  repository = (await attachRepository(join(dir, 'repository'))).repository;
  const source = await server.createDatabase('shared rows');
  await (await server.client(source)).query(SQL);
  const { backupId } = await takeBackup(source, repository);
  manifest = await readManifest(repository, environment.id, backupId, calm.signal);
});
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true });
});

const tableNamed = (name: string): TableArtifact => {
  const found = manifest.artifacts.filter(isTable).find(({ table }) => table === name);
  if (!found) throw new Error(`there is no table ${name}`);
  return found;
};
const source = () => ({ repository, manifest, signal: calm.signal });
const bytesOf = ({ pieces }: Pick<Share, 'pieces'>): number => pieces.reduce((sum, { length }) => sum + length, 0);

async function read(share: Share): Promise<string> {
  let text = '';
  for await (const part of readShare(source(), share)) text += part.toString('latin1');
  return text;
}

/** Lends as often as there is something to lend. */
async function lendAll(rows: SharedRows): Promise<Share[]> {
  const lent: Share[] = [];
  while (rows.isLendable) {
    const share = await rows.lend(source());
    if (share) lent.push(share);
  }
  return lent;
}

describe('rows of one table for several sessions', () => {
  it('are lent from the end, at most an eighth, and none is missing or twice', async () => {
    const table = tableNamed('plain');
    const whole = await read({ name: table.name, pieces: [...table.pieces], asked: 0 });
    const rows = new SharedRows(table, 1);
    const first = rows.begin();
    const lent = await lendAll(rows);
    expect(lent.length).toBeGreaterThan(0);
    expect(lent.reduce((sum, share) => sum + bytesOf(share), 0)).toBeLessThanOrEqual(table.size / 8);
    const texts = [];
    for (const share of [first, ...lent.toReversed()]) texts.push(await read(share));
    expect(texts.every((text) => text.endsWith('\n'))).toBe(true);
    expect(texts.join('') === whole).toBe(true);
  });

  it('stay with their session once it has them in its hands', async () => {
    const rows = new SharedRows(tableNamed('plain'), 1);
    const first = rows.begin();
    await read(first);
    expect(rows.isLendable).toBe(false);
    expect(rows.end(first)).toBe(true);
  });

  it('are lent only where it is worth it', () => {
    const rows = new SharedRows(tableNamed('plain'), tableNamed('plain').size / 7);
    rows.begin();
    expect(rows.isLendable).toBe(false);
  });

  it('are cut only where a row ends, however long it is', async () => {
    const table = tableNamed('wide');
    expect(table.pieces.length).toBeGreaterThan(6);
    const rows = new SharedRows(table, 1);
    const first = rows.begin();
    const lent = await lendAll(rows);
    for (const share of [first, ...lent]) expect((await read(share)).endsWith('\n')).toBe(true);
  });
});

/** Restores into a new database, every table's end lent; answers it and the tables that were refused. */
async function giveBack(name: string) {
  const target = await server.createDatabase(name);
  const refused: string[] = [];
  await applyBackup({
    ...{ repository, manifest, target, content: 'all', parallel: 2, signal: calm.signal, meter: new Meter(calm) },
    steps: { preData: 'a', rows: 'b', postData: 'c' },
    ...{ keepsTable: () => true, keepsStatement: () => true, shareFromBytes: 1 },
    onStatementFault: ({ error }) => {
      throw error;
    },
    onTableFault: ({ name }) => refused.push(name),
  });
  return { client: await server.client(target), refused };
}

describe('a table that two sessions load', () => {
  it('has every row once, and a table of which one share is refused is empty and told once', async () => {
    const { client, refused } = await giveBack('lent');
    const { rows } = await client.query(
      `SELECT (SELECT count(*)::int FROM plain) AS plain, (SELECT count(DISTINCT id)::int FROM plain) AS different,
         (SELECT count(*)::int FROM picky) AS picky, (SELECT count(*)::int FROM wide) AS wide`,
    );
    expect(rows).toEqual([{ plain: ROWS, different: ROWS, picky: 0, wide: 3 }]);
    expect(refused).toEqual(['public.picky']);
  });
});
