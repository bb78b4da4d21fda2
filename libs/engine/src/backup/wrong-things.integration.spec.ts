import { OperationError } from '@holdfast/contracts';
import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  calm,
  environment,
  failureOf,
  gateAt,
  giveBack,
  listed,
  prove,
  sessionsOf,
  takeBackup,
  troubled,
} from '../engine-under-test.ts';
import { readManifest } from '../manifest/manifest.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { attachRepository, type Repository } from '../repository/repository.ts';

/** 24 MiB, so that the rows cannot all be under way between the server and us. */
const BIG = `CREATE TABLE big AS SELECT g AS id, repeat(md5(g::text), 32) AS text FROM generate_series(1, 24000) g`;
/** Chunks that are written before the first of a table's rows: less than these. */
const TEXTS = 12;

let server: ThrowawayPostgres;
let admin: pg.Client;
let repository: Repository;
let source: PostgresTarget;

beforeAll(async () => {
  server = await throwawayPostgres(17);
  admin = await server.client();
  repository = (await attachRepository(await makeTempDir('wrong'))).repository;
  source = await server.createDatabase('source');
  await on(source, BIG, 'CREATE TABLE small (id int PRIMARY KEY)', 'INSERT INTO small SELECT generate_series(1, 500)');
});
afterAll(() => server.stop());
afterEach(() => vi.unstubAllEnvs());

async function on(target: PostgresTarget, ...statements: string[]): Promise<pg.Client> {
  const client = await server.client(target);
  for (const sql of statements) await client.query(sql);
  return client;
}

/** Waits until a session waits for a lock. */
async function untilWaiting(like: string): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 20) {
    const { rows } = await admin.query(
      `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1 AND pid <> pg_backend_pid()`,
      [like],
    );
    if (rows.length > 0) return;
    await sleep(20);
  }
  throw new Error(`nobody waits in ${like}`);
}

async function expectFailure(promise: Promise<unknown>, code: string, names: RegExp): Promise<OperationError> {
  const before = await listed(repository);
  const error = await failureOf(promise);
  expect(error).toBeInstanceOf(OperationError);
  expect({ code: error.code, message: error.message }).toEqual({ code, message: expect.stringMatching(names) });
  expect(error.message).not.toContain(server.target.password);
  expect(await listed(repository)).toEqual(before);
  return error;
}

describe('tables that others hold', () => {
  it('names a table that is locked, within the time that was given', async () => {
    const target = await server.createDatabase();
    await on(target, 'CREATE TABLE free (id int)', 'CREATE TABLE "the Locked" (id int)');
    const holder = await on(target, 'BEGIN', 'LOCK TABLE "the Locked" IN ACCESS EXCLUSIVE MODE');
    const began = Date.now();
    const failed = takeBackup(target, repository, { lockTimeoutSeconds: 1 });
    const error = await expectFailure(failed, 'postgres.lock_timeout', /public\."the Locked" is locked/);
    expect(error.retryable).toBe(false);
    expect(Date.now() - began).toBeLessThan(4_000);
    await holder.query('ROLLBACK');
    expect(await prove(repository, await takeBackup(target, repository))).toMatchObject({ verdict: 'proven' });
  });

  it('reads what the snapshot saw while others wait to alter, empty and drop tables', async () => {
    const target = await server.createDatabase();
    await on(target, BIG);
    for (const name of ['altered', 'emptied', 'dropped']) {
      await on(target, `CREATE TABLE ${name} AS SELECT g AS id FROM generate_series(1, 30000) g`);
    }
    const held = await troubled(repository);
    const gate = gateAt(held.driver, TEXTS);
    const backup = takeBackup(target, held, { parallel: 1, lockTimeoutSeconds: 3 });
    await gate.arrived;
    const waiting = [];
    for (const sql of [
      'ALTER TABLE altered DROP COLUMN id',
      'TRUNCATE emptied',
      'DROP TABLE dropped',
      'TRUNCATE big',
    ]) {
      waiting.push(on(target, sql));
      await untilWaiting(sql);
    }
    gate.open();
    const summary = await backup;
    await Promise.all(waiting);
    expect(summary.rows).toBe(114_000);
    const proof = await prove(repository, summary, 'restore', server.target);
    expect(proof).toMatchObject({ verdict: 'proven', differences: [] });
  });

  it('reads a table that was made between the listing and the snapshot', async () => {
    const target = await server.createDatabase();
    const other = await on(target, 'CREATE TABLE old (id int)', 'BEGIN', 'LOCK TABLE old IN ACCESS EXCLUSIVE MODE');
    const backup = takeBackup(target, repository);
    await untilWaiting('LOCK TABLE %');
    await other.query('CREATE TABLE fresh AS SELECT 1 AS id');
    await other.query('COMMIT');
    const { backupId, tables } = await backup;
    expect(tables).toBe(2);
    const manifest = await readManifest(repository, environment.id, backupId, calm.signal);
    expect(manifest.artifacts).toContainEqual(expect.objectContaining({ name: 'public.fresh', rows: 1 }));
  });
});

describe('rights that are missing', () => {
  const password = 'weak-but-long';
  let target: PostgresTarget;
  let weak: PostgresTarget;
  let owner: pg.Client;

  beforeAll(async () => {
    target = await server.createDatabase();
    weak = { ...target, user: 'weak', password };
    owner = await on(
      target,
      `CREATE ROLE weak LOGIN PASSWORD '${password}'`,
      'CREATE TABLE seen (id int)',
      'INSERT INTO seen VALUES (1), (2)',
      'GRANT SELECT ON seen TO weak',
    );
  });

  /** Does something to the database, expects the backup of the weak role to fail, and undoes it. */
  async function expectRefused(done: string, undone: string, code: string, names: RegExp): Promise<void> {
    await owner.query(done);
    try {
      await expectFailure(takeBackup(weak, repository), code, names);
    } finally {
      await owner.query(undone);
    }
  }

  it('are enough when the role may read everything', async () => {
    expect(await prove(repository, await takeBackup(weak, repository))).toMatchObject({ verdict: 'proven', rows: 2 });
  });

  it.each([
    ['a table', 'CREATE TABLE secret (id int)', 'DROP TABLE secret', 'public.secret'],
    [
      'a column',
      'CREATE TABLE half (a int, b int); GRANT SELECT (a) ON half TO weak',
      'DROP TABLE half',
      'public.half',
    ],
    [
      'a partitioned table',
      'CREATE TABLE root (a int) PARTITION BY LIST (a); CREATE TABLE leaf PARTITION OF root DEFAULT; GRANT SELECT ON leaf TO weak',
      'DROP TABLE root',
      'public.root',
    ],
    [
      'a schema',
      'CREATE SCHEMA closed; CREATE TABLE closed.t (id int); GRANT SELECT ON closed.t TO weak',
      'DROP SCHEMA closed CASCADE',
      'closed',
    ],
    ['a sequence', 'CREATE SEQUENCE hidden', 'DROP SEQUENCE hidden', 'hidden'],
    ['a large object', 'SELECT lo_from_bytea(4242, $$x$$)', 'SELECT lo_unlink(4242)', '4242'],
  ])('are told for %s, by name', async (_kind, done, undone, name) => {
    await expectRefused(done, undone, 'postgres.permission_denied', new RegExp(name.replace('.', '\\.')));
  });

  it.each([
    [
      'rows of others are hidden',
      'ALTER TABLE seen ENABLE ROW LEVEL SECURITY',
      'ALTER TABLE seen DISABLE ROW LEVEL SECURITY',
    ],
    [
      'a policy shows all rows',
      'ALTER TABLE seen ENABLE ROW LEVEL SECURITY; CREATE POLICY everything ON seen USING (true)',
      'DROP POLICY everything ON seen; ALTER TABLE seen DISABLE ROW LEVEL SECURITY',
    ],
    [
      'the owner is forced to obey',
      'ALTER TABLE seen OWNER TO weak; ALTER TABLE seen ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
      'ALTER TABLE seen OWNER TO postgres; ALTER TABLE seen DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY; GRANT SELECT ON seen TO weak',
    ],
  ])('are told when %s', async (_kind, done, undone) => {
    await expectRefused(done, undone, 'postgres.rows_hidden', /public\.seen/);
  });

  it('are told when row-level security is switched on after the rights were looked at', async () => {
    await owner.query('CREATE TABLE late (id int); INSERT INTO late VALUES (1); GRANT SELECT ON late TO weak');
    const locker = await on(target, 'BEGIN', 'LOCK TABLE late IN ACCESS EXCLUSIVE MODE');
    const backup = expectFailure(takeBackup(weak, repository), 'postgres.rows_hidden', /public\.late/);
    await untilWaiting('LOCK TABLE %');
    await locker.query('ALTER TABLE late ENABLE ROW LEVEL SECURITY; COMMIT');
    await backup;
    await owner.query('DROP TABLE late');
  });
});

describe('connections that break', () => {
  /** Starts a backup, does something while the big table is under way, and answers how the backup ended. */
  async function interrupted(work: () => Promise<unknown>, names: RegExp): Promise<OperationError> {
    const held = await troubled(repository);
    const gate = gateAt(held.driver, TEXTS);
    const failed = expectFailure(takeBackup(source, held), 'postgres.connection_lost', names);
    await gate.arrived;
    await work();
    gate.open();
    return failed;
  }
  const terminate = (which: string) => async () => {
    const { rows } = await admin.query(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
       WHERE datname = 'source' AND application_name = 'holdfast' AND ${which}`,
    );
    expect(rows.length).toBeGreaterThan(0);
  };

  afterEach(async () => {
    const summary = await takeBackup(source, repository);
    expect(await prove(repository, summary)).toMatchObject({ verdict: 'proven', rows: 24_500 });
    expect(await listed(repository)).toContain(summary.backupId);
  });

  it('are told, to be tried again, when the backend is ended in the middle of a COPY', async () => {
    const error = await interrupted(terminate(`query LIKE 'COPY %"big"%'`), /public\.big/);
    expect(error.retryable).toBe(true);
  });

  it('are told when the session that holds the locks is ended, though every row came', async () => {
    await interrupted(terminate(`state = 'idle in transaction'`), /./);
  });
});

it('one of several COPYs that breaks is named, and not those that were stopped because of it', async () => {
  const target = await server.createDatabase('two');
  await on(target, BIG, BIG.replace('TABLE big', 'TABLE a_little_less').replace('24000', '22000'));
  for (const broken of ['big', 'a_little_less']) {
    const held = await troubled(repository);
    const gate = gateAt(held.driver, TEXTS);
    const failed = expectFailure(takeBackup(target, held), 'postgres.connection_lost', new RegExp(`public.${broken}`));
    await gate.arrived;
    const copying = `SELECT FROM pg_stat_activity WHERE datname = 'two' AND state = 'active' AND query LIKE 'COPY %'`;
    await expect.poll(async () => (await admin.query(copying)).rowCount, { timeout: 10_000 }).toBe(2);
    const { rows } = await admin.query(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'two' AND query LIKE 'COPY %"${broken}"%'`,
    );
    expect(rows).toHaveLength(1);
    gate.open();
    await failed;
  }
});

describe('a repository that fills up', () => {
  it.each([0, 3, TEXTS - 3])('is told after %i chunks, and nothing is listed', async (chunks) => {
    const full = await troubled(repository);
    let written = 0;
    full.driver.beforeWrite = (path) => {
      if (path.startsWith('chunks/') && ++written > chunks) {
        throw new OperationError('repository.full', 'There is no space left');
      }
    };
    // the chunks of an earlier backup are there: only new ones are written
    await on(
      source,
      'UPDATE big SET text = repeat(md5(random()::text), 32) WHERE id % 50 = 0',
      'CREATE TABLE again ()',
    );
    const error = await expectFailure(takeBackup(source, full), 'repository.full', /no space/);
    expect(error.retryable).toBe(false);
    await on(source, 'DROP TABLE again');
  });
});

it('a backup is not listed before the disk has all of it, and fails where the disk does not take it', async () => {
  const before = await listed(repository);
  const held = await troubled(repository);
  let atManifest: string[] = [];
  held.driver.beforeSettle = async () => {
    atManifest = await listed(repository);
    throw new OperationError('repository.unreachable', 'The disk does not take it');
  };
  await expectFailure(takeBackup(source, held), 'repository.unreachable', /does not take/);
  expect([atManifest, await listed(repository)]).toEqual([before, before]);
});

describe('a cancel', () => {
  it('in the middle of a large table stops within a second and leaves nothing', async () => {
    const home = join(await makeTempDir('cancel'), 'tmp');
    await mkdir(home);
    vi.stubEnv('TMPDIR', home);
    const before = await listed(repository);
    const held = await troubled(repository);
    const gate = gateAt(held.driver, TEXTS);
    const cancel = new AbortController();
    const backup = failureOf(takeBackup(source, held, {}, { signal: cancel.signal }));
    await gate.arrived;
    const at = Date.now();
    cancel.abort(new Error('cancelled by somebody'));
    expect((await backup).message).toBe('cancelled by somebody');
    expect(Date.now() - at).toBeLessThan(1_000);
    expect(await readdir(home)).toEqual([]);
    for (let waited = 0; (await sessionsOf(admin, 'source')) > 0 && waited < 3_000; waited += 50) await sleep(50);
    expect(await sessionsOf(admin, 'source')).toBe(0);
    gate.open();
    expect(await listed(repository)).toEqual(before);
    const next = await takeBackup(source, repository);
    expect(await prove(repository, next)).toMatchObject({ verdict: 'proven' });
  });

  it('at any moment leaves no session and no temporary file', async () => {
    const home = join(await makeTempDir('cancels'), 'tmp');
    await mkdir(home);
    vi.stubEnv('TMPDIR', home);
    const before = await listed(repository);
    for (const afterMs of [0, 5, 20, 40, 60, 90, 120, 160, 200, 250, 300]) {
      const cancel = new AbortController();
      const backup = takeBackup(source, repository, {}, { signal: cancel.signal }).then(
        () => 'finished',
        (error: Error) => error.message,
      );
      await sleep(afterMs);
      cancel.abort(new Error('cancelled'));
      const at = Date.now();
      expect(['cancelled', 'finished']).toContain(await backup);
      expect(Date.now() - at).toBeLessThan(1_000);
      expect(await readdir(home)).toEqual([]);
    }
    for (let waited = 0; (await sessionsOf(admin, 'source')) > 0 && waited < 3_000; waited += 50) await sleep(50);
    expect(await sessionsOf(admin, 'source')).toBe(0);
    expect(before.length).toBeLessThanOrEqual((await listed(repository)).length);
  });
});

describe('writers meanwhile', () => {
  it('are seen at one instant: sums hold and every reference has its row', async () => {
    const target = await server.createDatabase('bank');
    await on(
      target,
      'CREATE TABLE accounts (id int PRIMARY KEY, amount bigint NOT NULL)',
      'INSERT INTO accounts SELECT g, 1000 FROM generate_series(1, 200) g',
      'CREATE TABLE transfers (id bigserial PRIMARY KEY, a int REFERENCES accounts, b int REFERENCES accounts, n int)',
      'CREATE TABLE entries (transfer bigint REFERENCES transfers ON DELETE CASCADE, n int)',
    );
    const stop = new AbortController();
    const writers = Array.from({ length: 3 }, async (_, writer) => {
      const client = await server.client(target);
      for (let n = 0; !stop.signal.aborted; n++) {
        const [a, b, sum] = [1 + ((n * 7 + writer) % 200), 1 + ((n * 13 + 5) % 200), n % 50];
        const [first, second] = a < b ? [a, b] : [b, a];
        await client.query(`BEGIN; SELECT FROM accounts WHERE id IN (${first}, ${second}) ORDER BY id FOR UPDATE;
          UPDATE accounts SET amount = amount - ${sum} WHERE id = ${a};
          UPDATE accounts SET amount = amount + ${sum} WHERE id = ${b};
          WITH t AS (INSERT INTO transfers (a, b, n) VALUES (${a}, ${b}, ${sum}) RETURNING id)
          INSERT INTO entries SELECT id, ${sum} FROM t;
          DELETE FROM transfers WHERE id = (SELECT min(id) FROM transfers) AND ${n} % 3 = 0; COMMIT`);
      }
    });
    await sleep(300);
    const backups = [await takeBackup(target, repository), await takeBackup(target, repository)];
    stop.abort();
    await Promise.all(writers);
    for (const [index, { backupId }] of backups.entries()) {
      const report = await giveBack(repository, backupId, target, `bank ${index}`);
      expect(report.differenceCount).toBe(0);
      const { rows } = await (
        await server.client({ ...target, database: `bank ${index}` })
      ).query(
        `SELECT (SELECT sum(amount)::int FROM accounts) AS sum, (SELECT count(*) > 0 FROM transfers) AS some,
           (SELECT count(*) FROM transfers)::int - (SELECT count(*) FROM entries)::int AS unpaired`,
      );
      expect(rows).toEqual([{ sum: 200_000, some: true, unpaired: 0 }]);
    }
  });
});
