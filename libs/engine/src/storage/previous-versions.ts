import type { StorageChoice } from '@holdfast/contracts';
import { translateQuery, withConnection } from '../postgres/connection.ts';
import { READ_SETTINGS } from '../postgres/snapshot.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import type { ObjectRows } from './object-rows.ts';
import { hasStorage, listObjects, type SourceObject } from './source-objects.ts';

const ROWS_AT_ONCE = 500;

/**
 * Rows that came with a restored database name the versions of the storage that was backed up, and a project keeps bytes
 * by version. Where the database that was replaced knew the same bytes by a version of the project's own, the row takes
 * that one over: else all would be uploaded again, and what is there would belong to no row any more.
 */
export async function takeOverVersions(
  rows: ObjectRows,
  replaced: PostgresTarget,
  choice: StorageChoice,
  signal: AbortSignal,
): Promise<void> {
  await withConnection(replaced, { signal, settings: READ_SETTINGS }, async (session) => {
    if (!(await hasStorage(session))) return;
    await session.query('BEGIN');
    let batch: SourceObject[] = [];
    for await (const object of listObjects(session, choice)) {
      signal.throwIfAborted();
      batch.push(object);
      if (batch.length < ROWS_AT_ONCE) continue;
      await rows.takeOver(batch);
      batch = [];
    }
    await rows.takeOver(batch);
  }).catch((error: unknown) => {
    throw translateQuery(error, 'storage.objects');
  });
}
