import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { OperationError } from '@holdfast/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storageProblem } from './check-storage.ts';
import { encodeKey, StorageClient, type Upload } from './storage-client.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let client: StorageClient;
/** What the server answers, one after the other; the last one again and again. */
let answers: Answer[];
let asked: { method: string; url: string; headers: IncomingMessage['headers']; body: string; at: number }[];
const calm = new AbortController().signal;

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      asked.push({ method, url, headers, body, at: performance.now() });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      answer?.(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  client = new StorageClient({ url: `http://127.0.0.1:${port}/base/`, serviceKey: 'the-key' });
});
afterEach(async () => {
  await client.close();
  server.closeAllConnections();
  server.close();
});

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const bytes =
  (text: string, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    response.writeHead(200, { etag: '"abc"', ...headers }).end(text);

const broken: Answer = (_request, response) => {
  response.writeHead(200, { etag: '"abc"', 'content-length': '10' }).write('01234');
  setTimeout(() => response.destroy(), 20);
};

async function textOf(bucket: string, key: string, signal = calm): Promise<string> {
  const answer = await client.download(bucket, key, signal);
  if (typeof answer === 'string') return answer;
  let text = '';
  for await (const part of answer.body) text += Buffer.from(part).toString();
  return text;
}

const uploadOf = (text: string): Upload => ({
  ...{ size: text.length, contentType: 'text/plain', cacheControl: null, userMetadata: null },
  body: async function* () {
    yield Buffer.from(text);
  },
});

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing thrown',
    (error: unknown) => (error instanceof OperationError ? error.code : String(error)),
  );

describe('a download', () => {
  it('asks for a key exactly as it is, with the key of the service', async () => {
    answers = [bytes('rows')];
    for (const key of ['a b?x=1', 'folder/', '//abs', 'q#1', '..x', 'a/%2e%2e/ä']) {
      expect(await textOf('my bucket', key)).toBe('rows');
    }
    expect(asked.map(({ url }) => url.replace('/base/storage/v1/object/authenticated/my%20bucket/', ''))).toEqual([
      ...['a%20b%3Fx%3D1', 'folder/', '//abs', 'q%231', '..x', 'a/%252e%252e/%C3%A4'],
    ]);
    expect(asked[0]?.headers).toMatchObject({ authorization: 'Bearer the-key', apikey: 'the-key' });
  });

  it.each([
    ['404', json(404, { statusCode: '404', code: 'NoSuchKey', message: 'no' })],
    ['400 with a 404 inside', json(400, { statusCode: '404', error: 'not_found', message: 'Object not found' })],
  ])('of what is not there is no error: %s', async (_name, answer) => {
    answers = [answer];
    expect(await textOf('b', 'k')).toBe('missing');
    expect(asked).toHaveLength(1);
  });

  it('of a name that the server does not answer to is refused for itself', async () => {
    answers = [json(400, { statusCode: '400', error: 'InvalidKey', message: 'Invalid key' })];
    expect(await textOf('b', 'a%b')).toBe('refused');
  });

  it.each([
    ['b', '..'],
    ['b', '../c/x'],
    ['b', 'a/../../c/x'],
    ['b', './x'],
    ['..', 'x'],
    ['a/..', 'x'],
    ['', 'x'],
  ])('asks for no address that could be read as another one: bucket %j, key %j', async (bucket, key) => {
    answers = [bytes('of another object')];
    expect(await textOf(bucket, key)).toBe('refused');
    expect(await client.etagOf(bucket, key, 1, calm)).toBeNull();
    expect(await client.upload(bucket, key, uploadOf('x'), calm)).toContain('name');
    expect(asked).toEqual([]);
  });

  it('waits as long as the server asks when there are too many requests', async () => {
    answers = [json(429, {}, { 'retry-after': '1' }), json(503, {}), bytes('rows')];
    expect(await textOf('b', 'k')).toBe('rows');
    expect((asked[1]?.at ?? 0) - (asked[0]?.at ?? 0)).toBeGreaterThan(900);
    expect(asked).toHaveLength(3);
  });

  it('goes on after a connection that broke in the middle, from where it was', async () => {
    const rest: Answer = (_request, response) =>
      response.writeHead(206, { etag: '"abc"', 'content-range': 'bytes 5-9/10', 'content-length': '5' }).end('56789');
    answers = [broken, rest];
    expect(await textOf('b', 'k')).toBe('0123456789');
    expect(asked[1]?.headers.range).toBe('bytes=5-9');
  });

  it.each([
    ['is another one now', json(412, { code: 'PreconditionFailed' })],
    ['is gone', json(400, { statusCode: '404', error: 'not_found', message: 'Object not found' })],
    ['may not be read any more', json(401, {})],
  ])('ends when a connection broke in the middle and the object %s', async (_name, answer) => {
    answers = [broken, answer];
    expect(await codeOf(textOf('b', 'k'))).toBe('storage.unreachable');
    expect(asked).toHaveLength(2);
  });

  it('ends at once when it is stopped in the middle, also after it went on', async () => {
    const stalled: Answer = (_request, response) =>
      response
        .writeHead(206, { etag: '"abc"', 'content-range': 'bytes 5-9/10', 'content-length': '5' })
        .write('56', () => setTimeout(() => stop.abort(new Error('stopped')), 50));
    const stop = new AbortController();
    answers = [broken, stalled];
    await expect(textOf('b', 'k', stop.signal)).rejects.toThrow('stopped');
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['408', json(408, {})],
    ['520', json(520, {})],
    ['544', json(544, {})],
    ['400 with a 503 inside', json(400, { statusCode: '503', error: 'SlowDown', message: 'slow down' })],
    [
      'a refusal that broke off',
      (_request: IncomingMessage, response: ServerResponse): void => {
        response.writeHead(403, { 'content-length': '100' }).write('{');
        setTimeout(() => response.destroy(), 20);
      },
    ],
  ])('is tried again after what passes: %s', async (_name, answer) => {
    answers = [answer, bytes('rows')];
    expect(await textOf('b', 'k')).toBe('rows');
  });

  it.each([
    ['a plain 404', json(404, { statusCode: 404, error: 'Not Found', message: 'Route GET:/x not found' })],
    ['no such tenant', json(400, { statusCode: '400', error: 'TenantNotFound', message: 'no tenant' })],
    ['a key that is not its own', json(400, { statusCode: '400', code: 'InvalidJWT', message: 'jwt malformed' })],
  ])('from something that is not the storage of the project ends it all: %s', async (_name, answer) => {
    answers = [answer];
    expect(await codeOf(textOf('b', 'k'))).toBe('storage.refused');
    expect(await codeOf(client.etagOf('b', 'k', 1, calm))).toBe('storage.refused');
    expect(await codeOf(client.upload('b', 'k', uploadOf('x'), calm))).toBe('storage.refused');
  });

  it('shows the beginning of a refusal, however long, and nothing of the key', async () => {
    answers = [
      (_request, response) => {
        response.writeHead(403);
        const more = (): unknown => response.writable && response.write('the-key'.repeat(10_000), () => more());
        response.write('x'.repeat(296));
        more();
      },
    ];
    const error = await textOf('b', 'k').catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('x'.repeat(296));
    expect(String(error)).not.toContain('the');
    expect(String(error).length).toBeLessThan(400);
  });

  it('never mixes the bytes of two versions', async () => {
    const other: Answer = (_request, response) =>
      response.writeHead(206, { etag: '"other"', 'content-range': 'bytes 5-9/10', 'content-length': '5' }).end('xxxxx');
    answers = [broken, other];
    expect(await codeOf(textOf('b', 'k'))).toBe('storage.unreachable');
  });

  it('says that the key is refused, and does not try again', async () => {
    answers = [json(403, { message: 'jwt expired' })];
    expect(await codeOf(textOf('b', 'k'))).toBe('storage.refused');
    expect(asked).toHaveLength(1);
    answers = [json(400, { statusCode: '403', error: 'Unauthorized', message: 'signature verification failed' })];
    expect(await codeOf(textOf('b', 'k'))).toBe('storage.refused');
  });

  it('ends at once when it is stopped', async () => {
    answers = [() => undefined];
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('stopped')), 50);
    await expect(textOf('b', 'k', stop.signal)).rejects.toThrow('stopped');
  });

  it('says so when nobody answers', async () => {
    answers = [];
    server.close();
    server.closeAllConnections();
    expect(await codeOf(textOf('b', 'k'))).toBe('storage.unreachable');
  });
});

describe('an upload', () => {
  it('waits as long as the server asks', async () => {
    answers = [json(429, {}, { 'retry-after': '1' }), json(200, {})];
    expect(await client.upload('b', 'k', uploadOf('bytes'), calm)).toBeNull();
    expect((asked[1]?.at ?? 0) - (asked[0]?.at ?? 0)).toBeGreaterThan(900);
  });

  it('that is refused for itself says why; one that is refused for the key ends it all', async () => {
    answers = [json(400, { statusCode: '415', error: 'invalid_mime_type', message: 'mime type not supported' })];
    expect(await client.upload('b', 'k', uploadOf('bytes'), calm)).toContain('mime type not supported');
    answers = [json(431, {})];
    expect(await client.upload('b', 'k', uploadOf('bytes'), calm)).toContain('431');
    answers = [json(401, { message: 'no' })];
    expect(await codeOf(client.upload('b', 'k', uploadOf('bytes'), calm))).toBe('storage.refused');
  });
});

it('uploads with what the object had, again from its beginning when the server failed', async () => {
  answers = [json(500, {}), json(200, { Key: 'b/k' })];
  const body = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from('01234');
    yield Buffer.from('56789');
  };
  const upload = { size: 10, contentType: 'text/html', cacheControl: 'no-store', userMetadata: { von: 'ä' }, body };
  await client.upload('b', 'dir/k?', upload, calm);
  expect(asked.map(({ body: text }) => text)).toEqual(['0123456789', '0123456789']);
  expect(asked[1]).toMatchObject({ method: 'POST', url: '/base/storage/v1/object/b/dir/k%3F' });
  expect(asked[1]?.headers).toMatchObject({
    ...{ 'content-type': 'text/html', 'cache-control': 'no-store', 'x-upsert': 'true', 'content-length': '10' },
    'x-metadata': Buffer.from('{"von":"ä"}').toString('base64'),
  });
});

it('uploads without what no header can carry', async () => {
  answers = [json(423, {}), json(200, {})];
  const odd = { contentType: 'text/\u0142', cacheControl: 'max-age=1\nX-Y: z', userMetadata: 'x'.repeat(5_000) };
  expect(await client.upload('b', 'k', { ...uploadOf('bytes'), ...odd }, calm)).toBeNull();
  expect(asked).toHaveLength(2);
  expect(asked[1]?.headers['content-type']).toBe('application/octet-stream');
  for (const name of ['cache-control', 'x-metadata', 'x-y']) expect(asked[1]?.headers).not.toHaveProperty(name);
});

it('makes a bucket although the answer to the first attempt was lost', async () => {
  const bucket = { id: 'b', name: 'b', public: true, file_size_limit: null, allowed_mime_types: null };
  const none = json(400, { statusCode: '404', error: 'Bucket not found', message: 'Bucket not found' });
  const lost: Answer = (_request, response) => void response.destroy();
  answers = [none, lost, json(400, { statusCode: '409', error: 'Duplicate' }), json(200, { id: 'b' }), json(200, {})];
  expect(await client.putBucket(bucket, calm)).toBeNull();
  expect(asked.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST', 'GET', 'PUT']);
});

it('takes a page for people for no storage', async () => {
  answers = [bytes('<!doctype html>')];
  const { port } = server.address() as AddressInfo;
  const problem = await storageProblem({ url: `http://127.0.0.1:${port}`, serviceKey: 'the-key' }, calm);
  expect(problem?.code).toBe('storage.refused');
  answers = [bytes('[{"id":"b"}]')];
  await expect(client.check(calm)).resolves.toBeUndefined();
});

it('encodes each segment of a key and keeps the slashes', () => {
  expect(encodeKey('a/b c//d/')).toBe('a/b%20c//d/');
});
