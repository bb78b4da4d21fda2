import { asCaller, asServer } from '../caller-queries.ts';
import { jsonOf, type Answer } from '../http.ts';
import { callerOf, uuidOrNull, type StorageContext, type StorageRequest } from './context.ts';
import { mustBeBucketName } from './names.ts';
import { refusals } from './storage-error.ts';

const COLUMNS = `id, name, coalesce(owner::text, '') as owner, public, type, file_size_limit, allowed_mime_types,
  created_at, updated_at`;

const SORTABLE = new Set(['id', 'name', 'created_at', 'updated_at']);

/** A bucket's rules for an upload. */
export interface BucketRules {
  public: boolean;
  file_size_limit: string | null;
  allowed_mime_types: string[] | null;
}

/** A bucket as the server itself sees it; throws when there is none. */
export async function bucketRules({ pool }: StorageContext, id: string): Promise<BucketRules> {
  const { rows } = await pool.query<BucketRules>(
    'select public, file_size_limit, allowed_mime_types from storage.buckets where id = $1',
    [id],
  );
  if (!rows[0]) throw refusals.noBucket();
  return rows[0];
}

export async function listBuckets(context: StorageContext, request: StorageRequest): Promise<Answer> {
  const caller = await callerOf(context, request);
  const { query } = request;
  const sort = SORTABLE.has(query.get('sortColumn') ?? '') ? query.get('sortColumn') : 'id';
  const order = query.get('sortOrder') === 'desc' ? 'desc' : 'asc';
  const { rows } = await asCaller(context.pool, caller, (client) =>
    client.query(
      `select ${COLUMNS} from storage.buckets where strpos(name, $3) > 0 order by ${sort} ${order} limit $1 offset $2`,
      [query.get('limit'), query.get('offset'), query.get('search') ?? ''],
    ),
  );
  return { json: rows.map(withNumbers) };
}

export async function getBucket(context: StorageContext, request: StorageRequest, id: string): Promise<Answer> {
  const caller = await callerOf(context, request);
  const { rows } = await asCaller(context.pool, caller, (client) =>
    client.query(`select ${COLUMNS} from storage.buckets where id = $1`, [id]),
  );
  if (!rows[0]) throw refusals.noBucket();
  return { json: withNumbers(rows[0]) };
}

export async function createBucket(context: StorageContext, request: StorageRequest): Promise<Answer> {
  const caller = await callerOf(context, request);
  const body = await jsonOf(request.raw);
  const name = String(body['name'] ?? body['id'] ?? '');
  mustBeBucketName(name);
  mustBeBucketName(String(body['id'] ?? name));
  await asCaller(context.pool, caller, (client) =>
    client.query(
      `insert into storage.buckets (id, name, owner, owner_id, public, file_size_limit, allowed_mime_types)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [
        ...[body['id'] ?? name, name, uuidOrNull(caller.subject), caller.subject],
        ...[body['public'] === true, bytesOf(body['file_size_limit']), typesOf(body['allowed_mime_types'])],
      ],
    ),
  );
  return { json: { name } };
}

export async function updateBucket(context: StorageContext, request: StorageRequest, id: string): Promise<Answer> {
  const caller = await callerOf(context, request);
  const body = await jsonOf(request.raw);
  const given = (key: string) => body[key] !== undefined;
  const { rowCount } = await asCaller(context.pool, caller, (client) =>
    client.query(
      `update storage.buckets set
         public = coalesce($2, public),
         file_size_limit = case when $3 then $4::bigint else file_size_limit end,
         allowed_mime_types = case when $5 then $6::text[] else allowed_mime_types end,
         updated_at = now()
       where id = $1`,
      [
        ...[id, given('public') ? body['public'] === true : null],
        ...[given('file_size_limit'), bytesOf(body['file_size_limit'])],
        ...[given('allowed_mime_types'), typesOf(body['allowed_mime_types'])],
      ],
    ),
  );
  if (!rowCount) throw refusals.noBucket();
  return { json: { message: 'Successfully updated' } };
}

export async function deleteBucket(context: StorageContext, request: StorageRequest, id: string): Promise<Answer> {
  const caller = await callerOf(context, request);
  await asCaller(context.pool, caller, async (client) => {
    const { rows } = await client.query('select from storage.buckets where id = $1', [id]);
    if (!rows[0]) throw refusals.noBucket();
  });
  const objects = await context.pool.query('select from storage.objects where bucket_id = $1 limit 1', [id]);
  if (objects.rowCount) throw refusals.notEmpty();
  const deleted = await asCaller(context.pool, caller, (client) =>
    client.query('delete from storage.buckets where id = $1', [id]),
  );
  if (!deleted.rowCount) throw refusals.noBucket();
  return { json: { message: 'Successfully deleted' } };
}

/** Removes every object that the caller may remove. */
export async function emptyBucket(context: StorageContext, request: StorageRequest, id: string): Promise<Answer> {
  const caller = await callerOf(context, request);
  await getBucket(context, request, id);
  for (let more = true; more;) {
    const { rows } = await asCaller(context.pool, caller, (client) =>
      client.query<{ id: string; version: string }>(
        `delete from storage.objects where id in (select id from storage.objects where bucket_id = $1 limit 500)
         returning id, version`,
        [id],
      ),
    );
    for (const row of rows) await context.blobs.remove({ bucket: id, ...row });
    more = rows.length > 0;
  }
  const left = await asServer(context.pool, (client) =>
    client.query('select from storage.objects where bucket_id = $1 limit 1', [id]),
  );
  if (left.rowCount) throw refusals.denied('Access denied');
  return { json: { message: 'Successfully emptied' } };
}

const UNITS: Record<string, number> = { '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9 };

function bytesOf(limit: unknown): number | null {
  if (limit === null || limit === undefined) return null;
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(gb|mb|kb|b|)$/i.exec(String(limit)) ?? [];
  if (number === undefined) throw refusals.invalid('Invalid file size format, hint: use 20GB / 20MB / 30KB / 3B');
  return Math.trunc(Number(number) * (UNITS[(unit ?? '').toLowerCase()] ?? 1));
}

function typesOf(types: unknown): string[] | null {
  if (types === null || types === undefined) return null;
  if (!Array.isArray(types)) throw refusals.invalid('allowed_mime_types must be an array');
  for (const type of types) {
    if (!/^([\w-]+|\*)\/([\w.+-]+|\*)$/.test(String(type))) throw refusals.invalidMime(String(type));
  }
  return types.map(String);
}

// pg reads bigint as text; the server answers with a number.
const withNumbers = (row: { file_size_limit: string | null }) => ({
  ...row,
  file_size_limit: row.file_size_limit === null ? null : Number(row.file_size_limit),
});
