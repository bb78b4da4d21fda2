import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { createProjectDatabase, startProjectServer, type ProjectServer } from '@holdfast/testing/supabase';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { calm, environment, takeBackup } from '../engine-under-test.ts';
import { objectListOf, readManifest } from '../manifest/manifest.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { attachRepository, type Repository } from '../repository/repository.ts';
import { Meter } from '../run.ts';
import type { ObjectEntry } from './object-list.ts';
import { ObjectRows } from './object-rows.ts';
import { takeOverVersions } from './previous-versions.ts';
import { restoreObjects, type RestoredObjects } from './restore-objects.ts';
import { countObjects, leftOutGaps, listObjects, type SourceObject } from './source-objects.ts';

const ALL = { buckets: [], prefixes: [] };
let postgres: ThrowawayPostgres;
let dir: string;

beforeAll(async () => {
  postgres = await throwawayPostgres(17);
  dir = await makeTempDir('object-rows');
});
afterAll(async () => {
  await postgres.stop();
  await rm(dir, { recursive: true });
});

async function makeDatabase(): Promise<{ target: PostgresTarget; client: pg.Client }> {
  const target = await postgres.createDatabase();
  await createProjectDatabase(target);
  const client = await postgres.client(target);
  await client.query(`INSERT INTO storage.buckets (id, name) VALUES ('files', 'files')`);
  return { target, client };
}

interface Planted {
  id?: string;
  version: string;
  archived?: boolean;
}

async function plant(client: pg.Client, key: string, { id = randomUUID(), version, archived = false }: Planted) {
  await client.query(
    `INSERT INTO storage.objects (id, bucket_id, name, version, metadata, archived_at)
     VALUES ($1, 'files', $2, $3, '{"size": 4, "eTag": "\\"same\\""}', CASE WHEN $4 THEN now() END)`,
    [id, key, version, archived],
  );
  return id;
}

const idsOf = async (client: pg.Client): Promise<Record<string, string>> => {
  const { rows } = await client.query<{ name: string; id: string }>('SELECT name, id::text FROM storage.objects');
  return Object.fromEntries(rows.map(({ name, id }) => [name, id]));
};

describe('storage alone, given back to a project that went on', () => {
  let client: pg.Client;
  let server: ProjectServer;
  let before: Record<string, string>;
  let giveBack: (url?: string) => Promise<RestoredObjects>;

  const put = async (key: string, bytes: string): Promise<void> => {
    const headers = { authorization: `Bearer ${server.serviceRoleKey}`, 'content-type': 'text/plain' };
    const url = `${server.url}/storage/v1/object/files/${key}`;
    const { ok, status } = await fetch(url, { method: 'POST', headers, body: bytes });
    if (!ok) throw new Error(`${key}: ${status}`);
  };
  const change = (sql: string): Promise<unknown> =>
    client.query(`BEGIN; SET LOCAL storage.allow_delete_query = 'true'; ${sql}; COMMIT`);

  beforeAll(async () => {
    const made = await makeDatabase();
    const { target } = made;
    client = made.client;
    server = await startProjectServer({ target, dir: join(dir, 'server') });
    for (const key of ['again', 'gone', 'moved', 'stays']) await put(key, `bytes of ${key}`);
    before = await idsOf(client);
    const repository: Repository = (await attachRepository(join(dir, 'repository'))).repository;
    const endpoint = { url: server.url, serviceKey: server.serviceRoleKey };
    const { backupId } = await takeBackup(target, repository, {
      storage: { endpoint, parentBackupId: null, parallel: 2 },
    });
    const manifest = await readManifest(repository, environment.id, backupId, calm.signal);
    const list = objectListOf(manifest);
    if (!list) throw new Error('no list of objects');
    giveBack = (url = server.url) =>
      restoreObjects({
        ...{ repository, manifest, list, target, replaced: null, choice: ALL, parallel: 2 },
        ...{ endpoint: { ...endpoint, url }, signal: calm.signal, meter: new Meter(calm) },
      });
  });
  afterAll(() => server.stop());

  it('leaves the ids that other rows may name, and names the objects whose ids are not the old ones', async () => {
    await change(`UPDATE storage.objects SET name = 'elsewhere' WHERE name = 'moved';
      DELETE FROM storage.objects WHERE name IN ('again', 'gone')`);
    await put('again', 'other bytes');
    const between = await idsOf(client);
    await client.query('CREATE TABLE pictures (object uuid REFERENCES storage.objects (id))');
    await client.query('INSERT INTO pictures SELECT id FROM storage.objects');
    const done = await giveBack();
    expect(done).toMatchObject({ restored: 3, kept: 1, failed: 0, differenceCount: 0 });
    expect(done.gaps).toMatchObject([{ code: 'object-ids', subjects: ['files/again', 'files/moved'], count: 2 }]);
    const after = await idsOf(client);
    expect(after).toMatchObject({ ...between, gone: before.gone, stays: before.stays });
    expect(Object.values(before)).not.toContain(after.again);
    expect(after.elsewhere).toBe(before.moved);
    const dangling = 'SELECT FROM pictures p WHERE NOT EXISTS (SELECT FROM storage.objects o WHERE o.id = p.object)';
    expect((await client.query(dangling)).rowCount).toBe(0);
  });

  it('waits for no transfer once it has failed', async () => {
    const stand = createServer(({ url = '' }, response) => {
      // the first object is never answered
      if (url.endsWith('/again')) return;
      response.statusCode = url.includes('/bucket') ? 200 : 401;
      response.end('{}');
    });
    stand.listen(0, '127.0.0.1');
    await once(stand, 'listening');
    const began = Date.now();
    const failing = giveBack(`http://127.0.0.1:${(stand.address() as AddressInfo).port}`);
    await expect(failing).rejects.toMatchObject({ code: 'storage.refused' });
    expect(Date.now() - began).toBeLessThan(10_000);
    stand.closeAllConnections();
    stand.close();
  });
});

describe('a bucket with versions', () => {
  it('has one object for each key, and old versions are named and never written', async () => {
    const { client } = await makeDatabase();
    // as the server's migrations leave it
    await client.query(`ALTER TABLE storage.objects DROP CONSTRAINT objects_pkey;
      DROP INDEX storage.bucketid_objname;
      CREATE UNIQUE INDEX ON storage.objects (bucket_id, name) WHERE archived_at IS NULL`);
    const id = await plant(client, 'a', { version: 'new' });
    for (const version of ['old', 'older']) await plant(client, 'a', { id, version, archived: true });
    await plant(client, 'deleted', { version: 'last', archived: true });
    const totals = await countObjects(client, ALL);
    expect(totals).toMatchObject({ objects: 1, bytes: 4, leftOut: 0, oldVersions: 3 });
    expect(leftOutGaps(ALL, totals)).toMatchObject([{ code: 'objects-old-versions', subjects: ['files'], count: 3 }]);
    await client.query('BEGIN');
    const entries: SourceObject[] = [];
    for await (const object of listObjects(client, ALL)) entries.push(object);
    await client.query('COMMIT');
    expect(entries.map(({ key, version }) => [key, version])).toEqual([['a', 'new']]);
    const rows = new ObjectRows(client);
    const [entry] = entries;
    if (!entry) throw new Error('no object');
    const metadata = { ...entry.metadata, ownerId: 'somebody' };
    expect(await rows.there([entry, { bucket: 'files', key: 'deleted' }, { bucket: 'files', key: 'b' }])).toEqual(
      new Set(['files/a', 'files/deleted']),
    );
    expect(await rows.write([{ ...entry, metadata, fresh: true }])).toEqual([]);
    expect(await rows.compare([{ ...entry, md5: null }])).toEqual([]);
    const owners = 'SELECT version, owner_id FROM storage.objects ORDER BY version';
    expect((await client.query(owners)).rows).toEqual([
      { version: 'last', owner_id: null },
      { version: 'new', owner_id: 'somebody' },
      { version: 'old', owner_id: null },
      { version: 'older', owner_id: null },
    ]);
  });
});

describe('versions of the database that was replaced', () => {
  let restored: pg.Client;
  let replaced: PostgresTarget;
  const entry = (key: string, version: string) => ({ bucket: 'files', key, version }) as ObjectEntry;
  async function* entries(): AsyncGenerator<ObjectEntry> {
    for (const key of ['a', 'b', 'c']) yield entry(key, `${key} of the backup`);
  }
  const takeOver = () => takeOverVersions(new ObjectRows(restored), replaced, entries(), calm.signal);
  const versions = async (): Promise<string[]> => {
    const { rows } = await restored.query<{ version: string }>('SELECT version FROM storage.objects ORDER BY name');
    return rows.map(({ version }) => version);
  };

  beforeEach(async () => {
    const [now, then] = [await makeDatabase(), await makeDatabase()];
    restored = now.client;
    replaced = then.target;
    for (const key of ['a', 'b', 'c']) await plant(restored, key, { version: `${key} of the backup` });
    for (const key of ['a', 'b']) await plant(then.client, key, { version: `${key} of the project` });
  });

  it('are taken over where the bytes are the same, and what was uploaded since stays when it is done again', async () => {
    await takeOver();
    expect(await versions()).toEqual(['a of the project', 'b of the project', 'c of the backup']);
    await restored.query(`UPDATE storage.objects SET version = 'uploaded' WHERE name = 'a'`);
    await takeOver();
    expect(await versions()).toEqual(['uploaded', 'b of the project', 'c of the backup']);
  });
});
