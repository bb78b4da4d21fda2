import { randomUUID } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import busboy from 'busboy';
import { asServer, couldCaller } from '../caller-queries.ts';
import type { Answer } from '../http.ts';
import type { Caller } from '../tokens.ts';
import type { Arrived } from './blobs.ts';
import { bucketRules, type BucketRules } from './buckets.ts';
import { callerOf, uuidOrNull, type ObjectMetadata, type StorageContext, type StorageRequest } from './context.ts';
import { mustBeKey } from './names.ts';
import { refusals } from './storage-error.ts';

/** What arrived with an upload besides the bytes. */
interface Incoming {
  arrived: Arrived;
  mimetype: string;
  cacheControl: string;
  userMetadata: Record<string, unknown> | null;
}

/** Where an upload goes, and who is to own it. */
export interface UploadTarget {
  bucket: string;
  key: string;
  caller: Caller;
  upsert: boolean;
}

export async function uploadObject(
  context: StorageContext,
  request: StorageRequest,
  bucket: string,
  key: string,
): Promise<Answer> {
  mustBeKey(key);
  const caller = await callerOf(context, request);
  const upsert = request.raw.method === 'PUT' || request.raw.headers['x-upsert'] === 'true';
  return receiveObject(context, request, { bucket, key, caller, upsert });
}

/** Takes the bytes, then makes the row: an upload that breaks off leaves nothing. */
export async function receiveObject(
  context: StorageContext,
  request: StorageRequest,
  target: UploadTarget,
): Promise<Answer> {
  const rules = await bucketRules(context, target.bucket);
  await mayUpload(context, target);
  const incoming = await receive(context, request, rules);
  try {
    const id = await complete(context, target, incoming);
    return { json: { Key: `${target.bucket}/${target.key}`, Id: id } };
  } finally {
    await context.blobs.discard(incoming.arrived);
  }
}

// Tried as the caller and undone: policies speak before the first byte is read.
async function mayUpload({ pool }: StorageContext, { bucket, key, caller, upsert }: UploadTarget): Promise<void> {
  const merge = upsert ? 'on conflict (bucket_id, name) do update set version = excluded.version' : '';
  await couldCaller(pool, caller, (client) =>
    client.query(
      `insert into storage.objects (bucket_id, name, version, owner, owner_id) values ($1, $2, $3, $4, $5) ${merge}`,
      [bucket, key, randomUUID(), uuidOrNull(caller.subject), caller.subject],
    ),
  );
}

async function receive(context: StorageContext, request: StorageRequest, rules: BucketRules): Promise<Incoming> {
  const limit = Math.min(context.fileSizeLimit, Number(rules.file_size_limit ?? Infinity));
  const { headers } = request.raw;
  const type = headers['content-type'] ?? 'application/octet-stream';
  if (type.startsWith('multipart/form-data')) return receiveForm(context, request, rules, limit);
  if (Number(headers['content-length'] ?? 0) > limit) throw refusals.tooLarge();
  mustBeAllowed(type, rules);
  const sent = headers['x-metadata'];
  return {
    arrived: await context.blobs.receive(request.raw, limit),
    mimetype: type,
    cacheControl: headers['cache-control'] ?? 'no-cache',
    userMetadata: typeof sent === 'string' ? metadataOf(Buffer.from(sent, 'base64').toString('utf8')) : null,
  };
}

async function receiveForm(
  { blobs }: StorageContext,
  { raw }: StorageRequest,
  rules: BucketRules,
  limit: number,
): Promise<Incoming> {
  const form = busboy({ headers: raw.headers, limits: { files: 1, fieldSize: 1024 * 1024 } });
  const fields = new Map<string, string>();
  let file: Promise<{ arrived: Arrived; mimetype: string }> | undefined;
  form.on('field', (name, value) => fields.set(name, value));
  form.on('file', (_name, stream, { mimeType }) => {
    file = (async () => {
      try {
        mustBeAllowed(mimeType, rules);
        return { arrived: await blobs.receive(stream, limit), mimetype: mimeType };
      } finally {
        stream.resume();
      }
    })();
    // Awaited below, once the form has ended.
    file.catch(() => undefined);
  });
  await pipeline(raw, form);
  if (!file) throw refusals.invalid('No content provided');
  const seconds = fields.get('cacheControl');
  return {
    ...(await file),
    cacheControl: seconds ? `max-age=${seconds}` : 'no-cache',
    userMetadata: fields.has('metadata') ? metadataOf(fields.get('metadata') ?? '') : null,
  };
}

function mustBeAllowed(mimetype: string, { allowed_mime_types: allowed }: BucketRules): void {
  if (!allowed?.length) return;
  const plain = mimetype.split(';')[0]?.trim().toLowerCase() ?? '';
  const fits = (rule: string) => rule === '*/*' || rule === plain || rule === `${plain.split('/')[0]}/*`;
  if (!allowed.some(fits)) throw refusals.invalidMime(mimetype);
}

// The real server ignores metadata that is no JSON object.
function metadataOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** What the server notes about bytes that have arrived. */
const metadataFor = (size: number, md5: string, mimetype: string, cacheControl: string): ObjectMetadata => ({
  eTag: `"${md5}"`,
  size,
  mimetype,
  cacheControl,
  lastModified: new Date().toISOString(),
  contentLength: size,
  httpStatusCode: 200,
});

// Id, owner and time of creation of an object that is replaced stay; its user metadata does not.
const COMPLETE = `
with old as (select id, version from storage.objects where bucket_id = $1 and name = $2 for update)
insert into storage.objects (bucket_id, name, version, owner, owner_id, metadata, user_metadata)
  values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (bucket_id, name) do update
    set version = excluded.version, metadata = excluded.metadata, user_metadata = excluded.user_metadata
  returning id, (select version from old) as old_version`;

async function complete(context: StorageContext, target: UploadTarget, incoming: Incoming): Promise<string> {
  const { bucket, key, caller, upsert } = target;
  const { arrived, mimetype, cacheControl, userMetadata } = incoming;
  const version = randomUUID();
  const metadata = metadataFor(arrived.size, arrived.md5, mimetype, cacheControl);
  const owner = [uuidOrNull(caller.subject), caller.subject];
  const row = await asServer(context.pool, async (client) => {
    const sql = upsert ? COMPLETE : COMPLETE.replace(/on conflict[^]*?(?=returning)/, '');
    const values = [bucket, key, version, ...owner, metadata, userMetadata && JSON.stringify(userMetadata)];
    const { rows } = await client.query<{ id: string; old_version: string | null }>(sql, values);
    const made = rows[0]!;
    await context.blobs.keep(arrived, { bucket, id: made.id, version });
    return made;
  });
  if (row.old_version) await context.blobs.remove({ bucket, id: row.id, version: row.old_version });
  return row.id;
}
