import type pg from 'pg';
import { faultCode } from '../postgres/connection.ts';
import type { ObjectEntry } from './object-list.ts';

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

/** Gives uploaded objects their ids, owners and times back, as far as the platform lets this role. */
export class ObjectRows {
  private readonly client: pg.Client;
  private statement: string | null | undefined;
  /** Why rows could not be changed; null: all were. */
  refused: string | null = null;

  constructor(client: pg.Client) {
    this.client = client;
  }

  private async prepare(): Promise<string | null> {
    const { rows } = await this.client.query<{ name: string }>(
      `SELECT attname AS name FROM pg_catalog.pg_attribute
       WHERE attrelid = 'storage.objects'::pg_catalog.regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
    );
    const there = new Set(rows.map(({ name }) => name));
    const set = Object.entries(COLUMNS).flatMap(([name, value]) => (there.has(name) ? [`${name} = ${value}`] : []));
    // the trigger that stamps updated_at would overwrite what we write; a role that may not turn it off loses that column
    await this.client.query('SET session_replication_role = replica').catch((error: unknown) => {
      if (faultCode(error) !== '42501') throw error;
    });
    if (set.length === 0) return null;
    return `UPDATE storage.objects o SET ${set.join(', ')} FROM pg_catalog.jsonb_array_elements($1::jsonb) AS j
      WHERE o.bucket_id = j ->> 'bucket' AND o.name = j ->> 'key'`;
  }

  async write(entries: Pick<ObjectEntry, 'bucket' | 'key' | 'metadata'>[]): Promise<void> {
    if (entries.length === 0 || this.refused !== null) return;
    this.statement ??= await this.prepare();
    if (this.statement === null) return;
    const json = JSON.stringify(entries.map(({ bucket, key, metadata }) => ({ bucket, key, metadata })));
    await this.client.query(this.statement, [json]).catch((error: unknown) => {
      if (faultCode(error) !== '42501') throw error;
      this.refused = error instanceof Error ? error.message : String(error);
    });
  }
}
