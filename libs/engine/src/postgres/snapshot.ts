import { OperationError } from '@holdfast/contracts';
import type pg from 'pg';
import { connect, disconnect, faultCode, translateQuery } from './connection.ts';
import type { PostgresTarget } from './target.ts';
import { qualified } from './identifiers.ts';
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
};

const KEEP_ALIVE_MS = 20_000;
const LOCKS_AT_ONCE = 100;
const ATTEMPTS = 5;

/** A snapshot that is held open, and every table of it locked against DDL and TRUNCATE. */
export interface Snapshot {
  /** The name to give to `SET TRANSACTION SNAPSHOT` and `pg_dump --snapshot`. */
  readonly name: string;
  /** Reads under the snapshot; not for COPY. */
  readonly client: pg.Client;
  readonly takenAt: string;
  readonly walPosition: string | null;
  /** Another connection that reads under the same snapshot. */
  join(): Promise<pg.Client>;
  close(): Promise<void>;
}

interface SnapshotOptions {
  signal: AbortSignal;
  lockTimeoutSeconds: number;
  clientEncoding: string;
  excludeSchemas: string[];
}

async function lock(client: pg.Client, tables: TableName[], seconds: number): Promise<void> {
  await client.query(`SET lock_timeout = ${Math.max(1, Math.round(seconds * 1000))}`);
  for (let at = 0; at < tables.length; at += LOCKS_AT_ONCE) {
    const batch = tables.slice(at, at + LOCKS_AT_ONCE);
    await client.query('SAVEPOINT batch');
    const names = batch.map(({ schema, name }) => `ONLY ${qualified(schema, name)}`);
    try {
      await client.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
    } catch (error) {
      const code = faultCode(error);
      // dropped since it was listed: the next listing will not have it
      if (code === '42P01' || code === '3F000') {
        await client.query('ROLLBACK TO SAVEPOINT batch');
        continue;
      }
      throw await nameTheLocked(client, batch, error);
    }
    await client.query('RELEASE SAVEPOINT batch');
  }
}

/** A LOCK of many tables does not say which one it waited for: try them one by one. */
async function nameTheLocked(client: pg.Client, batch: TableName[], error: unknown): Promise<OperationError> {
  if (faultCode(error) !== '55P03' && faultCode(error) !== '42501') return translateQuery(error, 'locking the tables');
  for (const { schema, name } of batch) {
    await client.query('ROLLBACK TO SAVEPOINT batch');
    const table = qualified(schema, name);
    const found = await client.query(`LOCK TABLE ONLY ${table} IN ACCESS SHARE MODE NOWAIT`).then(
      () => null,
      (cause: unknown) => translateQuery(cause, `Table ${table}`),
    );
    if (found) return found;
  }
  return translateQuery(error, 'locking the tables');
}

/**
 * Opens a snapshot in which no table can be changed by DDL or emptied by TRUNCATE (which MVCC does not cover).
 * Order: tables are listed and locked in one transaction, the snapshot is taken after that, and what it shows must all be
 * locked; else both start over, with the new tables locked first.
 */
export async function openSnapshot(target: PostgresTarget, options: SnapshotOptions): Promise<Snapshot> {
  const settings = { ...READ_SETTINGS, client_encoding: options.clientEncoding };
  const open = (): Promise<pg.Client> => connect(target, { signal: options.signal, settings });
  const guard = await open();
  const reader = await open().catch(async (error: unknown) => {
    await disconnect(guard);
    throw error;
  });
  try {
    await guard.query('BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY');
    const locked = new Set<string>();
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const fresh = (await listLockable(guard, options.excludeSchemas)).filter(({ oid }) => !locked.has(oid));
      await lock(guard, fresh, options.lockTimeoutSeconds);
      for (const { oid } of fresh) locked.add(oid);
      await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const { rows } = await reader.query<{ name: string; at: Date; wal: string | null }>(
        `SELECT pg_catalog.pg_export_snapshot() AS name, pg_catalog.now() AS at,
          CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
               ELSE pg_catalog.pg_current_wal_lsn() END::text AS wal`,
      );
      const seen = await listLockable(reader, options.excludeSchemas);
      const row = rows[0];
      if (row && seen.every(({ oid }) => locked.has(oid))) return hold(guard, reader, open, row);
      await reader.query('ROLLBACK');
    }
    throw new OperationError('postgres.table_changed', 'Tables were created all the time while the backup began', {
      hint: 'Start it again when no migration is running.',
    });
  } catch (error) {
    await Promise.all([disconnect(guard), disconnect(reader)]);
    options.signal.throwIfAborted();
    throw translateQuery(error, 'opening the snapshot');
  }
}

function hold(
  guard: pg.Client,
  reader: pg.Client,
  open: () => Promise<pg.Client>,
  row: { name: string; at: Date; wal: string | null },
): Snapshot {
  const joined = new Set<pg.Client>();
  // a proxy between us and the server may drop a connection that says nothing
  const keepAlive = setInterval(() => {
    for (const client of [guard, reader]) client.query('SELECT 1').catch(() => clearInterval(keepAlive));
  }, KEEP_ALIVE_MS);
  return {
    name: row.name,
    client: reader,
    takenAt: row.at.toISOString(),
    walPosition: row.wal,
    async join() {
      const client = await open();
      joined.add(client);
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await client.query(`SET TRANSACTION SNAPSHOT '${row.name}'`);
      return client;
    },
    async close() {
      clearInterval(keepAlive);
      await Promise.all([guard, reader, ...joined].map((client) => disconnect(client)));
    },
  };
}
