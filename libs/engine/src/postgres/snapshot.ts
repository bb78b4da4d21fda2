import { OperationError } from '@holdfast/contracts';
import type pg from 'pg';
import { connect, disconnect, faultCode, translateQuery } from './connection.ts';
import type { PostgresTarget } from './target.ts';
import { displayName, qualified } from './identifiers.ts';
import { listLockable, type TableName } from './tables.ts';

/** What every session that reads rows sets: output that any server reads back the same, and no row ever hidden. */
export const READ_SETTINGS: Record<string, string> = {
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  xmloption: 'content',
  lc_monetary: 'C',
  search_path: '',
  row_security: 'off',
  synchronize_seqscans: 'off',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
};

const KEEP_ALIVE_MS = 20_000;
const LOCKS_AT_ONCE = 100;
const ATTEMPTS = 10;
/** How long a joined session waits for a table that somebody else is queued for, before the holder has to read it. */
const JOINED_WAIT_MS = 1_000;

/** A snapshot that is held open, and every table of it locked against DDL and TRUNCATE. */
export interface Snapshot {
  /** The name to give to `SET TRANSACTION SNAPSHOT` and `pg_dump --snapshot`. */
  readonly name: string;
  /**
   * Holds the locks, and reads under the snapshot. It alone reads a table without waiting when somebody is queued for
   * an exclusive lock on it; and while it answers, the locks are held.
   */
  readonly client: pg.Client;
  readonly takenAt: string;
  readonly walPosition: string | null;
  /** Another connection that reads under the same snapshot; a COPY of it may fail with `postgres.lock_timeout`. */
  join(): Promise<pg.Client>;
  close(): Promise<void>;
}

interface SnapshotOptions {
  signal: AbortSignal;
  lockTimeoutSeconds: number;
  clientEncoding: string;
  excludeSchemas: string[];
}

/** The table, or its schema, is not there any more. */
const isGone = (error: unknown): boolean => ['42P01', '3F000'].includes(faultCode(error) ?? '');

/** Locks tables in the open transaction; answers those that were still there. */
async function lock(client: pg.Client, tables: TableName[], seconds: number): Promise<TableName[]> {
  await client.query(`SET LOCAL lock_timeout = ${Math.max(1, Math.round(seconds * 1000))}`);
  const locked: TableName[] = [];
  for (let at = 0; at < tables.length; at += LOCKS_AT_ONCE) {
    const batch = tables.slice(at, at + LOCKS_AT_ONCE);
    if (await lockTogether(client, batch)) locked.push(...batch);
    // one of them was dropped since they were listed: the others are still wanted
    else for (const table of batch) if (await lockTogether(client, [table])) locked.push(table);
  }
  return locked;
}

/** False when one of the tables is gone; then none of them is locked. */
async function lockTogether(client: pg.Client, batch: TableName[]): Promise<boolean> {
  await client.query('SAVEPOINT batch');
  const names = batch.map(({ schema, name }) => `ONLY ${qualified(schema, name)}`);
  const there = await client.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`).then(
    () => true,
    async (error: unknown) => {
      if (!isGone(error)) throw await nameTheLocked(client, batch, error);
      await client.query('ROLLBACK TO SAVEPOINT batch');
      return false;
    },
  );
  await client.query('RELEASE SAVEPOINT batch');
  return there;
}

/** A LOCK of many tables does not say which one it waited for: try them one by one. */
async function nameTheLocked(client: pg.Client, batch: TableName[], error: unknown): Promise<OperationError> {
  if (faultCode(error) !== '55P03' && faultCode(error) !== '42501') return translateQuery(error, 'locking the tables');
  for (const { schema, name } of batch) {
    await client.query('ROLLBACK TO SAVEPOINT batch');
    const found = await client.query(`LOCK TABLE ONLY ${qualified(schema, name)} IN ACCESS SHARE MODE NOWAIT`).then(
      () => null,
      (cause: unknown) => (isGone(cause) ? null : translateQuery(cause, `Table ${displayName(schema, name)}`)),
    );
    if (found) return found;
  }
  return translateQuery(error, 'locking the tables');
}

/** The table for which somebody is queued with an exclusive lock, so that all who come later wait; null without one. */
export async function queuedFor(client: pg.Client): Promise<string | null> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_locks l
     JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND NOT l.granted
       AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
     ORDER BY l.waitstart LIMIT 1`,
  );
  const row = rows[0];
  return row ? displayName(row.schema, row.name) : null;
}

interface Exported {
  name: string;
  at: Date;
  wal: string | null;
}

/** Locks the tables that are listed and takes the snapshot after that; null when it shows a table that is not locked. */
async function take(lister: pg.Client, holder: pg.Client, options: SnapshotOptions): Promise<Exported | null> {
  const listed = await listLockable(lister, options.excludeSchemas);
  await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  // LOCK takes no snapshot: what the first SELECT after it sees is what nobody can alter or empty any more
  const locked = new Set((await lock(holder, listed, options.lockTimeoutSeconds)).map(({ oid }) => oid));
  const { rows } = await holder.query<Exported>(
    `SELECT pg_catalog.pg_export_snapshot() AS name, pg_catalog.statement_timestamp() AS at,
      CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
           ELSE pg_catalog.pg_current_wal_lsn() END::text AS wal`,
  );
  const seen = await listLockable(holder, options.excludeSchemas);
  if (rows[0] && seen.every(({ oid }) => locked.has(oid))) return rows[0];
  await holder.query('ROLLBACK');
  return null;
}

/**
 * Opens a snapshot in which no table can be changed by DDL or emptied by TRUNCATE (which MVCC does not cover).
 * Order: tables are listed, then locked, then the snapshot is taken in the transaction that holds the locks, and what it
 * shows must all be locked; else all of it starts over.
 */
export async function openSnapshot(target: PostgresTarget, options: SnapshotOptions): Promise<Snapshot> {
  const open = (more: Record<string, string>): Promise<pg.Client> => openReader(target, options, more);
  const lister = await open({});
  const holder = await open({}).catch(async (error: unknown) => {
    await disconnect(lister);
    throw error;
  });
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const exported = await take(lister, holder, options);
      if (exported) return hold(holder, () => open({ lock_timeout: String(JOINED_WAIT_MS) }), exported);
    }
    throw new OperationError('postgres.table_changed', 'Tables were created all the time while the backup began', {
      hint: 'Start it again when no migration is running.',
    });
  } catch (error) {
    await disconnect(holder);
    options.signal.throwIfAborted();
    throw translateQuery(error, 'opening the snapshot');
  } finally {
    await disconnect(lister);
  }
}

async function openReader(target: PostgresTarget, options: SnapshotOptions, more: Record<string, string>) {
  const settings = { ...READ_SETTINGS, client_encoding: options.clientEncoding, ...more };
  const client = await connect(target, { signal: options.signal, settings });
  try {
    // servers before 17 do not know this setting, so it cannot be given at connect
    await client.query(
      `SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout'`,
    );
    return client;
  } catch (error) {
    await disconnect(client);
    options.signal.throwIfAborted();
    throw translateQuery(error, 'opening a session');
  }
}

function hold(holder: pg.Client, open: () => Promise<pg.Client>, exported: Exported): Snapshot {
  const joined = new Set<pg.Client>();
  // a proxy between us and the server may drop a connection that says nothing; one that is gone says so to its next user
  const keepAlive = setInterval(() => {
    for (const client of [holder, ...joined]) {
      // pg knows whether it waits for an answer, its types do not say so
      const { readyForQuery } = client as unknown as { readyForQuery: boolean };
      if (readyForQuery) client.query('SELECT 1').catch(() => undefined);
    }
  }, KEEP_ALIVE_MS);
  return {
    name: exported.name,
    client: holder,
    takenAt: exported.at.toISOString(),
    walPosition: exported.wal,
    async join() {
      const client = await open();
      joined.add(client);
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await client.query(`SET TRANSACTION SNAPSHOT '${exported.name}'`).catch((error: unknown) => {
        // undefined object, or invalid value before version 17: it went with the session that held it
        if (!['42704', '22023'].includes(faultCode(error) ?? '')) throw error;
        throw new OperationError('postgres.connection_lost', 'The session that held the snapshot is gone', {
          cause: error,
        });
      });
      return client;
    },
    async close() {
      clearInterval(keepAlive);
      await Promise.all([holder, ...joined].map((client) => disconnect(client)));
    },
  };
}
