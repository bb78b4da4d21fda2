import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { PostgresTarget } from '@holdfast/engine/embedded';
import { createClient } from '@supabase/supabase-js';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '../index.ts';
import {
  createProjectDatabase,
  fillProject,
  plantObjects,
  plantSparseObject,
  sha256Of,
  startProjectServer,
  type FilledProject,
  type ProjectServer,
} from './index.ts';

let postgres: ThrowawayPostgres;
let target: PostgresTarget;
let server: ProjectServer;
let client: pg.Client;
let filled: FilledProject;
let seconds: number;
let dir: string;

beforeAll(async () => {
  postgres = await throwawayPostgres();
  target = await postgres.createDatabase();
  await createProjectDatabase(target);
  client = await postgres.client(target);
  dir = await makeTempDir('fill');
  server = await startProjectServer({ target, dir });
  const from = Date.now();
  filled = await fillProject({ server, target });
  seconds = (Date.now() - from) / 1000;
});
afterAll(async () => {
  await server.stop();
  await postgres.stop();
  await rm(dir, { recursive: true });
});

const get = (bucket: string, key: string, token = server.serviceRoleKey) =>
  fetch(`${server.url}/storage/v1/object/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`, {
    headers: { authorization: `Bearer ${token}` },
  });

async function signIn(n: number) {
  const supabase = createClient(server.url, server.anonKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { data, error } = await supabase.auth.signInWithPassword(filled.users[n]!);
  return { supabase, error, token: data.session?.access_token ?? '' };
}

describe('fillProject', () => {
  it('makes 50 users, 1,000 objects and three functions, within a minute on a slow machine', async () => {
    expect([filled.users.length, filled.objects.length, filled.functions]).toEqual([
      50,
      1000,
      ['greet', 'whoami', 'total'],
    ]);
    const { rows } = await client.query(`select (select count(*)::int from auth.users) as users,
      (select count(*)::int from auth.identities) as identities, (select count(*)::int from public.profiles) as profiles,
      (select count(*)::int from storage.objects) as objects, (select count(*)::int from storage.buckets) as buckets,
      (select max((metadata ->> 'size')::int) from storage.objects) as biggest`);
    const counts = { users: 50, identities: 50, profiles: 50, objects: 1000, buckets: 3, biggest: 50_000_000 };
    expect(rows).toEqual([counts]);
    expect(seconds).toBeLessThan(60);
  });

  it('gives back every object as planned', async () => {
    const { rows } = await client.query<{ at: string; owner_id: string; user_metadata: unknown; mimetype: string }>(
      `select bucket_id || '/' || name as at, owner_id, user_metadata, metadata ->> 'mimetype' as mimetype from storage.objects`,
    );
    const found = new Map(rows.map((row) => [row.at, row]));
    for (const object of filled.objects) {
      const row = found.get(`${object.bucket}/${object.key}`);
      const owner_id = object.owner === null ? null : filled.users[object.owner - 1]!.id;
      expect(row).toMatchObject({ owner_id, user_metadata: object.userMetadata, mimetype: object.contentType });
      const answer = await get(object.bucket, object.key);
      expect(answer.headers.get('cache-control')).toBe(object.cacheControl);
      const hash = createHash('sha256').update(new Uint8Array(await answer.arrayBuffer()));
      expect([object.key, hash.digest('hex')]).toEqual([object.key, sha256Of(object)]);
    }
  });

  it('lets each user sign in and see their own rows and documents only', async () => {
    const mine = filled.objects.find(
      ({ bucket, owner, key }) => bucket === 'documents' && owner === 3 && !key.startsWith('shared'),
    )!;
    const [owner, other] = [await signIn(2), await signIn(3)];
    expect([owner.error, other.error]).toEqual([null, null]);
    expect((await get(mine.bucket, mine.key, owner.token)).status).toBe(200);
    expect((await get(mine.bucket, mine.key, other.token)).status).toBe(400);
    expect((await get('documents', 'shared/for everybody.txt', other.token)).status).toBe(200);
    expect((await owner.supabase.from('notes').select('owner')).data).toEqual(
      Array(3).fill({ owner: filled.users[2]!.id }),
    );
  });

  it('is the same every time', async () => {
    const again = await postgres.createDatabase();
    await createProjectDatabase(again);
    const second = await startProjectServer({ target: again, dir: `${dir}/second` });
    const small = await fillProject({ server: second, target: again, users: 5, objects: 30, bigObjectBytes: 0 });
    const look =
      'select id, email, encrypted_password, raw_user_meta_data from auth.users where id = any ($1) order by id';
    const ids = [small.users.map(({ id }) => id)];
    const rows = (await (await postgres.client(again)).query(look, ids)).rows;
    expect(rows).toEqual((await client.query(look, ids)).rows);
    expect(rows).toHaveLength(5);
    await second.stop();
  });
});

describe('planted objects', () => {
  it('download like uploaded ones, also when they are larger than memory would like', async () => {
    await plantObjects(server, target, { bucket: 'documents', count: 2500, size: 2048 });
    const bytes = new Uint8Array(await (await get('documents', 'many/2499')).arrayBuffer());
    const planted = { bucket: 'documents', key: 'many/2499', size: 2048 };
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256Of(planted));
    const size = 512 * 1024 ** 2;
    await plantSparseObject(server, target, { bucket: 'documents', key: 'huge', size });
    const answer = await get('documents', 'huge');
    const before = process.memoryUsage.rss();
    let [read, most] = [0, before];
    for await (const chunk of answer.body!) {
      read += chunk.byteLength;
      most = Math.max(most, process.memoryUsage.rss());
    }
    expect(read).toBe(size);
    expect((most - before) / 1024 ** 2).toBeLessThan(256);
  });
});
