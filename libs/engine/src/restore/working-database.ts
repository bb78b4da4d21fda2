import { OperationError } from '@holdfast/contracts';
import type pg from 'pg';
import type { ManifestSource } from '../manifest/manifest.ts';
import { createLike, dropDatabase } from '../postgres/databases.ts';

/** The name under which a restore is built; the same for every attempt of one operation. */
export const workingName = (operationId: string): string => `holdfast_restore_${operationId.replaceAll('-', '')}`;

/** The id of the operation that a working database is of; null for a database of another name. */
export function operationOf(database: string): string | null {
  const parts = /^holdfast_restore_([\da-f]{8})([\da-f]{4})([\da-f]{4})([\da-f]{4})([\da-f]{12})$/.exec(database);
  return parts && parts.slice(1).join('-');
}

/**
 * What one attempt builds. A worker that was cut off for a while may still be at it when the next attempt has begun on
 * another one, under the same name: only the oid says whose it is.
 */
export interface WorkingDatabase {
  name: string;
  oid: string;
  /** False: the server lacks the source's locale, it was made with `C`. */
  likeSource: boolean;
}

/** A database's oid; null: there is none of this name. */
export async function databaseOid(client: pg.Client, name: string): Promise<string | null> {
  const { rows } = await client.query<{ oid: string }>(
    'SELECT oid::text AS oid FROM pg_catalog.pg_database WHERE datname = $1',
    [name],
  );
  return rows[0]?.oid ?? null;
}

/** The refusal to go on with what another attempt has made anew. */
export const takenOver = (name: string): OperationError =>
  new OperationError('operation.already_ended', `Another attempt of this restore has made ${name} anew`, {
    hint: 'Look at the operation: the newest attempt goes on.',
  });

/** Makes an attempt's database; the half-built one of an attempt before it goes. */
export async function makeWorking(
  client: pg.Client,
  operationId: string,
  source: ManifestSource,
): Promise<WorkingDatabase> {
  const name = workingName(operationId);
  await dropDatabase(client, name);
  const likeSource = await createLike(client, name, source);
  const oid = await databaseOid(client, name);
  if (oid === null) throw takenOver(name);
  return { name, oid, likeSource };
}

/** Drops what an attempt has built; null: it had not come to know what it made. Another attempt's stays. */
export async function dropWorking(
  client: pg.Client,
  operationId: string,
  built: WorkingDatabase | null,
): Promise<void> {
  const name = workingName(operationId);
  if (built !== null && (await databaseOid(client, name)) !== built.oid) return;
  await dropDatabase(client, name);
}
