import { couldCaller } from '../caller-queries.ts';
import { jsonOf, type Answer } from '../http.ts';
import { callerOf, type StorageContext, type StorageRequest } from './context.ts';
import { downloadObject, findObject, headObject } from './download.ts';
import { encodeKey, mustBeKey } from './names.ts';
import { refusals } from './storage-error.ts';
import { receiveObject } from './upload.ts';

const UPLOAD_SECONDS = 2 * 60 * 60;

/** A URL that lets anybody read one object for a while. */
export async function signObject(
  context: StorageContext,
  request: StorageRequest,
  bucket: string,
  key: string,
): Promise<Answer> {
  const { expiresIn } = await jsonOf(request.raw);
  await findObject(context, request, { bucket, key, access: 'caller' });
  return { json: { signedURL: await signedUrl(context, bucket, key, Number(expiresIn)) } };
}

/** As `signObject` for many keys; those that the caller cannot see come back with an error instead. */
export async function signObjects(context: StorageContext, request: StorageRequest, bucket: string): Promise<Answer> {
  const { expiresIn, paths } = await jsonOf(request.raw);
  const answers: unknown[] = [];
  for (const path of (paths as string[] | undefined) ?? []) {
    const found = await findObject(context, request, { bucket, key: path, access: 'caller' }).catch(() => null);
    const error = found ? null : 'Either the object does not exist or you do not have access to it';
    answers.push({ error, path, signedURL: found ? await signedUrl(context, bucket, path, Number(expiresIn)) : null });
  }
  return { json: answers };
}

export async function downloadSigned(
  context: StorageContext,
  request: StorageRequest,
  bucket: string,
  key: string,
): Promise<Answer> {
  const { url } = await opened(context, request);
  if (url !== `${bucket}/${key}`) throw refusals.denied('Invalid signature');
  const at = { bucket, key, access: 'signed' } as const;
  return request.raw.method === 'HEAD' ? headObject(context, request, at) : downloadObject(context, request, at);
}

/** A URL that lets anybody put one object, as its signer, for two hours. */
export async function signUpload(
  context: StorageContext,
  request: StorageRequest,
  bucket: string,
  key: string,
): Promise<Answer> {
  mustBeKey(key);
  const caller = await callerOf(context, request);
  const upsert = request.raw.headers['x-upsert'] === 'true';
  await couldCaller(context.pool, caller, (client) =>
    client.query(
      `insert into storage.objects (bucket_id, name) values ($1, $2)
       ${upsert ? 'on conflict (bucket_id, name) do update set version = null' : ''}`,
      [bucket, key],
    ),
  );
  const token = await context.tokens.sign({ url: `${bucket}/${key}`, owner: caller.subject, upsert }, UPLOAD_SECONDS);
  return { json: { url: `/object/upload/sign/${encodeKey(`${bucket}/${key}`)}?token=${token}`, token } };
}

export async function uploadSigned(
  context: StorageContext,
  request: StorageRequest,
  bucket: string,
  key: string,
): Promise<Answer> {
  const { url, owner, upsert } = await opened(context, request);
  if (url !== `${bucket}/${key}`) throw refusals.denied('Invalid signature');
  // Policies were asked when the URL was signed.
  const subject = typeof owner === 'string' ? owner : null;
  const caller = { role: 'service_role', subject, claims: {} };
  return receiveObject(context, request, { bucket, key, caller, upsert: upsert === true });
}

async function signedUrl({ tokens }: StorageContext, bucket: string, key: string, seconds: number): Promise<string> {
  if (!(seconds > 0)) throw refusals.invalid("body must have required property 'expiresIn'");
  const token = await tokens.sign({ url: `${bucket}/${key}` }, seconds);
  return `/object/sign/${encodeKey(`${bucket}/${key}`)}?token=${token}`;
}

async function opened({ tokens }: StorageContext, { query }: StorageRequest): Promise<Record<string, unknown>> {
  try {
    return await tokens.open(query.get('token') ?? '');
  } catch (error) {
    throw refusals.invalidToken(error instanceof Error ? error.message : 'Invalid JWT');
  }
}
