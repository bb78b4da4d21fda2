import type pg from 'pg';
import { faultCode } from '../postgres/connection.ts';
import { objectName, type ObjectEntry } from './object-list.ts';
import type { SourceObject } from './source-objects.ts';

/** Columns that servers of different ages may lack, with what is written into them. */
const COLUMNS: Record<string, string> = {
  id: "(j -> 'metadata' ->> 'id')::uuid",
  owner: "(j -> 'metadata' ->> 'owner')::uuid",
  owner_id: "j -> 'metadata' ->> 'ownerId'",
  created_at: "(j -> 'metadata' ->> 'createdAt')::timestamptz",
  updated_at: "(j -> 'metadata' ->> 'updatedAt')::timestamptz",
  last_accessed_at: "(j -> 'metadata' ->> 'lastAccessedAt')::timestamptz",
  user_metadata: "nullif(j -> 'metadata' -> 'userMetadata', 'null'::jsonb)",
};

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

  async write(entries: Pick<ObjectEntry, 'bucket' | 'key' | 'metadata'>[]): Promise<void> {
    if (entries.length === 0 || this.refused !== null) return;
    const there = await this.known();
    const set = Object.entries(COLUMNS).flatMap(([name, value]) => (there.has(name) ? [`${name} = ${value}`] : []));
    if (set.length === 0) return;
    const json = JSON.stringify(entries.map(({ bucket, key, metadata }) => ({ bucket, key, metadata })));
    this.refused = await this.change(
      `UPDATE storage.objects o SET ${set.join(', ')} FROM pg_catalog.jsonb_array_elements($1::jsonb) AS j
       WHERE o.bucket_id = j ->> 'bucket' AND o.name = j ->> 'key'`,
      json,
    );
  }

  /** Null: done; else why this role may not. */
  private change(statement: string, json: string): Promise<string | null> {
    return this.client.query(statement, [json]).then(
      () => null,
      (error: unknown) => {
        if (faultCode(error) !== '42501') throw error;
        return error instanceof Error ? error.message : String(error);
      },
    );
  }

  /** Gives rows the versions that others of the same name, size and ETag have; where the role may not, bytes are sent anew. */
  async takeOver(others: SourceObject[]): Promise<void> {
    if (others.length === 0 || !(await this.known()).has('version')) return;
    const of = (text: string): string => `pg_catalog.replace(${text}, '"', '')`;
    const json = JSON.stringify(
      others.map(({ bucket, key, size, etag, version }) => ({ bucket, key, size, etag, version })),
    );
    await this.change(
      `UPDATE storage.objects o SET version = j ->> 'version' FROM pg_catalog.jsonb_array_elements($1::jsonb) AS j
       WHERE o.bucket_id = j ->> 'bucket' AND o.name = j ->> 'key' AND o.version IS DISTINCT FROM j ->> 'version'
         AND j ->> 'version' IS NOT NULL AND (o.metadata ->> 'size')::float8 = (j ->> 'size')::float8
         AND ${of("o.metadata ->> 'eTag'")} = ${of("j ->> 'etag'")}`,
      json,
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
       LEFT JOIN storage.objects o ON o.bucket_id = j ->> 'bucket' AND o.name = j ->> 'key'
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
