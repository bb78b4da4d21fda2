import { OperationError } from '@holdfast/contracts';
import type pg from 'pg';
import { faultCode, translateQuery } from '../postgres/connection.ts';
import { databaseExists, suffixed } from '../postgres/databases.ts';
import { quoteIdent, quoteLiteral } from '../postgres/identifiers.ts';

const ATTEMPTS = 50;
const PAUSE_MS = 100;

/** The name under which a restore is built; the same for every attempt of one operation. */
export const workingName = (operationId: string): string => `holdfast_restore_${operationId.replaceAll('-', '')}`;

/** The id of the operation that a working database is of; null for a database of another name. */
export function operationOf(database: string): string | null {
  const parts = /^holdfast_restore_([\da-f]{8})([\da-f]{4})([\da-f]{4})([\da-f]{4})([\da-f]{12})$/.exec(database);
  return parts && parts.slice(1).join('-');
}

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

/**
 * Gives the working database the target's name; what had that name is kept under another. Both renames and the mark are
 * one transaction: after a kill either nothing has happened, or all of it and the next attempt sees the mark.
 */
export async function switchDatabases(
  client: pg.Client,
  database: string,
  operationId: string,
  signal: AbortSignal,
): Promise<string | null> {
  const kept = (await databaseExists(client, database)) ? keptName(database, operationId) : null;
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      await client.query('BEGIN');
      if (kept !== null) {
        await disconnectAll(client, database);
        await client.query(`ALTER DATABASE ${quoteIdent(database)} RENAME TO ${quoteIdent(kept)}`);
      }
      await disconnectAll(client, workingName(operationId));
      await client.query(`ALTER DATABASE ${quoteIdent(workingName(operationId))} RENAME TO ${quoteIdent(database)}`);
      await mark(client, database, operationId);
      await client.query('COMMIT');
      return kept;
    } catch (error) {
      await client.query('ROLLBACK');
      // 55006: somebody connected between the disconnect and the rename
      if (faultCode(error) !== '55006') throw translateQuery(error, `Renaming database ${database}`);
      if (attempt >= ATTEMPTS) {
        throw new OperationError('resource.in_use', `Database ${database} is being connected to all the time`, {
          hint: 'Stop the applications that use it, and start the restore again.',
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

const disconnectAll = async (client: pg.Client, database: string): Promise<void> => {
  await client.query(
    `SELECT pg_catalog.pg_terminate_backend(pid, 1000) FROM pg_catalog.pg_stat_activity
     WHERE datname = $1 AND pid <> pg_catalog.pg_backend_pid()`,
    [database],
  );
};
