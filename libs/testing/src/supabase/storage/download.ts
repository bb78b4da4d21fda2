import { asCaller } from '../caller-queries.ts';
import type { Answer } from '../http.ts';
import { bucketRules } from './buckets.ts';
import { callerOf, type ObjectRow, type StorageContext, type StorageRequest } from './context.ts';
import { mustBeKey } from './names.ts';
import { refusals } from './storage-error.ts';

const FIND = `select id, bucket_id, name, version, metadata, user_metadata, created_at, updated_at, last_accessed_at
  from storage.objects where bucket_id = $1 and name = $2`;

/** Who vouches for a download: the caller's policies, the bucket's being public, or a signed URL. */
export type Access = 'caller' | 'public' | 'signed';

/** An object's row as far as the access allows to see it; throws `not_found` otherwise. */
export async function findObject(
  context: StorageContext,
  request: StorageRequest,
  at: { bucket: string; key: string; access: Access },
): Promise<ObjectRow> {
  mustBeKey(at.key);
  const values = [at.bucket, at.key];
  if (at.access === 'public' && !(await bucketRules(context, at.bucket)).public) throw refusals.noBucket();
  const { rows } =
    at.access === 'caller'
      ? await asCaller(context.pool, await callerOf(context, request), (client) =>
          client.query<ObjectRow>(FIND, values),
        )
      : await context.pool.query<ObjectRow>(FIND, values);
  if (!rows[0]) throw refusals.noObject();
  return rows[0];
}

/** GET: the bytes, or a range of them. */
export async function downloadObject(
  context: StorageContext,
  request: StorageRequest,
  at: { bucket: string; key: string; access: Access },
): Promise<Answer> {
  const row = await findObject(context, request, at);
  const place = { bucket: row.bucket_id, id: row.id, version: row.version };
  // A row without a version was made by SQL alone and never had bytes.
  const size = row.version ? await context.blobs.size(place) : null;
  if (size === null) throw refusals.noObject();
  const headers: Record<string, string> = { ...headersOf(row, request), 'content-length': String(size) };
  if (request.raw.headers['if-none-match'] === headers['etag']) return { status: 304, headers };
  const range = rangeOf(request.raw.headers.range, size);
  if (!range) return { headers, stream: context.blobs.open(place) };
  return {
    status: 206,
    headers: {
      ...headers,
      'content-length': String(range.end - range.start + 1),
      'content-range': `bytes ${range.start}-${range.end}/${size}`,
    },
    stream: context.blobs.open(place, range),
  };
}

/** HEAD: what the row says; the bytes may be missing all the same, as with the real server. */
export async function headObject(
  context: StorageContext,
  request: StorageRequest,
  at: { bucket: string; key: string; access: Access },
): Promise<Answer> {
  const row = await findObject(context, request, at);
  return { headers: { ...headersOf(row, request), 'content-length': String(row.metadata?.size ?? 0) } };
}

/** The row in the words of the API. */
export async function objectInfo(
  context: StorageContext,
  request: StorageRequest,
  at: { bucket: string; key: string; access: Access },
): Promise<Answer> {
  const row = await findObject(context, request, at);
  return {
    json: {
      id: row.id,
      name: row.name,
      version: row.version,
      bucket_id: row.bucket_id,
      size: row.metadata?.size ?? null,
      content_type: row.metadata?.mimetype ?? null,
      cache_control: row.metadata?.cacheControl ?? null,
      etag: row.metadata?.eTag ?? null,
      metadata: row.user_metadata ?? {},
      last_modified: row.updated_at,
      created_at: row.created_at,
    },
  };
}

function headersOf({ metadata, updated_at }: ObjectRow, { query }: StorageRequest): Record<string, string> {
  const type = metadata?.mimetype ?? 'application/octet-stream';
  const download = query.get('download');
  const name = download
    ? `; filename=${encodeURIComponent(download)}; filename*=UTF-8''${encodeURIComponent(download)};`
    : '';
  return {
    // A page of somebody else's must not run under the project's address.
    'content-type': type.replace(/^text\/html/i, 'text/plain'),
    'cache-control': metadata?.cacheControl ?? 'no-cache',
    etag: metadata?.eTag ?? '',
    'last-modified': new Date(metadata?.lastModified ?? updated_at).toUTCString(),
    'accept-ranges': 'bytes',
    ...(download !== null && { 'content-disposition': `attachment${name}` }),
  };
}

function rangeOf(header: string | undefined, size: number): { start: number; end: number } | null {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (!first && !last) return null;
  const start = first ? Number(first) : Math.max(0, size - Number(last));
  const end = first && last ? Math.min(Number(last), size - 1) : size - 1;
  if (start > end) throw refusals.invalidRange();
  return { start, end };
}
