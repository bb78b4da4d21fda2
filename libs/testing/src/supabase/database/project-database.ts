import type { PostgresTarget } from '@holdfast/engine/embedded';
import pg from 'pg';
import { connect } from '../../throwaway-postgres.ts';
import { AUTH_FUNCTIONS_SQL, AUTH_MORE_TABLES_SQL, AUTH_TABLES_SQL } from './auth-sql.ts';
import { PLATFORM_SQL } from './platform-sql.ts';
import { ROLES_SQL } from './roles-sql.ts';
import { STORAGE_FUNCTIONS_SQL, STORAGE_TABLES_SQL } from './storage-sql.ts';

/**
 * Shapes a database as a Supabase project: roles, `auth`, `storage`, `extensions`, `supabase_migrations`, rights and
 * the publication of Realtime. Needs a superuser; what is there already stays. A client must not be in a transaction.
 */
export async function createProjectDatabase(database: pg.Client | PostgresTarget): Promise<void> {
  if (database instanceof pg.Client) return shape(database);
  const client = await connect(database);
  try {
    await shape(client);
  } finally {
    await client.end();
  }
}

const INSIDE = [
  PLATFORM_SQL,
  AUTH_TABLES_SQL,
  AUTH_MORE_TABLES_SQL,
  AUTH_FUNCTIONS_SQL,
  STORAGE_TABLES_SQL,
  STORAGE_FUNCTIONS_SQL,
];

async function shape(client: pg.Client): Promise<void> {
  // Roles are the server's: their transaction is short, or projects made side by side would wait for each other.
  for (const statements of [[ROLES_SQL], INSIDE]) {
    await client.query('begin');
    try {
      await client.query("set local client_min_messages = 'warning'");
      for (const sql of statements) await client.query(sql);
      await client.query('commit');
    } catch (error) {
      await client.query('rollback');
      throw error;
    }
  }
}
