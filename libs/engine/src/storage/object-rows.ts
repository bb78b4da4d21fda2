import type pg from 'pg';
import { faultCode } from '../postgres/connection.ts';
import { objectName, type ObjectEntry } from './object-list.ts';
import { LIVE, type SourceObject } from './source-objects.ts';

/**
 * The row's old id, where nobody can know the one that it has: other tables may name that. Nor is it taken from a row
 * that has it now, of an object that was moved since; versions of one object share an id.
 */
const OLD_ID = `CASE WHEN (j ->> 'fresh')::boolean AND j -> 'metadata' ->> 'id' IS NOT NULL AND NOT EXISTS (
    SELECT FROM storage.objects x WHERE x.id = (j -> 'metadata' ->> 'id')::uuid
      AND (x.bucket_id, x.name) IS DISTINCT FROM (o.bucket_id, o.name))
  THEN (j -> 'metadata' ->> 'id')::uuid ELSE o.id END`;

/** Columns that servers of different ages may lack, with what is written into them. */
const COLUMNS: Record<string, string> = {
  id: OLD_ID,
  owner: "(j -> 'metadata' ->> 'owner')::uuid",
  owner_id: "j -> 'metadata' ->> 'ownerId'",
  created_at: "(j -> 'metadata' ->> 'createdAt')::timestamptz",
  updated_at: "(j -> 'metadata' ->> 'updatedAt')::timestamptz",
  last_accessed_at: "(j -> 'metadata' ->> 'lastAccessedAt')::timestamptz",
  user_metadata: "nullif(j -> 'metadata' -> 'userMetadata', 'null'::jsonb)",
};

/** What an object's row is given; `fresh`: there was none before it was uploaded. */
export type RowEntry = Pick<ObjectEntry, 'bucket' | 'key' | 'metadata'> & { fresh: boolean };

interface Differing {
  bucket: string;
  key: string;
  size: number;
  there: boolean;
  found: number | null;
  etag: string | null;
}

/** Gives uploaded objects their ids, owners and times back, as far as the platform lets this role. */
export class ObjectRows {
  private readonly client: pg.Client;
  private columns: ReadonlySet<string> | undefined;
  /** Why rows could not be changed; null: all were. */
  refused: string | null = null;

  constructor(client: pg.Client) {
    this.client = client;
  }

  private async known(): Promise<ReadonlySet<string>> {
    if (this.columns) return this.columns;
    const { rows } = await this.client.query<{ name: string }>(
      `SELECT attname AS name FROM pg_catalog.pg_attribute
       WHERE attrelid = 'storage.objects'::pg_catalog.regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
    );
    // the trigger that stamps updated_at would overwrite what we write; a role that may not turn it off loses that column
    await this.client.query('SET session_replication_role = replica').catch((error: unknown) => {
      if (faultCode(error) !== '42501') throw error;
    });
    return (this.columns = new Set(rows.map(({ name }) => name)));
  }

  /** Of these objects those that have a row, by name; old versions and markers of deletions count: they have the id. */
  async there(entries: Pick<ObjectEntry, 'bucket' | 'key'>[]): Promise<ReadonlySet<string>> {
    const json = JSON.stringify(entries.map(({ bucket, key }) => ({ bucket, key })));
    const { rows } = await this.client.query<Pick<ObjectEntry, 'bucket' | 'key'>>(
      `SELECT DISTINCT o.bucket_id AS bucket, o.name AS key FROM pg_catalog.jsonb_array_elements($1::jsonb) AS j
       JOIN storage.objects o ON o.bucket_id = j ->> 'bucket' AND o.name = j ->> 'key'`,
      [json],
    );
    return new Set(rows.map(objectName));
  }

  /** Gives rows what the backup knows of them; answers the objects that have another id afterwards. */
  async write(entries: RowEntry[]): Promise<string[]> {
    if (entries.length === 0 || this.refused !== null) return [];
    const there = await this.known();
    const set = Object.entries(COLUMNS).flatMap(([name, value]) => (there.has(name) ? [`${name} = ${value}`] : []));
    if (set.length === 0) return [];
    const json = JSON.stringify(entries.map(({ bucket, key, metadata, fresh }) => ({ bucket, key, metadata, fresh })));
    const { refused, rows } = await this.change<Pick<ObjectEntry, 'bucket' | 'key'> & { other: boolean }>(
      `UPDATE storage.objects o SET ${set.join(', ')} FROM pg_catalog.jsonb_array_elements($1::jsonb) AS j
       WHERE o.bucket_id = j ->> 'bucket' AND o.name = j ->> 'key' AND ${LIVE}
       RETURNING o.bucket_id AS bucket, o.name AS key,
         pg_catalog.to_jsonb(o) ->> 'id' <> j -> 'metadata' ->> 'id' AS other`,
      json,
    );
    this.refused = refused;
    return rows.filter(({ other }) => other).map(objectName);
  }

  /** What a change answers; or why this role may not make it. */
  private change<T extends pg.QueryResultRow>(
    statement: string,
    json: string,
  ): Promise<{ refused: string | null; rows: T[] }> {
    return this.client.query<T>(statement, [json]).then(
      ({ rows }) => ({ refused: null, rows }),
      (error: unknown) => {
        if (faultCode(error) !== '42501') throw error;
        return { refused: error instanceof Error ? error.message : String(error), rows: [] };
      },
    );
  }

  /**
   * Gives rows that still have the version of the backup (`was`) those that others of the same name, size and ETag have;
   * where the role may not, bytes are sent anew. What was uploaded since has a version of its own, and keeps it.
   */
  async takeOver(others: (Omit<SourceObject, 'metadata'> & { was: string | null })[]): Promise<void> {
    if (others.length === 0 || !(await this.known()).has('version')) return;
    const of = (text: string): string => `pg_catalog.replace(${text}, '"', '')`;
    await this.change(
      `UPDATE storage.objects o SET version = j ->> 'version' FROM pg_catalog.jsonb_array_elements($1::jsonb) AS j
       WHERE o.bucket_id = j ->> 'bucket' AND o.name = j ->> 'key' AND ${LIVE}
         AND o.version IS NOT DISTINCT FROM j ->> 'was' AND o.version IS DISTINCT FROM j ->> 'version'
         AND j ->> 'version' IS NOT NULL AND (o.metadata ->> 'size')::float8 = (j ->> 'size')::float8
         AND ${of("o.metadata ->> 'eTag'")} = ${of("j ->> 'etag'")}`,
      JSON.stringify(others),
    );
  }

  /** Objects of which the project says something else than the backup: that they are not there, or other bytes. */
  async compare(
    entries: Pick<ObjectEntry, 'bucket' | 'key' | 'size' | 'md5'>[],
  ): Promise<{ name: string; expected: string; found: string | null }[]> {
    if (entries.length === 0) return [];
    const json = JSON.stringify(entries.map(({ bucket, key, size, md5 }) => ({ bucket, key, size, md5 })));
    // a server's name for parts that were uploaded one by one is no MD5
    const { rows } = await this.client.query<Differing>(
      `SELECT j ->> 'bucket' AS bucket, j ->> 'key' AS key, (j ->> 'size')::float8 AS size, o.name IS NOT NULL AS there,
         s.size AS found, s.etag
       FROM pg_catalog.jsonb_array_elements($1::jsonb) AS j
       LEFT JOIN storage.objects o ON o.bucket_id = j ->> 'bucket' AND o.name = j ->> 'key' AND ${LIVE}
       CROSS JOIN LATERAL (SELECT (pg_catalog.to_jsonb(o) -> 'metadata' ->> 'size')::float8 AS size,
         pg_catalog.replace(pg_catalog.to_jsonb(o) -> 'metadata' ->> 'eTag', '"', '') AS etag) AS s
       WHERE o.name IS NULL OR s.size IS DISTINCT FROM (j ->> 'size')::float8
         OR s.etag ~ '^[0-9a-f]{32}$' AND s.etag <> j ->> 'md5'`,
      [json],
    );
    return rows.map(({ bucket, key, size, there, found, etag }) => ({
      name: objectName({ bucket, key }),
      expected: `${size} bytes`,
      found: there ? `${found} bytes, ${etag}` : null,
    }));
  }
}
