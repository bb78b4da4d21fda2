import { OperationError } from '@holdfast/contracts';
import type pg from 'pg';
import { faultCode, translateQuery } from '../postgres/connection.ts';
import { databaseExists, suffixed } from '../postgres/databases.ts';
import { quoteIdent, quoteLiteral } from '../postgres/identifiers.ts';
import { databaseOid, takenOver, type WorkingDatabase } from './working-database.ts';

const ATTEMPTS = 50;
const PAUSE_MS = 100;

/** Where the database that was there before is kept. */
const keptName = (database: string, operationId: string): string =>
  suffixed(database, `_before_${operationId.replaceAll('-', '').slice(-8)}`);

/** The name under which an operation's switch kept what was there before; null when nothing was, or it is gone. */
export async function keptDatabase(client: pg.Client, database: string, operationId: string): Promise<string | null> {
  const kept = keptName(database, operationId);
  return (await databaseExists(client, kept)) ? kept : null;
}

// In the comment of the database, because that can be set by its owner and in the transaction of the renames.
const markText = (operationId: string): string => `holdfast restored ${operationId}\n`;

const commentOf = async (client: pg.Client, database: string): Promise<string> => {
  const { rows } = await client.query<{ comment: string | null }>(
    `SELECT pg_catalog.shobj_description(oid, 'pg_database') AS comment FROM pg_catalog.pg_database WHERE datname = $1`,
    [database],
  );
  return rows[0]?.comment ?? '';
};

const setComment = async (client: pg.Client, database: string, comment: string): Promise<void> => {
  const text = comment === '' ? 'NULL' : quoteLiteral(comment);
  await client.query(`COMMENT ON DATABASE ${quoteIdent(database)} IS ${text}`);
};

/** Marks a database as restored by an operation, in the open transaction of what it did there. */
export async function mark(client: pg.Client, database: string, operationId: string): Promise<void> {
  await setComment(client, database, markText(operationId) + (await commentOf(client, database)));
}

/** Whether an earlier attempt of this operation has switched already and was killed before it could say so. */
export const wasSwitched = async (client: pg.Client, database: string, operationId: string): Promise<boolean> =>
  (await commentOf(client, database)).startsWith(markText(operationId));

/** Takes the mark away again, so that the database is as it was backed up. */
export async function unmark(client: pg.Client, database: string, operationId: string): Promise<void> {
  const comment = await commentOf(client, database);
  if (comment.startsWith(markText(operationId)))
    await setComment(client, database, comment.slice(markText(operationId).length));
}

/** What a switch does. */
export interface Switch {
  /** The name that the working database gets. */
  database: string;
  /** What this attempt has built. */
  built: WorkingDatabase;
  operationId: string;
  /** Whether a database that has the name may lose it; it is kept under another. */
  mayReplace: boolean;
}

/**
 * Gives the working database the target's name; what had that name is kept under another. Both renames and the mark are
 * one transaction: after a kill either nothing has happened, or all of it and the next attempt sees the mark. Throws
 * `restore.target_exists`, also when that database was made while this one was built, and `operation.already_ended` when
 * another attempt builds by now.
 */
export async function switchDatabases(client: pg.Client, what: Switch, signal: AbortSignal): Promise<string | null> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      await client.query('BEGIN');
      const kept = await rename(client, what);
      await mark(client, what.database, what.operationId);
      await client.query('COMMIT');
      return kept;
    } catch (error) {
      await client.query('ROLLBACK');
      // 55006: somebody connected between the disconnect and the rename
      if (faultCode(error) !== '55006') throw translateQuery(error, `Renaming database ${what.database}`);
      if (attempt >= ATTEMPTS) {
        throw new OperationError('resource.in_use', `Database ${what.database} is being connected to all the time`, {
          hint: 'Stop the applications that use it, and start the restore again.',
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

async function rename(client: pg.Client, { database, built, operationId, mayReplace }: Switch): Promise<string | null> {
  // before anybody is disconnected: whoever fills another attempt's database is to go on
  if ((await databaseOid(client, built.name)) !== built.oid) throw takenOver(built.name);
  const kept = (await databaseExists(client, database)) ? keptName(database, operationId) : null;
  if (kept !== null) {
    if (!mayReplace) throw targetExists(database);
    await disconnectAll(client, database);
    await client.query(`ALTER DATABASE ${quoteIdent(database)} RENAME TO ${quoteIdent(kept)}`);
  }
  await disconnectAll(client, built.name);
  await client.query(`ALTER DATABASE ${quoteIdent(built.name)} RENAME TO ${quoteIdent(database)}`);
  // and again, now that nobody can exchange it any more
  if ((await databaseOid(client, database)) !== built.oid) throw takenOver(built.name);
  return kept;
}

const targetExists = (database: string): OperationError =>
  new OperationError('restore.target_exists', `Database ${database} was made while the restore was built`, {
    hint: 'Choose another name, or drop that database, and start the restore again.',
  });

const disconnectAll = async (client: pg.Client, database: string): Promise<void> => {
  await client.query(
    `SELECT pg_catalog.pg_terminate_backend(pid, 1000) FROM pg_catalog.pg_stat_activity
     WHERE datname = $1 AND pid <> pg_catalog.pg_backend_pid()`,
    [database],
  );
};
