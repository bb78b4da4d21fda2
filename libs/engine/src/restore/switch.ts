import { OperationError } from '@holdfast/contracts';
import type pg from 'pg';
import { faultCode, translateQuery } from '../postgres/connection.ts';
import { databaseExists, suffixed } from '../postgres/databases.ts';
import { quoteIdent, quoteLiteral } from '../postgres/identifiers.ts';

const MARK = 'holdfast.restored_by';
const ATTEMPTS = 50;
const PAUSE_MS = 100;

/** The name under which a restore is built; the same for every attempt of one operation. */
export const workingName = (operationId: string): string => `holdfast_restore_${operationId.replaceAll('-', '')}`;

/** Where the database that was there before is kept. */
const keptName = (database: string, operationId: string): string =>
  suffixed(database, `_before_${operationId.replaceAll('-', '').slice(-8)}`);

/** Whether an earlier attempt of this operation has switched already and was killed before it could say so. */
export async function wasSwitched(client: pg.Client, database: string, operationId: string): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
     WHERE s.setrole = 0 AND d.datname = $1 AND $2 = ANY (s.setconfig)`,
    [database, `${MARK}=${operationId}`],
  );
  return rows.length > 0;
}

/** Says in the database's settings which operation restored it; part of the caller's transaction. */
export const mark = async (client: pg.Client, database: string, operationId: string): Promise<void> => {
  await client.query(`ALTER DATABASE ${quoteIdent(database)} SET ${MARK} TO ${quoteLiteral(operationId)}`);
};

/** Takes the mark away again, so that the database is as it was backed up. */
export const unmark = async (client: pg.Client, database: string): Promise<void> => {
  await client.query(`ALTER DATABASE ${quoteIdent(database)} RESET ${MARK}`);
};

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
