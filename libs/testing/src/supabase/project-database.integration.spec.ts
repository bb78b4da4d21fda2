import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { throwawayPostgres, type ThrowawayPostgres } from '../index.ts';
import { createProjectDatabase, ordinaryOwner } from './index.ts';

let postgres: ThrowawayPostgres;

beforeAll(async () => void (postgres = await throwawayPostgres()));
afterAll(() => postgres.stop());

describe('createProjectDatabase', () => {
  it('makes the platform schemas, twice and on two databases of one server at once', async () => {
    const targets = [await postgres.createDatabase(), await postgres.createDatabase()];
    await Promise.all(targets.map(createProjectDatabase));
    await createProjectDatabase(targets[0]!);
    const client = await postgres.client(targets[0]);
    const { rows } = await client.query<{ name: string; columns: number }>(
      `select table_schema || '.' || table_name as name, count(*)::int as columns from information_schema.columns
       where table_schema in ('auth', 'storage', 'supabase_migrations') group by 1`,
    );
    expect(Object.fromEntries(rows.map((row) => [row.name, row.columns]))).toMatchObject({
      'auth.users': 35,
      'auth.identities': 9,
      'auth.mfa_factors': 13,
      'storage.buckets': 11,
      'storage.objects': 15,
      'supabase_migrations.schema_migrations': 3,
    });
    const passwords = await client.query(
      "select from pg_authid where rolname ~ '^supabase' and rolpassword is not null",
    );
    expect(passwords.rowCount).toBe(0);
  });

  it.each([15, 18])('works on Postgres %i', async (major) => {
    const other = await throwawayPostgres(major);
    const client = await other.client(await other.createDatabase());
    await createProjectDatabase(client);
    expect((await client.query('select from auth.users, storage.objects')).rowCount).toBe(0);
    await other.stop();
  });

  it('refuses direct deletes of buckets and objects unless they are allowed for the transaction', async () => {
    const target = await postgres.createDatabase();
    await createProjectDatabase(target);
    const client = await postgres.client(target);
    await client.query(`insert into storage.buckets (id, name) values ('b', 'b')`);
    await client.query(`insert into storage.objects (bucket_id, name) values ('b', 'a//c d.tar.gz')`);
    await expect(client.query('delete from storage.objects')).rejects.toThrow('Direct deletion');
    await expect(client.query('delete from storage.buckets')).rejects.toThrow('Direct deletion');
    const { rows } = await client.query(`select path_tokens, storage.foldername(name) as folder,
      storage.filename(name) as file, storage.extension(name) as extension from storage.objects`);
    expect(rows).toEqual([
      { path_tokens: ['a', '', 'c d.tar.gz'], folder: ['a', ''], file: 'c d.tar.gz', extension: 'gz' },
    ]);
    await client.query("begin; set local storage.allow_delete_query = 'true'");
    expect((await client.query('delete from storage.objects')).rowCount).toBe(1);
    await client.query('commit');
  });

  it('gives policies the caller, and lets nobody else see rows', async () => {
    const target = await postgres.createDatabase();
    await createProjectDatabase(target);
    const client = await postgres.client(target);
    await client.query(`insert into storage.buckets (id, name) values ('b', 'b')`);
    await client.query(`create policy own on storage.buckets for select using (auth.uid()::text = '${UUID}')`);
    const seenBy = async (role: string, claims: object) => {
      await client.query('begin');
      await client.query(`set local role ${role}`);
      await client.query(`select set_config('request.jwt.claims', $1, true)`, [JSON.stringify(claims)]);
      const { rowCount } = await client.query('select from storage.buckets');
      await client.query('rollback');
      return rowCount;
    };
    expect(await seenBy('authenticated', { sub: UUID, role: 'authenticated' })).toBe(1);
    expect(await seenBy('authenticated', { sub: UUID.replace('1', '2') })).toBe(0);
    expect(await seenBy('anon', {})).toBe(0);
    expect(await seenBy('service_role', {})).toBe(1);
  });
});

describe('ordinaryOwner', () => {
  it('may read and write rows of the platform, and change nothing else of it', async () => {
    const target = await postgres.createDatabase();
    await createProjectDatabase(target);
    const client = await postgres.client(await ordinaryOwner(target));
    await client.query(`insert into storage.buckets (id, name) values ('b', 'b')`);
    await client.query(`insert into auth.users (id, email) values ('${UUID}', 'a@b.example')`);
    await client.query('create table public.mine (id int)');
    expect((await client.query('select from auth.users')).rowCount).toBe(1);
    const refused = [
      `set session_replication_role = 'replica'`,
      'alter table auth.users disable trigger all',
      'create policy p on storage.objects for select using (true)',
      `insert into auth.schema_migrations values ('1')`,
    ];
    for (const statement of refused) {
      await expect(client.query(statement), statement).rejects.toMatchObject({ code: '42501' });
    }
  });
});

const UUID = '10000000-0000-4000-8000-000000000000';
