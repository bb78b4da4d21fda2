import type { QuarantinedItem } from '@holdfast/contracts';
import type pg from 'pg';
import { faultCode } from '../postgres/connection.ts';
import type { Actor } from './quarantine-switches.ts';

// In the database itself and not in ours: it is true of that database, goes with its copies and its backups, and is
// changed in the transaction of what it tells. `address` finds the thing again, `state` is what it was.
const MAKE = `CREATE SCHEMA IF NOT EXISTS holdfast;
CREATE TABLE IF NOT EXISTS holdfast.quarantine (operation_id uuid NOT NULL, kind text NOT NULL, name text NOT NULL,
  address jsonb NOT NULL, state text NOT NULL, PRIMARY KEY (kind, address));
COMMENT ON TABLE holdfast.quarantine IS 'What a restore by Holdfast switched off; a release switches it on again'`;

/** Whether anything was ever remembered in this database. */
async function hasMemory(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(
    `SELECT pg_catalog.to_regclass('holdfast.quarantine') IS NOT NULL AS there`,
  );
  return rows[0]?.there === true;
}

/**
 * Remembers, in the open transaction, what an operation switched off. What a backup of a quarantined database brought
 * along belongs to this operation from now on, because nobody else could release it here.
 */
export async function remember(client: pg.Client, operationId: string, actors: Actor[]): Promise<void> {
  if (actors.length > 0) await client.query(MAKE);
  else if (!(await hasMemory(client))) return;
  await client.query('UPDATE holdfast.quarantine SET operation_id = $1', [operationId]);
  for (const { kind, name, address, state } of actors) {
    await client.query(
      `INSERT INTO holdfast.quarantine VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (kind, address) DO UPDATE SET name = excluded.name, state = excluded.state`,
      [operationId, kind, name, address, state],
    );
  }
}

/** What an operation switched off and nobody released, in the order in which it was remembered. */
export async function recall(client: pg.Client, operationId: string): Promise<Actor[]> {
  if (!(await hasMemory(client))) return [];
  const { rows } = await client.query<Actor>(
    `SELECT kind, name, address, state FROM holdfast.quarantine WHERE operation_id = $1
     ORDER BY kind, name`,
    [operationId],
  );
  return rows;
}

/** Other operations whose quarantine is in this database. */
export async function othersThan(client: pg.Client, operationId: string): Promise<string[]> {
  if (!(await hasMemory(client))) return [];
  const { rows } = await client.query<{ id: string }>(
    'SELECT DISTINCT operation_id::text AS id FROM holdfast.quarantine WHERE operation_id <> $1 LIMIT 1',
    [operationId],
  );
  return rows.map(({ id }) => id);
}

/** Forgets, in the open transaction; the last one to go takes the table and the schema away. */
export async function forget(client: pg.Client, operationId: string): Promise<void> {
  if (!(await hasMemory(client))) return;
  await client.query('DELETE FROM holdfast.quarantine WHERE operation_id = $1', [operationId]);
  const { rows } = await client.query('SELECT FROM holdfast.quarantine LIMIT 1');
  if (rows.length > 0) return;
  await client.query('DROP TABLE holdfast.quarantine');
  await client.query('SAVEPOINT emptied');
  try {
    await client.query('DROP SCHEMA holdfast RESTRICT');
  } catch (error) {
    // somebody else keeps things there (2BP01), or owns it
    if (!['2BP01', '42501'].includes(faultCode(error) ?? '')) throw error;
    await client.query('ROLLBACK TO SAVEPOINT emptied');
  }
}

export const itemOf = ({ kind, name, state }: Actor): QuarantinedItem => ({ kind, name, state });
