import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import {
  createProjectDatabase,
  fillProject,
  ordinaryOwner,
  startProjectServer,
  type FilledProject,
  type ProjectServer,
} from '@holdfast/testing/supabase';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calm, environment, prove, takeBackup } from '../engine-under-test.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { attachRepository, type Repository } from '../repository/repository.ts';
import { restore } from './restore.ts';

/** What a user adds to a project besides the application: all of it must come back. */
const MORE_SQL = `
create function public.on_ddl() returns event_trigger language plpgsql as 'begin end';
create event trigger watch_ddl on ddl_command_end execute function public.on_ddl();
create publication mine for table public.notes where (body <> '');
create schema net;
create extension citext schema net;
create table public.links (id uuid primary key default extensions.uuid_generate_v4(), "user" uuid references auth.users,
  object uuid references storage.objects);
insert into public.links ("user", object) select u.id, o.id from auth.users u, storage.objects o limit 3;
`;

let source: ThrowawayPostgres;
let other: ThrowawayPostgres;
let dir: string;
let repository: Repository;
let filled: FilledProject;
let original: PostgresTarget;
let backupId: string;
let restored: ProjectServer;
let client: pg.Client;
const servers: ProjectServer[] = [];

beforeAll(async () => {
  [source, other] = await Promise.all([throwawayPostgres(17), throwawayPostgres(17)]);
  dir = await makeTempDir('project');
  repository = (await attachRepository(join(dir, 'repository'))).repository;
  original = await source.createDatabase('original');
  const fresh = await other.createDatabase('fresh');
  for (const target of [original, fresh]) await createProjectDatabase(target);
  // the bytes of objects are not what this is about: both projects have the same
  const serve = async (target: PostgresTarget) => {
    const server = await startProjectServer({ target, dir: join(dir, 'server') });
    servers.push(server);
    return server;
  };
  const server = await serve(original);
  filled = await fillProject({ server, target: original, users: 8, objects: 18, bigObjectBytes: 0 });
  await (await source.client(original)).query(MORE_SQL);
  const kind = 'supabase-selfhosted' as const;
  ({ backupId } = await takeBackup(original, repository, { environment: { ...environment, kind } }));
  await restore(
    {
      ...{ repository, sourceEnvironmentId: environment.id, backupId, target: fresh, newDatabase: null },
      ...{ schemas: [], tables: [], content: 'all', dryRun: false, overwrite: true },
      ...{ operationId: randomUUID(), parallel: 2 },
    },
    calm,
  );
  restored = await serve(fresh);
  client = await other.client(fresh);
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  await Promise.all([source.stop(), other.stop()]);
  await rm(dir, { recursive: true });
});

const superuserOf = ({ target: { user, password } }: ThrowawayPostgres) => ({ user, password });

const api = (): SupabaseClient =>
  createClient(restored.url, restored.anonKey, { auth: { persistSession: false, autoRefreshToken: false } });

async function signedIn(n: number): Promise<SupabaseClient> {
  const { email = '', password = '' } = filled.users[n] ?? {};
  const user = api();
  expect((await user.auth.signInWithPassword({ email, password })).error).toBeNull();
  return user;
}

const namesOf = async (sql: string): Promise<string[]> =>
  (await client.query<{ name: string }>(`${sql} ORDER BY 1`)).rows.map(({ name }) => name);

describe('a whole project that was restored over a fresh one', () => {
  it('lets users sign in with their old passwords, and with no other', async () => {
    for (let n = 0; n < 5; n++) await signedIn(n);
    const { email = '' } = filled.users[0] ?? {};
    expect((await api().auth.signInWithPassword({ email, password: 'another' })).error?.code).toBe(
      'invalid_credentials',
    );
  });

  it('shows each user only the rows that policies let through', async () => {
    for (const n of [0, 1]) {
      const { data } = await (await signedIn(n)).from('notes').select('owner');
      expect(data?.map(({ owner }) => owner)).toEqual(Array(3).fill(filled.users[n]?.id));
    }
    expect((await api().from('notes').select('owner')).data).toEqual([]);
  });

  it('gives an object to its owner and not to another user', async () => {
    const mine = filled.objects.find(
      ({ bucket, key, owner }) => bucket === 'documents' && key.endsWith('.PDF') && owner,
    );
    const [owner, stranger] = [await signedIn((mine?.owner ?? 0) - 1), await signedIn(mine?.owner ?? 0)];
    const download = (user: SupabaseClient) => user.storage.from('documents').download(mine?.key ?? '');
    expect((await download(owner)).data?.size).toBe(mine?.size);
    expect((await download(stranger)).data).toBeNull();
    const shared = await stranger.storage.from('documents').download('shared/for everybody.txt');
    expect(shared.error).toBeNull();
  });

  it("still runs the user's own triggers on the platform's tables", async () => {
    const { error } = await api().auth.signUp({ email: 'new@people.example', password: 'a new password' });
    expect(error).toBeNull();
    const made = await client.query(`SELECT FROM public.profiles WHERE display_name = 'new@people.example'`);
    expect(made.rowCount).toBe(1);
  });

  it('has its event triggers, publications, migration history, extensions and references again', async () => {
    expect(await namesOf('SELECT evtname AS name FROM pg_event_trigger')).toEqual(['watch_ddl']);
    expect(
      await namesOf(
        `SELECT pubname || ' ' || tablename || coalesce(' ' || rowfilter, '') AS name FROM pg_publication_tables`,
      ),
    ).toEqual([`mine notes (body <> ''::text)`, 'supabase_realtime notes']);
    expect(
      await namesOf(`SELECT version || ' ' || array_length(statements, 1) AS name
      FROM supabase_migrations.schema_migrations`),
    ).toEqual(['20260101090000 1', '20260102090000 2']);
    expect(await namesOf(`SELECT extname || ' ' || extnamespace::regnamespace AS name FROM pg_extension`)).toEqual([
      ...['citext net', 'pgcrypto extensions', 'plpgsql pg_catalog', 'uuid-ossp extensions'],
    ]);
    const links = await client.query(`INSERT INTO public.links DEFAULT VALUES RETURNING id`);
    expect(links.rowCount).toBe(1);
  });
});

describe('rows of auth, for a role that owns none of it and may not load as a replica', () => {
  let target: PostgresTarget;
  let superuser: pg.Client;
  const giveBack = (dryRun: boolean) =>
    restore(
      {
        ...{ repository, sourceEnvironmentId: environment.id, backupId, target, newDatabase: null },
        ...{ schemas: ['auth'], tables: [], content: 'data', dryRun, overwrite: true },
        ...{ operationId: randomUUID(), parallel: 2 },
      },
      calm,
    );

  beforeAll(async () => {
    const database = await other.createDatabase('on a platform');
    await createProjectDatabase(database);
    superuser = await other.client(database);
    await superuser.query(`INSERT INTO auth.schema_migrations VALUES ('of the target')`);
    target = await ordinaryOwner(database);
  });

  it("go into a fresh project: users sign in, and the platform's own notes stay", async () => {
    expect((await giveBack(false)).differences).toEqual([]);
    const server = await startProjectServer({
      target: { ...target, ...superuserOf(other) },
      dir: join(dir, 'platform'),
    });
    servers.push(server);
    const { email = '', password = '' } = filled.users[0] ?? {};
    const user = createClient(server.url, server.anonKey, { auth: { persistSession: false } });
    expect((await user.auth.signInWithPassword({ email, password })).error).toBeNull();
    const { rows } = await superuser.query('SELECT version FROM auth.schema_migrations');
    expect(rows).toContainEqual({ version: 'of the target' });
  });

  it('are refused at the pre-flight where a trigger would fire that the role may not switch off', async () => {
    await superuser.query(`CREATE FUNCTION public.tell() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER tell BEFORE INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.tell()`);
    expect((await giveBack(true)).findings).toMatchObject([
      { severity: 'blocker', message: expect.stringMatching(/not on auth\.users$/) },
    ]);
  });
});

it('a trial restore proves a backup of a project', async () => {
  expect(await prove(repository, { backupId }, 'restore', { ...original, database: 'postgres' })).toMatchObject({
    ...{ verdict: 'proven', damagedCount: 0, differences: [], gaps: [] },
  });
});
