import type { OperationError } from '@holdfast/contracts';
import type pg from 'pg';
import { connect, faultCode, isConnectionLost, translateQuery } from '../postgres/connection.ts';
import { READ_SETTINGS } from '../postgres/snapshot.ts';
import type { Statement } from '../postgres/statements.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { faultOf, RESTORE_SETTINGS } from './statement-runner.ts';

/**
 * Opens the one session of a restore into a database that is there. A server that knows how to looks after the client
 * once a second, so that a cancelled restore lets go of the tables also in the middle of a long statement.
 */
export async function openWithinSession(target: PostgresTarget, signal: AbortSignal): Promise<pg.Client> {
  const client = await connect(target, {
    signal,
    settings: {
      ...READ_SETTINGS,
      ...RESTORE_SETTINGS,
      client_encoding: 'UTF8',
      // the rows are the customer's live data: told as restored means durable
      synchronous_commit: 'on',
    },
  });
  for (const [name, value] of [
    ['transaction_timeout', '0'],
    ['client_connection_check_interval', '1000'],
  ]) {
    try {
      await client.query('SELECT pg_catalog.set_config($1, $2, false)', [name, value]);
    } catch (error) {
      // unknown before version 17, and not on every platform
      if (!['42704', '22023'].includes(faultCode(error) ?? '')) throw translateQuery(error, `setting ${name}`);
    }
  }
  return client;
}

/** Runs a statement of the dump; what it throws names it. */
export async function runStrictly(client: pg.Client, statement: Statement): Promise<void> {
  try {
    await client.query(statement.text);
  } catch (error) {
    throw faultOf(statement, error).error;
  }
}

/** Runs a statement in a savepoint; null: it went well, otherwise what happened, and the transaction goes on. */
export async function runTolerantly(
  client: pg.Client,
  statement: Statement,
): Promise<{ sqlState: string | undefined; error: OperationError } | null> {
  await client.query('SAVEPOINT tolerant');
  try {
    await client.query(statement.text);
    await client.query('RELEASE SAVEPOINT tolerant');
    return null;
  } catch (error) {
    if (isConnectionLost(error)) throw translateQuery(error, 'restoring the schema');
    const fault = faultOf(statement, error);
    await client.query('ROLLBACK TO SAVEPOINT tolerant');
    await client.query('RELEASE SAVEPOINT tolerant');
    return fault;
  }
}

/** Runs a command of ours and says what it was for when it fails; Postgres's detail names what stands in the way. */
export async function command(client: pg.Client, sql: string, subject: string): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    const { detail, message } = error as { detail?: string; message?: string };
    if (detail !== undefined && error instanceof Error) error.message = `${message}: ${detail}`;
    throw translateQuery(error, subject);
  }
}
