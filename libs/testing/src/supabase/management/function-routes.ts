import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import busboy from 'busboy';
import { jsonOf, type Answer } from '../http.ts';
import type { Deploy, DeployMetadata, FunctionStore } from './function-store.ts';
import { ManagementError } from './management-error.ts';

/** Answers below `/v1/projects/{ref}/functions`. */
export async function answerFunctions(
  store: FunctionStore,
  raw: IncomingMessage,
  path: string[],
  query: URLSearchParams,
): Promise<Answer> {
  const [slug, verb] = path;
  if (slug === undefined && raw.method === 'GET') return { json: await store.list() };
  if (slug === 'deploy' && raw.method === 'POST') return deploy(store, raw, query.get('slug') ?? '');
  if (slug !== undefined && verb === 'body' && raw.method === 'GET') return sources(store, raw, slug);
  if (slug === undefined || verb !== undefined) throw new ManagementError(404, `Cannot ${raw.method} ${raw.url}`);
  if (raw.method === 'GET') return { json: (await store.get(slug)).record };
  if (raw.method === 'PATCH') {
    const { name, verify_jwt } = await jsonOf(raw);
    const change = {
      ...(typeof name === 'string' && { name }),
      ...(typeof verify_jwt === 'boolean' && { verify_jwt }),
    };
    return { json: await store.change(slug, change) };
  }
  if (raw.method !== 'DELETE') throw new ManagementError(404, `Cannot ${raw.method} ${raw.url}`);
  await store.remove(slug);
  return { status: 200 };
}

async function deploy(store: FunctionStore, raw: IncomingMessage, slug: string): Promise<Answer> {
  const under = await store.begin();
  try {
    const metadata = await receiveForm(store, raw, under);
    return { status: 201, json: await store.keep(under, slug || (metadata.name ?? ''), metadata) };
  } finally {
    await store.discard(under);
  }
}

async function receiveForm(store: FunctionStore, raw: IncomingMessage, under: Deploy): Promise<DeployMetadata> {
  // Paths of files are what a function is made of; by default they would be cut to their last name.
  const form = busboy({ headers: raw.headers, preservePath: true, defParamCharset: 'utf8' });
  const files: Promise<void>[] = [];
  let metadata: DeployMetadata | undefined;
  form.on('field', (name, value) => {
    if (name === 'metadata') metadata = JSON.parse(value) as DeployMetadata;
  });
  form.on('file', (name, stream, { filename }) => {
    if (name === 'file') files.push(store.receive(under, filename ?? '', stream));
    else stream.resume();
  });
  await pipeline(raw, form);
  await Promise.all(files);
  if (!metadata) throw new ManagementError(400, 'metadata is required');
  return metadata;
}

// As the server: metadata first, then each file with its path in a header of its own.
async function sources(store: FunctionStore, raw: IncomingMessage, slug: string): Promise<Answer> {
  if (!raw.headers.accept?.includes('multipart/form-data')) {
    throw new ManagementError(406, 'Only multipart/form-data is served here');
  }
  const { record, paths } = await store.get(slug);
  const boundary = `----function${randomBytes(12).toString('hex')}`;
  const part = (headers: string[]) => `--${boundary}\r\n${headers.join('\r\n')}\r\n\r\n`;
  const body = async function* () {
    yield part(['Content-Disposition: form-data; name="metadata"', 'Content-Type: application/json']);
    yield JSON.stringify({ deno2_entrypoint_path: record.entrypoint_path, import_map_path: record.import_map_path });
    yield '\r\n';
    for (const [n, path] of paths.entries()) {
      const name = `source/${path}`;
      const quoted = name.replaceAll('"', '%22');
      yield part([
        `Content-Disposition: form-data; name="file"; filename="${quoted}"`,
        `Supabase-Path: ${encodeURI(name)}`,
        'Content-Type: application/octet-stream',
      ]);
      yield* store.open(slug, n);
      yield '\r\n';
    }
    yield `--${boundary}--\r\n`;
  };
  return { headers: { 'content-type': `multipart/form-data; boundary=${boundary}` }, stream: Readable.from(body()) };
}
