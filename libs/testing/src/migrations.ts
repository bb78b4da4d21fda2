import { createHash, randomUUID } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError } from '@holdfast/contracts';
import type { PostgresTarget } from '@holdfast/engine/embedded';
import type pg from 'pg';
import { connect } from './throwaway-postgres.ts';

const MIGRATIONS = join(import.meta.dirname, '../../../prisma/migrations');

/** The key under which `prisma migrate` holds others off. */
const PRISMA_LOCK = 72_707_369;

const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`;

const NOTE = `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
  VALUES ($1, $2, $3, clock_timestamp(), 1)`;

/**
 * Brings our tables to this version and answers what was applied, in Prisma's own bookkeeping, so that
 * `prisma migrate deploy` and this can follow each other. The Prisma CLI hands the connection URL, password and all,
 * to its engine on the command line; this does not. Each migration is one transaction.
 */
export async function applyMigrations(target: PostgresTarget): Promise<string[]> {
  const client = await connect(target);
  try {
    await client.query('SET statement_timeout = 0; SET lock_timeout = 60000');
    await client.query(`SELECT pg_advisory_lock(${PRISMA_LOCK})`);
    await client.query(BOOKKEEPING);
    const done = await finished(client);
    const entries = await readdir(MIGRATIONS, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    const pending = names.sort().filter((name) => !done.has(name));
    for (const name of pending) await apply(client, name);
    return pending;
  } finally {
    await client.end();
  }
}

async function finished(client: pg.Client): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string; finished: boolean }>(
    `SELECT migration_name AS name, finished_at IS NOT NULL AS finished
       FROM _prisma_migrations WHERE rolled_back_at IS NULL`,
  );
  const stuck = rows.find((row) => !row.finished);
  if (stuck) {
    throw new OperationError('internal.error', `The migration ${stuck.name} failed earlier`, {
      hint: 'See `prisma migrate resolve`.',
      retryable: false,
    });
  }
  return new Set(rows.map((row) => row.name));
}

async function apply(client: pg.Client, name: string): Promise<void> {
  const sql = await readFile(join(MIGRATIONS, name, 'migration.sql'), 'utf8');
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query(NOTE, [randomUUID(), createHash('sha256').update(sql).digest('hex'), name]);
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK');
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new OperationError('internal.error', `The migration ${name} failed: ${words}`, { cause, retryable: false });
  }
}
