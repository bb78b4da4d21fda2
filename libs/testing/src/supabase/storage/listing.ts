import { asCaller } from '../caller-queries.ts';
import { jsonOf, type Answer } from '../http.ts';
import { callerOf, type StorageContext, type StorageRequest } from './context.ts';

const SORTABLE = new Set(['name', 'updated_at', 'created_at', 'last_accessed_at']);

// One level of names: objects that end here, and a folder for whatever goes on below.
const level = (sort: string, order: string) => `
select name, id, updated_at, created_at, last_accessed_at, metadata from (
  select path_tokens[$2] as name, id, updated_at, created_at, last_accessed_at, metadata
    from storage.objects where bucket_id = $1 and starts_with(name, $3) and cardinality(path_tokens) = $2
  union all
  select distinct path_tokens[$2], null::uuid, null::timestamptz, null::timestamptz, null::timestamptz, null::jsonb
    from storage.objects where bucket_id = $1 and starts_with(name, $3) and cardinality(path_tokens) > $2
) entry
where $4 = '' or strpos(lower(name), lower($4)) = 1
order by ${sort === 'name' ? 'name collate "C"' : sort} ${order} nulls first, name collate "C", id nulls first
limit $5 offset $6`;

/** One page of one folder, as `list` of supabase-js wants it. */
export async function listObjects(context: StorageContext, request: StorageRequest, bucket: string): Promise<Answer> {
  const caller = await callerOf(context, request);
  const body = await jsonOf(request.raw);
  const folder = String(body['prefix'] ?? '');
  const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  const by = (body['sortBy'] ?? {}) as { column?: string; order?: string };
  const sql = level(SORTABLE.has(by.column ?? '') ? by.column! : 'name', by.order === 'desc' ? 'desc' : 'asc');
  const [limit, offset] = [Number(body['limit'] ?? 100), Number(body['offset'] ?? 0)];
  const values = [bucket, prefix.split('/').length, prefix, String(body['search'] ?? ''), limit, offset];
  const { rows } = await asCaller(context.pool, caller, (client) => client.query(sql, values));
  return { json: rows };
}

const FLAT = `
select id, name, updated_at, created_at, last_accessed_at, metadata from storage.objects
where bucket_id = $1 and starts_with(name, $2) and name collate "C" > $3
order by name collate "C" limit $4`;

/** One page of all names below a prefix, by their bytes; the cursor is the last name. */
export async function listObjectsFlat(
  context: StorageContext,
  request: StorageRequest,
  bucket: string,
): Promise<Answer> {
  const caller = await callerOf(context, request);
  const body = await jsonOf(request.raw);
  const limit = Math.min(Number(body['limit'] ?? 1000), 1000);
  const after = Buffer.from(String(body['cursor'] ?? ''), 'base64').toString('utf8');
  const { rows } = await asCaller(context.pool, caller, (client) =>
    client.query<{ name: string }>(FLAT, [bucket, String(body['prefix'] ?? ''), after, limit + 1]),
  );
  const objects = rows.slice(0, limit);
  const hasNext = rows.length > limit;
  const nextCursor = Buffer.from(objects.at(-1)?.name ?? '').toString('base64');
  return { json: { hasNext, folders: [], objects, ...(hasNext && { nextCursor }) } };
}
