import type pg from 'pg';
import type { ObjectMetadata } from './object-list.ts';

/** An object as the rows of the project say, at the snapshot's instant. */
export interface SourceObject {
  bucket: string;
  key: string;
  version: string | null;
  etag: string | null;
  size: number;
  metadata: ObjectMetadata;
}

const PAGE = 500;

/** Whether the database is a project with storage. */
export async function hasStorage(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(
    `SELECT pg_catalog.to_regclass('storage.objects') IS NOT NULL
        AND pg_catalog.to_regclass('storage.buckets') IS NOT NULL AS there`,
  );
  return rows[0]?.there === true;
}

/** How many objects and bytes there are to read. */
export async function countObjects(client: pg.Client): Promise<{ objects: number; bytes: number }> {
  const { rows } = await client.query<{ objects: number; bytes: number }>(
    `SELECT pg_catalog.count(*)::float8 AS objects,
        coalesce(pg_catalog.sum((pg_catalog.to_jsonb(o) -> 'metadata' ->> 'size')::numeric), 0)::float8 AS bytes
      FROM storage.objects o`,
  );
  return rows[0] ?? { objects: 0, bytes: 0 };
}

/**
 * Lists all objects by bucket and key, in the order of their bytes, a few hundred at a time. Servers of different ages
 * have more and fewer columns: those that may be missing are asked for by name. A marker of a deletion is no object.
 */
export async function* listObjects(client: pg.Client): AsyncGenerator<SourceObject> {
  await client.query(
    `DECLARE holdfast_objects NO SCROLL CURSOR FOR
      SELECT o.bucket_id AS bucket, o.name AS key, j ->> 'version' AS version, j -> 'metadata' ->> 'eTag' AS etag,
        coalesce((j -> 'metadata' ->> 'size')::numeric, 0)::float8 AS size,
        pg_catalog.jsonb_build_object('id', j ->> 'id', 'contentType', j -> 'metadata' ->> 'mimetype',
          'cacheControl', j -> 'metadata' ->> 'cacheControl', 'userMetadata', j -> 'user_metadata', 'owner', j ->> 'owner',
          'ownerId', j ->> 'owner_id', 'createdAt', j ->> 'created_at', 'updatedAt', j ->> 'updated_at',
          'lastAccessedAt', j ->> 'last_accessed_at') AS metadata
      FROM storage.objects o CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(o) AS j) AS whole
      WHERE NOT coalesce((j ->> 'is_delete_marker')::boolean, false)
      ORDER BY o.bucket_id COLLATE "C", o.name COLLATE "C"`,
  );
  for (;;) {
    const { rows } = await client.query<SourceObject>(`FETCH ${PAGE} FROM holdfast_objects`);
    if (rows.length === 0) break;
    yield* rows;
  }
  await client.query('CLOSE holdfast_objects');
}

/** The buckets and their settings, whatever columns they have, one JSON object a line. */
export async function bucketLines(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ line: string }>(
    `SELECT pg_catalog.to_jsonb(b)::text AS line FROM storage.buckets b ORDER BY b.id COLLATE "C"`,
  );
  return rows.map(({ line }) => `${line}\n`).join('');
}
