import type pg from 'pg';
import { translateQuery, withConnection } from '../postgres/connection.ts';
import { READ_SETTINGS } from '../postgres/snapshot.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { inBatches, type ObjectEntry } from './object-list.ts';
import type { ObjectRows } from './object-rows.ts';
import { hasStorage, LIVE, type SourceObject } from './source-objects.ts';

const ROWS_AT_ONCE = 500;

type Previous = Omit<SourceObject, 'metadata'> & { was: string | null };

/**
 * Rows that came with a restored database name the versions of the storage that was backed up, and a project keeps bytes
 * by version. Where the database that was replaced knew the same bytes by a version of the project's own, the row takes
 * that one over: else all would be uploaded again, and what is there would belong to no row any more. `entries` are those
 * of the backup. A second attempt may do it again: rows of what the first one uploaded stay as they are.
 */
export async function takeOverVersions(
  rows: ObjectRows,
  replaced: PostgresTarget,
  entries: AsyncIterable<ObjectEntry>,
  signal: AbortSignal,
): Promise<void> {
  await withConnection(replaced, { signal, settings: READ_SETTINGS }, async (session) => {
    if (!(await hasStorage(session))) return;
    for await (const batch of inBatches(entries, ROWS_AT_ONCE)) {
      signal.throwIfAborted();
      await rows.takeOver(await previousOf(session, batch));
    }
  }).catch((error: unknown) => {
    throw translateQuery(error, 'storage.objects');
  });
}

async function previousOf(session: pg.Client, batch: ObjectEntry[]): Promise<Previous[]> {
  const { rows } = await session.query<Previous>(
    `SELECT o.bucket_id AS bucket, o.name AS key, w ->> 'version' AS version, w -> 'metadata' ->> 'eTag' AS etag,
        coalesce((w -> 'metadata' ->> 'size')::numeric, 0)::float8 AS size, j ->> 'version' AS was
      FROM pg_catalog.jsonb_array_elements($1::jsonb) AS j
      JOIN storage.objects o ON o.bucket_id = j ->> 'bucket' AND o.name = j ->> 'key' AND ${LIVE}
      CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(o) AS w) AS whole`,
    [JSON.stringify(batch.map(({ bucket, key, version }) => ({ bucket, key, version })))],
  );
  return rows;
}
