import type { StepProgress } from '@holdfast/contracts';
import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calm, environment, giveBack, prove, takeBackup } from '../engine-under-test.ts';
import { readManifest } from '../manifest/manifest.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { attachRepository, type Repository } from '../repository/repository.ts';
import { Meter } from '../run.ts';
import { applyBackup } from './apply.ts';

let server: ThrowawayPostgres;
let dir: string;
let repository: Repository;

beforeAll(async () => {
  server = await throwawayPostgres(17);
  dir = await makeTempDir('restore-order');
  repository = (await attachRepository(join(dir, 'repository'))).repository;
});
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true });
});

/** A database made by `sql`, backed up. */
async function backedUp(name: string, sql: string, on: ThrowawayPostgres = server) {
  const source = await on.createDatabase(name);
  const client = await on.client(source);
  // on its own: what is sent with it would be read in the way from before
  await client.query('SET standard_conforming_strings = on');
  await client.query(sql);
  return { source, client, backup: await takeBackup(source, repository) };
}

async function inCopy(target: PostgresTarget, database: string): Promise<pg.Client> {
  return server.client({ ...target, database });
}

const LOOKUP = `CREATE TABLE lookup AS SELECT g AS id, repeat(md5(g::text), 10) AS v FROM generate_series(1, 100000) g;
  CREATE FUNCTION lk(i int) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT v FROM public.lookup WHERE id = i $$;
  CREATE TABLE a AS SELECT g AS id FROM generate_series(1, 5) g;`;

it('makes no index over a function before every table is loaded that it may read', async () => {
  const { backup } = await backedUp('lookups', `${LOOKUP} CREATE INDEX a_lk ON a (lk(id));`);
  const report = await giveBack(repository, backup.backupId, server.target, 'lookups copy');
  expect(report.differenceCount).toBe(0);
  const copy = await inCopy(server.target, 'lookups copy');
  await copy.query('SET enable_seqscan = off; SET enable_bitmapscan = off');
  const { rows } = await copy.query(`SELECT count(*)::int AS found FROM a WHERE lk(id) = repeat(md5('3'), 10)`);
  expect(rows).toEqual([{ found: 1 }]);
});

it('tells rows of tables alone, not the pages of large objects', async () => {
  const { backup } = await backedUp(
    'with large objects',
    `CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 1234) g; SELECT lo_from_bytea(0, repeat('x', 10000)::bytea)`,
  );
  let rows = 0;
  const run = { ...calm, onProgress: (progress: StepProgress) => (rows = progress.rows) };
  const how = { compareRows: false };
  const report = await giveBack(repository, backup.backupId, server.target, 'large objects copy', how, run);
  expect([rows, report.rows]).toEqual([1234, 1234]);
});

it('gives back a schema whose description is larger than a chunk may be', async () => {
  const bodies = `(SELECT string_agg(md5((i * 10000 + g)::text), ' ') FROM generate_series(1, 3000) g)`;
  const { backup } = await backedUp(
    'large catalog',
    `DO $$ BEGIN FOR i IN 1..100 LOOP
      EXECUTE format('CREATE FUNCTION f%s() RETURNS text LANGUAGE sql AS %L', i, '/*' || ${bodies} || '*/ SELECT ''x''');
    END LOOP; END $$`,
  );
  expect(await prove(repository, backup)).toMatchObject({ verdict: 'proven' });
  expect((await giveBack(repository, backup.backupId, server.target, 'large copy')).differenceCount).toBe(0);
});

it('gives back partitions of an enum beside others of the same table', async () => {
  const { backup } = await backedUp(
    'mixed partitions',
    `CREATE TYPE e AS ENUM ('a', 'b', 'c');
     CREATE TABLE part (id int, k e, v text) PARTITION BY LIST (k);
     CREATE TABLE part_a PARTITION OF part FOR VALUES IN ('a'); CREATE TABLE part_d PARTITION OF part DEFAULT;
     CREATE TABLE part_b PARTITION OF part FOR VALUES IN ('b') PARTITION BY HASH (k);
     CREATE TABLE part_b1 PARTITION OF part_b FOR VALUES WITH (MODULUS 2, REMAINDER 0);
     CREATE TABLE part_b2 PARTITION OF part_b FOR VALUES WITH (MODULUS 2, REMAINDER 1);
     INSERT INTO part SELECT g, (ARRAY['a','b','c']::e[])[1 + g % 3], md5(g::text) FROM generate_series(1, 3000) g`,
  );
  expect((await giveBack(repository, backup.backupId, server.target, 'mixed copy')).differenceCount).toBe(0);
});

it('keeps sessions that the server would end for being idle', async () => {
  const strict = await throwawayPostgres(17, { settings: { idle_session_timeout: '300ms' } });
  try {
    const { backup } = await backedUp(
      'idle',
      `CREATE TABLE big AS SELECT g AS id, repeat(md5(g::text), 12) AS v FROM generate_series(1, 200000) g;
       CREATE INDEX ON big (id); CREATE INDEX ON big (left(v, 4)); CREATE INDEX ON big (left(v, 3));
       CREATE TABLE small AS SELECT g AS id FROM generate_series(1, 1000) g; CREATE INDEX ON small (id)`,
    );
    expect((await giveBack(repository, backup.backupId, strict.target, 'idle copy')).differenceCount).toBe(0);
  } finally {
    await strict.stop();
  }
});

describe('where strings are read in the old way', () => {
  const SQL = String.raw`CREATE TABLE t (id int, v text DEFAULT 'a\b' CHECK (v ~ '^\w+')); COMMENT ON TABLE t IS 'c:\new';
    INSERT INTO t VALUES (1, 'x')`;
  let old: ThrowawayPostgres;
  beforeAll(async () => {
    old = await throwawayPostgres(17, { settings: { standard_conforming_strings: 'off' } });
  });
  afterAll(() => old.stop());

  it.each([
    ['the target', () => server, () => old],
    ['the source', () => old, () => server],
  ])('on %s, nothing of the schema changes', async (name, from, to) => {
    const { backup } = await backedUp(`strings of ${name}`, SQL, from());
    const report = await giveBack(repository, backup.backupId, to().target, `strings of ${name} copy`);
    expect(report.differenceCount).toBe(0);
  });
});

it('restores as an owner who may not empty a table, where the log is minimal', async () => {
  const minimal = await throwawayPostgres(17, { settings: { wal_level: 'minimal', max_wal_senders: '0' } });
  try {
    const admin = await server.client(server.target);
    await admin.query(`CREATE ROLE app LOGIN CREATEDB PASSWORD 'x'`);
    await (await minimal.client()).query(`CREATE ROLE app LOGIN CREATEDB PASSWORD 'x'`);
    const { backup } = await backedUp(
      'no truncate',
      `ALTER DATABASE "no truncate" OWNER TO app; SET ROLE app; CREATE SCHEMA s;
       CREATE TABLE s.big AS SELECT g AS id, repeat(md5(g::text), 3) AS v FROM generate_series(1, 40000) g;
       REVOKE TRUNCATE ON s.big FROM app`,
    );
    const target = { ...minimal.target, user: 'app', password: 'x' };
    expect((await giveBack(repository, backup.backupId, target, 'copy')).differenceCount).toBe(0);
  } finally {
    await minimal.stop();
  }
});

it('goes on without a table that could not be made, where whoever asked wants that and the log is minimal', async () => {
  const minimal = await throwawayPostgres(17, { settings: { wal_level: 'minimal', max_wal_senders: '0' } });
  try {
    const { backup } = await backedUp(
      'one missing',
      `CREATE TABLE lost AS SELECT g AS id, repeat(md5(g::text), 3) AS v FROM generate_series(1, 40000) g;
       CREATE TABLE kept AS SELECT * FROM lost;`,
    );
    const target = await minimal.createDatabase('without');
    const lost: string[] = [];
    await applyBackup({
      ...{ repository, manifest: await readManifest(repository, environment.id, backup.backupId, calm.signal), target },
      ...{ content: 'all', parallel: 2, signal: calm.signal, meter: new Meter(calm), keepsTable: () => true },
      steps: { preData: 'a', rows: 'b', postData: 'c' },
      keepsStatement: ({ text }) => !text.includes('"lost"'),
      onStatementFault: ({ error }) => {
        throw error;
      },
      onTableFault: ({ name }) => lost.push(name),
    });
    expect(lost).toEqual(['public.lost']);
    const client = await minimal.client(target);
    expect((await client.query('SELECT count(*)::int AS rows FROM kept')).rows).toEqual([{ rows: 40_000 }]);
  } finally {
    await minimal.stop();
  }
});

it('makes the keys of a large table beside its indexes, and they are the same keys', async () => {
  const { backup } = await backedUp(
    'large keys',
    `CREATE TABLE big (id int NOT NULL, a text NOT NULL, b int, c int, d int);
     INSERT INTO big SELECT g, md5(g::text), g, g, g FROM generate_series(1, 60000) g;
     ALTER TABLE big ADD PRIMARY KEY (id);
     ALTER TABLE big ADD CONSTRAINT "odd ""one" UNIQUE (a, id);
     ALTER TABLE big ADD UNIQUE (b) DEFERRABLE INITIALLY DEFERRED;
     ALTER TABLE big ADD UNIQUE (c) INCLUDE (d);
     CREATE INDEX ON big (d); CREATE INDEX ON big (lower(a));
     COMMENT ON CONSTRAINT big_pkey ON big IS 'its key';
     ALTER TABLE big CLUSTER ON big_pkey; ALTER TABLE big REPLICA IDENTITY USING INDEX "odd ""one";
     CREATE TABLE small (id int REFERENCES big, b int REFERENCES big (id))`,
  );
  for (const compareRows of [true, false]) {
    const name = `large keys ${compareRows}`;
    const report = await giveBack(repository, backup.backupId, server.target, name, { compareRows });
    expect(report.differenceCount).toBe(0);
    const copy = await inCopy(server.target, name);
    const { rows } = await copy.query(
      `SELECT count(*)::int AS keys, bool_and(indisvalid) AS valid FROM pg_index
       WHERE indrelid = 'big'::regclass AND indexrelid IN (SELECT conindid FROM pg_constraint WHERE contype IN ('p', 'u'))`,
    );
    expect(rows).toEqual([{ keys: 4, valid: true }]);
  }
});
