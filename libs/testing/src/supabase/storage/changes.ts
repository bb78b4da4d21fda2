import { randomUUID } from 'node:crypto';
import { asCaller, asServer, couldCaller } from '../caller-queries.ts';
import { jsonOf, type Answer } from '../http.ts';
import { bucketRules } from './buckets.ts';
import { callerOf, uuidOrNull, type ObjectRow, type StorageContext, type StorageRequest } from './context.ts';
import { findObject } from './download.ts';
import { mustBeKey } from './names.ts';
import { refusals } from './storage-error.ts';

interface Transfer {
  bucket: string;
  key: string;
  toBucket: string;
  toKey: string;
  body: Record<string, unknown>;
}

/** Removes the named objects that the caller may remove, and answers with their rows. */
export async function removeObjects(
  context: StorageContext,
  request: StorageRequest,
  bucket: string,
  names?: string[],
): Promise<Answer> {
  const caller = await callerOf(context, request);
  const single = names !== undefined;
  const wanted = names ?? ((await jsonOf(request.raw))['prefixes'] as string[] | undefined) ?? [];
  const { rows } = await asCaller(context.pool, caller, (client) =>
    client.query<ObjectRow>('delete from storage.objects where bucket_id = $1 and name = any ($2) returning *', [
      bucket,
      wanted,
    ]),
  );
  for (const { id, version } of rows) if (version) await context.blobs.remove({ bucket, id, version });
  if (!single) return { json: rows };
  if (!rows.length) throw refusals.noObject();
  return { json: { message: 'Successfully deleted' } };
}

/** Gives an object another key, or another bucket; its id stays. */
export async function moveObject(context: StorageContext, request: StorageRequest): Promise<Answer> {
  const { bucket, key, toBucket, toKey } = await transferOf(request);
  const caller = await callerOf(context, request);
  const source = await findObject(context, request, { bucket, key, access: 'caller' });
  await bucketRules(context, toBucket);
  const version = randomUUID();
  const from = { bucket, id: source.id, version: source.version };
  await asCaller(context.pool, caller, async (client) => {
    const { rowCount } = await client.query(
      'update storage.objects set bucket_id = $2, name = $3, version = $4 where id = $1',
      [source.id, toBucket, toKey, version],
    );
    if (!rowCount) throw refusals.denied('new row violates row-level security policy');
    if ((await context.blobs.size(from)) === null) throw refusals.noObject();
    await context.blobs.keep({ path: context.blobs.path(from) }, { bucket: toBucket, id: source.id, version });
  });
  return { json: { message: 'Successfully moved', Id: source.id, Key: `${toBucket}/${toKey}` } };
}

/** Makes a second object of the same bytes, owned by the caller. */
export async function copyObject(context: StorageContext, request: StorageRequest): Promise<Answer> {
  const { bucket, key, toBucket, toKey, body } = await transferOf(request);
  const caller = await callerOf(context, request);
  const source = await findObject(context, request, { bucket, key, access: 'caller' });
  await bucketRules(context, toBucket);
  const from = { bucket, id: source.id, version: source.version };
  if ((await context.blobs.size(from)) === null) throw refusals.noObject();
  const userMetadata = body['copyMetadata'] === false ? null : JSON.stringify(source.user_metadata);
  const merge =
    request.raw.headers['x-upsert'] === 'true'
      ? `on conflict (bucket_id, name) do update set version = excluded.version, metadata = excluded.metadata,
           user_metadata = excluded.user_metadata`
      : '';
  const insert = `insert into storage.objects (bucket_id, name, version, owner, owner_id, metadata, user_metadata)
    values ($1, $2, $3, $4, $5, $6, $7) ${merge} returning *`;
  const version = randomUUID();
  const owner = [uuidOrNull(caller.subject), caller.subject];
  const metadata = { ...source.metadata, lastModified: new Date().toISOString() };
  const values = [toBucket, toKey, version, ...owner, metadata, userMetadata];
  await couldCaller(context.pool, caller, (client) => client.query(insert, values));
  const row = await asServer(context.pool, async (client) => {
    const made = (await client.query<ObjectRow>(insert, values)).rows[0]!;
    await context.blobs.copy(from, { bucket: toBucket, id: made.id, version });
    return made;
  });
  return { json: { ...row, Id: row.id, Key: `${toBucket}/${toKey}` } };
}

async function transferOf({ raw }: StorageRequest): Promise<Transfer> {
  const body = await jsonOf(raw);
  const text = (name: string): string => {
    const value = body[name];
    if (typeof value !== 'string') throw refusals.invalid(`body must have required property '${name}'`);
    return value;
  };
  const [bucket, key, toKey] = [text('bucketId'), text('sourceKey'), text('destinationKey')];
  mustBeKey(toKey);
  return { bucket, key, toBucket: String(body['destinationBucket'] ?? bucket), toKey, body };
}
