import { throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { calm, failureOf } from '../engine-under-test.ts';
import { openSnapshot, type Snapshot } from './snapshot.ts';
import type { PostgresTarget } from './target.ts';

let server: ThrowawayPostgres;
let admin: pg.Client;

beforeAll(async () => {
  server = await throwawayPostgres(17, { settings: { transaction_timeout: '1500ms' } });
  admin = await server.client();
  await admin.query('SET transaction_timeout = 0');
});
afterAll(() => server.stop());

async function on(target: PostgresTarget, ...statements: string[]): Promise<pg.Client> {
  const client = await server.client(target);
  for (const sql of ['SET transaction_timeout = 0', ...statements]) await client.query(sql);
  return client;
}

const open = (target: PostgresTarget, lockTimeoutSeconds = 10): Promise<Snapshot> =>
  openSnapshot(target, { signal: calm.signal, lockTimeoutSeconds, clientEncoding: 'UTF8', excludeSchemas: [] });

async function untilWaiting(): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 20) {
    const { rows } = await admin.query(
      `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'LOCK TABLE %'`,
    );
    if (rows.length > 0) return;
    await sleep(20);
  }
  throw new Error('nobody waits');
}

const NO_LOCK = '55P03';
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'done',
    (error: { code?: string }) => error.code,
  );

describe('a snapshot', () => {
  it('locks every table that it shows, though others were dropped and made while it waited for one', async () => {
    const target = await server.createDatabase();
    const other = await on(
      target,
      ...['a', 'b', 'c', 'd'].map((name) => `CREATE TABLE ${name} (id int)`),
      'CREATE SCHEMA s CREATE TABLE gone (id int)',
      'CREATE TABLE parts (id int) PARTITION BY LIST (id)',
      ...['BEGIN', 'LOCK TABLE a IN ACCESS EXCLUSIVE MODE'],
    );
    const opening = open(target);
    await untilWaiting();
    await other.query(
      `DROP TABLE b; DROP SCHEMA s CASCADE; CREATE TABLE e (id int); INSERT INTO e VALUES (1);
       CREATE TABLE parts_1 PARTITION OF parts DEFAULT; ALTER TABLE d RENAME TO f;
       DROP TABLE c; CREATE TABLE c (id int, more int); COMMIT`,
    );
    const snapshot = await opening;
    await other.query("SET lock_timeout = '100ms'");
    for (const table of ['a', 'c', 'e', 'f', 'parts', 'parts_1']) {
      expect({ table, code: await codeOf(other.query(`TRUNCATE ${table}`)) }).toEqual({ table, code: NO_LOCK });
      expect(await codeOf(other.query(`ALTER TABLE ${table} ADD COLUMN x int`))).toBe(NO_LOCK);
      expect(await codeOf(other.query(`DROP TABLE ${table}`))).toBe(NO_LOCK);
    }
    const joined = await snapshot.join();
    expect((await joined.query('SELECT id FROM public.e')).rows).toEqual([{ id: 1 }]);
    await snapshot.close();
    expect(await codeOf(other.query('TRUNCATE a, c, e, f, parts'))).toBe('done');
  });

  it('shows the same to all who join it, and nothing that was committed after it', async () => {
    const target = await server.createDatabase();
    const writer = await on(target, 'CREATE TABLE t (id int)', 'INSERT INTO t VALUES (1)');
    const snapshot = await open(target);
    await writer.query('INSERT INTO t VALUES (2)');
    const readers = [snapshot.client, await snapshot.join(), await snapshot.join()];
    for (const reader of readers) {
      expect((await reader.query('SELECT count(*)::int AS count FROM public.t')).rows).toEqual([{ count: 1 }]);
      expect(await codeOf(reader.query('SAVEPOINT x; DELETE FROM public.t'))).toBe('25006');
    }
    expect(Date.now() - Date.parse(snapshot.takenAt)).toBeLessThan(5_000);
    expect(snapshot.walPosition).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    await snapshot.close();
  });

  it('outlives the time-outs that the server sets', async () => {
    const target = await server.createDatabase();
    await on(target, 'CREATE TABLE t (id int)');
    await admin.query(
      `ALTER DATABASE "${target.database}" SET idle_in_transaction_session_timeout = '500ms';
       ALTER DATABASE "${target.database}" SET statement_timeout = '400ms'`,
    );
    const snapshot = await open(target);
    const joined = await snapshot.join();
    await sleep(1_800);
    expect((await snapshot.client.query('SELECT pg_sleep(0.5)')).rowCount).toBe(1);
    expect((await joined.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await snapshot.close();
  });

  it('says something on each of its idle sessions, so that nobody between drops them', async () => {
    const target = await server.createDatabase();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const snapshot = await open(target);
      const joined = await snapshot.join();
      const said = async (): Promise<unknown> =>
        (
          await admin.query(`SELECT query FROM pg_stat_activity WHERE datname = $1 AND application_name = 'holdfast'`, [
            target.database,
          ])
        ).rows;
      vi.advanceTimersByTime(30_000);
      const expected = [{ query: 'SELECT 1' }, { query: 'SELECT 1' }];
      await vi.waitFor(async () => expect(await said()).toEqual(expected));
      expect((await joined.query('SELECT 2 AS two')).rows).toEqual([{ two: 2 }]);
      await snapshot.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it('lets only its holder read a table that somebody is queued for, and the others fail soon', async () => {
    const target = await server.createDatabase();
    const other = await on(target, 'CREATE TABLE t (id int)', 'INSERT INTO t VALUES (1)');
    const snapshot = await open(target);
    const joined = await snapshot.join();
    const waiting = other.query('ALTER TABLE t ADD COLUMN x int');
    await sleep(200);
    const began = Date.now();
    expect(await codeOf(joined.query('SELECT id FROM public.t'))).toBe(NO_LOCK);
    expect(Date.now() - began).toBeLessThan(3_000);
    expect((await snapshot.client.query('SELECT * FROM public.t')).rows).toEqual([{ id: 1 }]);
    await snapshot.close();
    await waiting;
  });

  it('names the table that was locked too long, in a batch of many, and closes what it opened', async () => {
    const target = await server.createDatabase();
    const other = await on(
      target,
      `DO $$ BEGIN FOR i IN 1..250 LOOP EXECUTE format('CREATE TABLE t%s (id int)', i); END LOOP; END $$`,
      ...['BEGIN', 'LOCK TABLE t133 IN ACCESS EXCLUSIVE MODE'],
    );
    const error = await failureOf(open(target, 0.3));
    expect(error).toMatchObject({ code: 'postgres.lock_timeout', message: expect.stringContaining('public.t133') });
    await other.query('ROLLBACK');
    const count = 'SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = $1 AND application_name = $2';
    await sleep(100);
    expect((await admin.query(count, [target.database, 'holdfast'])).rows).toEqual([{ count: 0 }]);
  });

  it('gives up, to be tried again, when tables are made all the time', async () => {
    const target = await server.createDatabase();
    await on(target, 'CREATE TABLE t (id int)');
    const writer = await server.client(target);
    let making = true;
    const made = (async () => {
      for (let n = 0; making; n++) await writer.query(`CREATE TABLE churn_${n} (id int)`);
    })();
    const outcome = await open(target).then(
      (snapshot) => snapshot.close().then(() => 'taken'),
      (error: { code: string; retryable: boolean }) => `${error.code} ${error.retryable}`,
    );
    making = false;
    await made;
    expect(['taken', 'postgres.table_changed true']).toContain(outcome);
  });
});
