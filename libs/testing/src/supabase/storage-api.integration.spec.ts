import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@supabase/supabase-js';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '../index.ts';
import { createProjectDatabase, startProjectServer, type ProjectServer } from './index.ts';

let postgres: ThrowawayPostgres;
let server: ProjectServer;
let client: pg.Client;
let dir: string;

beforeAll(async () => {
  postgres = await throwawayPostgres();
  const target = await postgres.createDatabase();
  await createProjectDatabase(target);
  client = await postgres.client(target);
  dir = await makeTempDir('project');
  server = await startProjectServer({ target, dir, fileSizeLimit: 1000 * 1024 });
  await client.query(
    `insert into storage.buckets (id, name, public) values ('files', 'files', false), ('open', 'open', true)`,
  );
  await client.query(`create policy mine on storage.objects for all to authenticated
    using (bucket_id = 'files' and owner_id = auth.uid()::text)
    with check (bucket_id = 'files' and owner_id = auth.uid()::text)`);
});
afterAll(async () => {
  await server.stop();
  await postgres.stop();
  await rm(dir, { recursive: true });
});

const OWNER = '10000000-0000-4000-8000-000000000001';
const OTHER = '10000000-0000-4000-8000-000000000002';

const token = (subject: string, role = 'authenticated') => server.tokens.sign({ sub: subject, role }, 60);

/** Plain HTTP with each segment encoded: supabase-js would bend odd names. */
async function ask(
  method: string,
  path: string,
  o: { key?: string; token?: string; body?: string; headers?: object } = {},
) {
  const key = o.key === undefined ? '' : `/${o.key.split('/').map(encodeURIComponent).join('/')}`;
  const answer = await fetch(`${server.url}/storage/v1${path}${key}`, {
    method,
    headers: { authorization: `Bearer ${o.token ?? server.serviceRoleKey}`, ...o.headers },
    ...(o.body !== undefined && { body: o.body }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    json: () => JSON.parse(text) as Record<string, unknown>,
  };
}

const put = (key: string, body: string, headers: object = {}, as?: string) =>
  ask('POST', '/object/files', { key, body, headers, ...(as && { token: as }) });

describe('names', () => {
  const odd = [
    'q?x=1',
    ' outer ',
    'a//b',
    'folder/',
    '/abs',
    'Case',
    'case',
    'x'.repeat(255),
    'a/../b',
    "!-_.*'()&$@=;:+,",
  ];

  it.each(odd)('%j comes back as it was put', async (key) => {
    const body = `bytes of ${key}`;
    // `fetch` would resolve dots, encoded or not, before it sends them.
    expect(await put(key.replace('..', '...'), body)).toMatchObject({ status: 200 });
    const { text } = await ask('GET', '/object/files', { key: key.replace('..', '...') });
    expect(text).toBe(body);
    const { rowCount } = await client.query('select from storage.objects where name = $1', [key.replace('..', '...')]);
    expect(rowCount).toBe(1);
  });

  it.each(['ünï', '~', '[', ']', '"', '|', '%', '#', 'a\nb', 'a\0b', 'a\tb', 'x'.repeat(256)])(
    '%j is refused',
    async (key) => {
      const { status, json } = await put(key, 'x');
      expect([status, json()['statusCode'], json()['error']]).toEqual([400, '400', 'InvalidKey']);
    },
  );

  it('a bucket called `..` stays inside the directory', async () => {
    expect((await ask('POST', '/bucket', { body: JSON.stringify({ name: '..' }) })).status).toBe(200);
    expect(server.blobs.path({ bucket: '..', id: 'i', version: 'v' }).startsWith(`${dir}/objects/%2E%2E/`)).toBe(true);
  });
});

describe('an object', () => {
  it('has the metadata of the real server, and its own headers on download', async () => {
    const metadata = { note: 'žluťoučký 🐎' };
    await put('page.html', '<p>', {
      'content-type': 'text/html',
      'cache-control': 'max-age=7, private',
      'x-metadata': Buffer.from(JSON.stringify(metadata)).toString('base64'),
    });
    const { rows } = await client.query(`select * from storage.objects where name = 'page.html'`);
    const eTag = `"${createHash('md5').update('<p>').digest('hex')}"`;
    expect(rows[0]).toMatchObject({
      metadata: {
        eTag,
        size: 3,
        contentLength: 3,
        mimetype: 'text/html',
        cacheControl: 'max-age=7, private',
        httpStatusCode: 200,
      },
      user_metadata: metadata,
    });
    const { headers } = await ask('GET', '/object/authenticated/files', { key: 'page.html' });
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/plain',
      'cache-control': 'max-age=7, private',
      etag: eTag,
      'content-length': '3',
    });
    expect((await ask('GET', '/object/info/files', { key: 'page.html' })).json()).toMatchObject({ metadata, size: 3 });
  });

  it('keeps id, owner and time of creation when replaced, and loses its user metadata', async () => {
    const as = await token(OWNER, 'service_role');
    const sent = { 'x-metadata': Buffer.from('{"a":1}').toString('base64') };
    await put('again', 'one', sent, as);
    const before = (await client.query(`select * from storage.objects where name = 'again'`)).rows[0];
    expect((await put('again', 'two')).json()).toMatchObject({ statusCode: '409', error: 'Duplicate' });
    expect((await put('again', 'two', { 'x-upsert': 'true' })).status).toBe(200);
    const after = (await client.query(`select * from storage.objects where name = 'again'`)).rows[0];
    expect(after).toMatchObject({ id: before.id, owner: OWNER, owner_id: OWNER, created_at: before.created_at });
    expect(after).toMatchObject({ user_metadata: null });
    expect(after.version).not.toBe(before.version);
    expect((await ask('GET', '/object/files', { key: 'again' })).text).toBe('two');
  });

  it('without bytes exists, is not found, and is mended by an upsert', async () => {
    await client.query(`insert into storage.objects (bucket_id, name) values ('files', 'hollow')`);
    expect((await ask('HEAD', '/object/files', { key: 'hollow' })).status).toBe(200);
    expect((await ask('GET', '/object/files', { key: 'hollow' })).json()).toMatchObject({ statusCode: '404' });
    expect((await put('hollow', 'x')).json()).toMatchObject({ statusCode: '409' });
    await put('hollow', 'x', { 'x-upsert': 'true' });
    expect((await ask('GET', '/object/files', { key: 'hollow' })).text).toBe('x');
  });

  it('may be empty, and may be read in ranges', async () => {
    await put('empty', '');
    expect((await ask('GET', '/object/files', { key: 'empty' })).text).toBe('');
    await put('digits', '0123456789');
    const part = await ask('GET', '/object/files', { key: 'digits', headers: { range: 'bytes=3-5' } });
    expect([part.status, part.text, part.headers.get('content-range')]).toEqual([206, '345', 'bytes 3-5/10']);
  });

  it('larger than the limit, or of a type that its bucket does not take, is refused', async () => {
    const big = 'x'.repeat(1000 * 1024 + 1);
    expect((await put('big', big)).json()).toMatchObject({ statusCode: '413', error: 'Payload too large' });
    await ask('POST', '/bucket', {
      body: JSON.stringify({ name: 'limited', file_size_limit: '1KB', allowed_mime_types: ['image/*'] }),
    });
    const send = (type: string, body: string) =>
      ask('POST', '/object/limited/a', { body, headers: { 'content-type': type } });
    expect((await send('text/plain', 'x')).json()).toMatchObject({ statusCode: '415' });
    expect((await send('image/png', 'x'.repeat(1001))).json()).toMatchObject({ statusCode: '413' });
    expect((await send('image/png', 'x')).status).toBe(200);
  });
});

describe('an upload', () => {
  const streamed = (body: AsyncIterable<Uint8Array>) =>
    fetch(`${server.url}/storage/v1/object/files/streamed`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.serviceRoleKey}` },
      body: ReadableStream.from(body),
      duplex: 'half',
    });
  const arriving = () => readdir(join(dir, 'objects', '.arriving'));

  it('of unknown length is refused once it is too large, and hears why', async () => {
    const answer = await streamed(
      (async function* () {
        for (let n = 0; n < 40; n++) yield Buffer.alloc(64 * 1024);
      })(),
    );
    expect(await answer.json()).toMatchObject({ statusCode: '413' });
    expect(await arriving()).toEqual([]);
  });

  it('that breaks off leaves neither a row nor bytes', async () => {
    const broken = streamed(
      (async function* () {
        yield Buffer.alloc(64 * 1024);
        await vi.waitUntil(async () => (await arriving()).length === 1);
        throw new Error('gone');
      })(),
    );
    await expect(broken).rejects.toThrow();
    await vi.waitFor(async () => expect(await arriving()).toEqual([]));
    expect((await client.query(`select from storage.objects where name = 'streamed'`)).rowCount).toBe(0);
  });
});

describe('row-level security', () => {
  it('decides by the token who may upload, read, list and remove', async () => {
    const [mine, theirs] = [await token(OWNER), await token(OTHER)];
    expect((await put('rls/mine', 'secret', {}, mine)).status).toBe(200);
    const refused = (await ask('POST', '/object/open', { key: 'x', body: 'x', token: mine })).json();
    expect(refused).toMatchObject({ statusCode: '403', error: 'Unauthorized' });
    expect(refused['message']).toContain('row-level security');
    expect((await ask('GET', '/object/files', { key: 'rls/mine', token: mine })).text).toBe('secret');
    expect((await ask('GET', '/object/files', { key: 'rls/mine', token: theirs })).json()).toMatchObject({
      statusCode: '404',
    });
    const list = { body: JSON.stringify({ prefix: 'rls' }) };
    expect((await ask('POST', '/object/list/files', { ...list, token: theirs })).json()).toEqual([]);
    expect((await ask('POST', '/object/list/files', { ...list, token: mine })).json()).toHaveLength(1);
    const remove = { body: JSON.stringify({ prefixes: ['rls/mine'] }) };
    expect((await ask('DELETE', '/object/files', { ...remove, token: theirs })).json()).toEqual([]);
    expect((await ask('DELETE', '/object/files', { ...remove, token: mine })).json()).toHaveLength(1);
  });

  it('refuses a request without a token, and one of another project', async () => {
    const other = await server.tokens.sign({ role: 'service_role' }, 60);
    const forged = other.replace(/.{4}$/, (end) => (end === 'AAAA' ? 'BBBB' : 'AAAA'));
    expect((await ask('GET', '/bucket', { token: forged })).json()).toMatchObject({ statusCode: '403' });
    const bare = await fetch(`${server.url}/storage/v1/bucket`);
    expect([bare.status, await bare.json()]).toMatchObject([400, { statusCode: '400' }]);
  });
});

describe('supabase-js', () => {
  it('works with buckets and objects', async () => {
    const { storage } = createClient(server.url, server.serviceRoleKey, { auth: { persistSession: false } });
    expect((await storage.createBucket('js', { public: true, fileSizeLimit: '1MB' })).error).toBeNull();
    expect((await storage.getBucket('js')).data).toMatchObject({ id: 'js', public: true, file_size_limit: 1_000_000 });
    const bucket = storage.from('js');
    const uploaded = await bucket.upload('dir/a.txt', new Blob(['hello'], { type: 'text/plain' }), {
      cacheControl: '60',
      metadata: { n: 1 },
    });
    expect(uploaded).toMatchObject({ error: null, data: { path: 'dir/a.txt', fullPath: 'js/dir/a.txt' } });
    expect((await bucket.upload('b.bin', Buffer.from([1, 2]), { contentType: 'x/y' })).error).toBeNull();
    expect((await bucket.list()).data).toMatchObject([{ name: 'b.bin' }, { name: 'dir', id: null }]);
    expect((await bucket.list('dir')).data).toMatchObject([
      { name: 'a.txt', metadata: { cacheControl: 'max-age=60' } },
    ]);
    expect(await (await bucket.download('dir/a.txt')).data?.text()).toBe('hello');
    expect((await bucket.info('dir/a.txt')).data).toMatchObject({ size: 5, metadata: { n: 1 } });
    expect((await bucket.exists('dir/a.txt')).data).toBe(true);
    expect((await bucket.exists('dir/b.txt')).data).toBe(false);
    expect(await (await fetch(bucket.getPublicUrl('dir/a.txt').data.publicUrl)).text()).toBe('hello');
    expect((await bucket.copy('dir/a.txt', 'c.txt')).error).toBeNull();
    expect((await bucket.move('c.txt', 'd.txt')).error).toBeNull();
    expect(await (await bucket.download('d.txt')).data?.text()).toBe('hello');
    expect((await bucket.remove(['d.txt', 'none'])).data).toMatchObject([{ name: 'd.txt' }]);
    const signed = await bucket.createSignedUrl('b.bin', 60);
    expect((await (await fetch(signed.data!.signedUrl)).arrayBuffer()).byteLength).toBe(2);
    const upload = (await bucket.createSignedUploadUrl('e.txt')).data!;
    expect((await bucket.uploadToSignedUrl('e.txt', upload.token, 'five')).error).toBeNull();
    expect((await storage.deleteBucket('js')).error?.message).toContain('not empty');
    expect((await storage.emptyBucket('js')).error).toBeNull();
    expect((await storage.deleteBucket('js')).error).toBeNull();
    expect((await storage.listBuckets()).data?.map((b) => b.id)).not.toContain('js');
  });
});
