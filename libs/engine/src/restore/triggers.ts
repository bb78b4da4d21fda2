import type pg from 'pg';
import { faultCode } from '../postgres/connection.ts';
import { qualified, quoteIdent } from '../postgres/identifiers.ts';
import type { TargetTable } from './target-tables.ts';

/** Bits of pg_trigger.tgtype. */
const ON_INSERT = 4;
const ON_TRUNCATE = 32;

interface UserTrigger {
  schema: string;
  table: string;
  name: string;
  state: string;
}

/** Whether the role may load as a replica does; tried, because a server may allow it in ways of its own. */
export async function mayBeReplica(client: pg.Client): Promise<boolean> {
  const within = client.getTransactionStatus() === 'T';
  await client.query(within ? 'SAVEPOINT replica' : 'BEGIN');
  try {
    await client.query('SET LOCAL session_replication_role = replica');
    return true;
  } catch (error) {
    if (faultCode(error) !== '42501') throw error;
    return false;
  } finally {
    await client.query(within ? 'ROLLBACK TO SAVEPOINT replica' : 'ROLLBACK');
  }
}

/**
 * The user's triggers that emptying and loading the tables would fire: TRUNCATE and COPY are all that is done to them, so
 * triggers on deletes and updates may stay as they are.
 */
export async function firingTriggers(
  client: pg.Client,
  tables: TargetTable[],
  replica: boolean,
): Promise<UserTrigger[]> {
  const { rows } = await client.query<UserTrigger>(
    `SELECT n.nspname AS schema, c.relname AS table, t.tgname AS name, t.tgenabled::text AS state
     FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT t.tgisinternal AND (t.tgtype & ${ON_INSERT | ON_TRUNCATE}) <> 0 AND t.tgenabled::text = ANY ($2::text[]) AND c.oid = ANY ($1::oid[])`,
    [tables.map(({ oid }) => oid), replica ? ['A', 'R'] : ['O', 'A']],
  );
  return rows;
}

const alter = ({ schema, table, name }: UserTrigger, what: string): string =>
  `ALTER TABLE ONLY ${qualified(schema, table)} ${what} TRIGGER ${quoteIdent(name)}`;

const STATES: Record<string, string> = { O: 'ENABLE', A: 'ENABLE ALWAYS', R: 'ENABLE REPLICA' };

/**
 * Keeps the tables' triggers from firing within the open transaction, and answers how to let them fire again as before.
 * As a replica foreign keys are not checked either; where the role may not be one, the user's triggers are disabled by
 * name and foreign keys stay. Triggers that fire on replicas are disabled in both cases.
 */
export async function silenceTriggers(
  client: pg.Client,
  tables: TargetTable[],
): Promise<{ replica: boolean; restore: () => Promise<void> }> {
  const replica = await mayBeReplica(client);
  const triggers = await firingTriggers(client, tables, replica);
  for (const trigger of triggers) await client.query(alter(trigger, 'DISABLE'));
  const { rows } = await client.query<{ role: string }>(
    `SELECT pg_catalog.current_setting('session_replication_role') AS role`,
  );
  if (replica) await client.query('SET LOCAL session_replication_role = replica');
  else await client.query('SET CONSTRAINTS ALL DEFERRED');
  return {
    replica,
    async restore() {
      if (replica) await client.query(`SET LOCAL session_replication_role = ${rows[0]?.role ?? 'origin'}`);
      // a table with checks still to be made cannot be altered; and what fails shall fail here
      else await client.query('SET CONSTRAINTS ALL IMMEDIATE');
      for (const trigger of triggers) await client.query(alter(trigger, STATES[trigger.state] ?? 'ENABLE'));
    },
  };
}
