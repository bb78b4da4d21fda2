import { OperationError, type CoverageGap, type StorageChoice } from '@holdfast/contracts';
import type pg from 'pg';
import { translateQuery } from '../postgres/connection.ts';
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

/** A marker of a deletion is no object. */
const CONTENT = `NOT coalesce((pg_catalog.to_jsonb(o) ->> 'is_delete_marker')::boolean, false)`;
/** In buckets with versions a key has a row for each: all but one were archived. */
const CURRENT = `pg_catalog.to_jsonb(o) ->> 'archived_at' IS NULL`;
/** Of the rows \`o\` those that are objects, whatever columns the server's age gives them. */
export const LIVE = `(${CONTENT} AND ${CURRENT})`;
/** The chosen ones: $1 are buckets, $2 prefixes. */
const CHOSEN = `(pg_catalog.cardinality($1::text[]) = 0 OR o.bucket_id = ANY ($1))
  AND (pg_catalog.cardinality($2::text[]) = 0 OR EXISTS (SELECT FROM pg_catalog.unnest($2) AS p (prefix)
    WHERE pg_catalog.starts_with(o.bucket_id || '/' || o.name, p.prefix)))`;

/** What there is to read, and what is left out: objects that were not chosen, and old versions of chosen ones. */
export interface ObjectTotals {
  objects: number;
  bytes: number;
  leftOut: number;
  oldVersions: number;
  /** Buckets with old versions. */
  versioned: string[];
}

/** Counts objects and their bytes. */
export async function countObjects(client: pg.Client, { buckets, prefixes }: StorageChoice): Promise<ObjectTotals> {
  const { rows } = await client.query<Omit<ObjectTotals, 'versioned'> & { bucket: string }>(
    `SELECT bucket, pg_catalog.count(*) FILTER (WHERE chosen AND current)::float8 AS objects,
        coalesce(pg_catalog.sum(size) FILTER (WHERE chosen AND current), 0)::float8 AS bytes,
        pg_catalog.count(*) FILTER (WHERE NOT chosen AND current)::float8 AS "leftOut",
        pg_catalog.count(*) FILTER (WHERE chosen AND NOT current)::float8 AS "oldVersions"
      FROM (SELECT o.bucket_id AS bucket, ${CHOSEN} AS chosen, ${CURRENT} AS current,
          (pg_catalog.to_jsonb(o) -> 'metadata' ->> 'size')::numeric AS size
        FROM storage.objects o WHERE ${CONTENT}) AS listed
      GROUP BY bucket ORDER BY bucket COLLATE "C"`,
    [buckets, prefixes],
  );
  const sum = (of: 'objects' | 'bytes' | 'leftOut' | 'oldVersions'): number =>
    rows.reduce((all, row) => all + row[of], 0);
  const versioned = rows.filter(({ oldVersions }) => oldVersions > 0).map(({ bucket }) => bucket);
  const [objects, bytes, leftOut, oldVersions] = [sum('objects'), sum('bytes'), sum('leftOut'), sum('oldVersions')];
  return { objects, bytes, leftOut, oldVersions, versioned };
}

/**
 * Lists the chosen objects by bucket and key, in the order of their bytes, a few hundred at a time. Servers of different
 * ages have more and fewer columns: those that may be missing are asked for by name. Throws
 * what `translateQuery` says of a lost connection or a statement that failed.
 */
export async function* listObjects(
  client: pg.Client,
  { buckets, prefixes }: StorageChoice,
): AsyncGenerator<SourceObject> {
  const ask = (text: string, values: unknown[] = []): Promise<pg.QueryResult<SourceObject>> =>
    client.query<SourceObject>(text, values).catch((error: unknown) => {
      throw translateQuery(error, 'storage.objects');
    });
  await ask(
    `DECLARE holdfast_objects NO SCROLL CURSOR FOR
      SELECT o.bucket_id AS bucket, o.name AS key, j ->> 'version' AS version, j -> 'metadata' ->> 'eTag' AS etag,
        coalesce((j -> 'metadata' ->> 'size')::numeric, 0)::float8 AS size,
        pg_catalog.jsonb_build_object('id', j ->> 'id', 'contentType', j -> 'metadata' ->> 'mimetype',
          'cacheControl', j -> 'metadata' ->> 'cacheControl', 'userMetadata', j -> 'user_metadata', 'owner', j ->> 'owner',
          'ownerId', j ->> 'owner_id', 'createdAt', j ->> 'created_at', 'updatedAt', j ->> 'updated_at',
          'lastAccessedAt', j ->> 'last_accessed_at') AS metadata
      FROM storage.objects o CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(o) AS j) AS whole
      WHERE ${LIVE} AND ${CHOSEN}
      ORDER BY o.bucket_id COLLATE "C", o.name COLLATE "C"`,
    [buckets, prefixes],
  );
  for (;;) {
    const { rows } = await ask(`FETCH ${PAGE} FROM holdfast_objects`);
    if (rows.length === 0) break;
    yield* rows;
  }
  await ask('CLOSE holdfast_objects');
}

/** The chosen buckets and their settings, whatever columns they have, one JSON object a line. */
export async function bucketLines(client: pg.Client, { buckets }: StorageChoice): Promise<string> {
  const { rows } = await client.query<{ id: string; line: string }>(
    `SELECT b.id, pg_catalog.to_jsonb(b)::text AS line FROM storage.buckets b
      WHERE pg_catalog.cardinality($1::text[]) = 0 OR b.id = ANY ($1) ORDER BY b.id COLLATE "C"`,
    [buckets],
  );
  refuseUnknownBuckets('The project', buckets, new Set(rows.map(({ id }) => id)));
  return rows.map(({ line }) => `${line}\n`).join('');
}

/** Throws `storage.bucket_unknown`, naming every bucket that was asked for and is not known. */
export function refuseUnknownBuckets(where: string, asked: string[], known: ReadonlySet<string>): void {
  const unknown = asked.filter((bucket) => !known.has(bucket));
  if (unknown.length === 0) return;
  const more = unknown.length > 20 ? `, and ${unknown.length - 20} more` : '';
  throw new OperationError(
    'storage.bucket_unknown',
    `${where} has no bucket ${unknown.slice(0, 20).join(', ')}${more}`,
    {
      hint: 'Buckets are named by their ids.',
      errors: unknown.map((bucket) => ({ at: 'storage.buckets', message: `no bucket ${bucket}` })),
    },
  );
}

/** What is in storage and not in the backup, for the coverage statement. */
export const leftOutGaps = (
  { buckets, prefixes }: StorageChoice,
  { leftOut, oldVersions, versioned }: ObjectTotals,
): CoverageGap[] => [
  ...(leftOut === 0
    ? []
    : [
        {
          ...{ code: 'objects-not-chosen', subjects: [...buckets, ...prefixes].slice(0, 20), count: leftOut },
          reason: 'Only objects of these buckets, or whose names begin so, were asked for; the others are not inside.',
        },
      ]),
  ...(oldVersions === 0
    ? []
    : [
        {
          ...{ code: 'objects-old-versions', subjects: versioned.slice(0, 20), count: oldVersions },
          reason: 'These buckets keep old versions of their objects; only the newest of each is inside.',
        },
      ]),
];
