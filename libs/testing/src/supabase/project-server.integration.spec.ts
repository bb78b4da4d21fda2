import { rm } from 'node:fs/promises';
import { createClient } from '@supabase/supabase-js';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
  await client.query(`create table public.notes (id int primary key, owner uuid default auth.uid(), body jsonb);
    alter table public.notes enable row level security;
    create policy own on public.notes using (owner = auth.uid())`);
  dir = await makeTempDir('project');
  server = await startProjectServer({ target, dir });
});
afterAll(async () => {
  await server.stop();
  await postgres.stop();
  await rm(dir, { recursive: true });
});

const supabase = (key = server.anonKey) =>
  createClient(server.url, key, { auth: { persistSession: false, autoRefreshToken: false } });

const person = (name: string) => ({ email: `${name}@people.example`, password: `password of ${name}` });

describe('a user', () => {
  it('signs up, signs in, is known by the token, refreshes it once and signs out', async () => {
    const { auth } = supabase();
    const signedUp = await auth.signUp({ ...person('ada'), options: { data: { name: 'Ada' } } });
    expect(signedUp).toMatchObject({ error: null, data: { user: { user_metadata: { name: 'Ada' } } } });
    expect((await auth.signInWithPassword({ ...person('ada'), password: 'wrong one' })).error?.code).toBe(
      'invalid_credentials',
    );
    const { data, error } = await auth.signInWithPassword(person('ada'));
    expect(error).toBeNull();
    expect((await auth.getUser()).data.user).toMatchObject({
      email: 'ada@people.example',
      identities: [{ provider: 'email' }],
    });
    const refreshed = await auth.refreshSession();
    expect(refreshed.data.session?.refresh_token).not.toBe(data.session?.refresh_token);
    expect((await auth.refreshSession(data.session!)).error?.code).toBe('refresh_token_not_found');
    expect((await supabase().auth.signUp(person('ada'))).error?.code).toBe('user_already_exists');
  });

  it('signs in with a hash that came from elsewhere', async () => {
    await supabase(server.serviceRoleKey).auth.admin.createUser(person('old'));
    // bcrypt of `correct horse`, made by another program.
    await client.query(`update auth.users set encrypted_password = $1 where email = 'old@people.example'`, [
      (
        await client.query(
          `select replace(extensions.crypt('correct horse', extensions.gen_salt('bf', 4)), '$2a$', '$2b$') as h`,
        )
      ).rows[0].h,
    ]);
    const signedIn = await supabase().auth.signInWithPassword({ ...person('old'), password: 'correct horse' });
    expect(signedIn.error).toBeNull();
  });

  it('with a null token cannot sign in, and hides everybody from listUsers', async () => {
    const admin = supabase(server.serviceRoleKey).auth.admin;
    await admin.createUser(person('broken'));
    await client.query(`update auth.users set confirmation_token = null where email = 'broken@people.example'`);
    expect((await supabase().auth.signInWithPassword(person('broken'))).error?.status).toBe(500);
    expect((await admin.listUsers()).data.users).toEqual([]);
    await client.query(`update auth.users set confirmation_token = '' where email = 'broken@people.example'`);
    expect((await admin.listUsers()).data.users.map((user) => user.email)).toContain('broken@people.example');
  });

  it('is made, changed, read and removed by an admin, and by nobody else', async () => {
    const { admin } = supabase(server.serviceRoleKey).auth;
    const made = await admin.createUser({ ...person('eve'), user_metadata: { a: 1 }, app_metadata: { plan: 'x' } });
    const id = made.data.user!.id;
    await admin.updateUserById(id, { password: 'a new password', user_metadata: { b: 2 } });
    expect((await admin.getUserById(id)).data.user).toMatchObject({
      user_metadata: { a: 1, b: 2 },
      app_metadata: { plan: 'x', provider: 'email' },
    });
    expect(
      (await supabase().auth.signInWithPassword({ ...person('eve'), password: 'a new password' })).error,
    ).toBeNull();
    expect((await supabase().auth.admin.listUsers()).error?.code).toBe('not_admin');
    await admin.deleteUser(id);
    expect((await admin.getUserById(id)).error?.status).toBe(404);
  });
});

describe('REST', () => {
  it('shows each user their own rows, and all rows to the service role', async () => {
    const [ann, bob] = [supabase(), supabase()];
    await ann.auth.signUp(person('ann'));
    await bob.auth.signUp(person('bob'));
    expect((await ann.from('notes').insert({ id: 1, body: { of: 'ann' } })).error).toBeNull();
    expect((await bob.from('notes').insert({ id: 2, body: { of: 'bob' } })).error).toBeNull();
    expect((await ann.from('notes').select('id, body')).data).toEqual([{ id: 1, body: { of: 'ann' } }]);
    expect((await supabase().from('notes').select()).data).toEqual([]);
    expect((await supabase(server.serviceRoleKey).from('notes').select('id').order('id')).data).toEqual([
      { id: 1 },
      { id: 2 },
    ]);
  });

  it('leaves the rights of the platform schemas as they are', async () => {
    expect((await supabase(server.serviceRoleKey).from('notes').select('id')).error).toBeNull();
    const { rows } = await client.query(
      `select has_table_privilege('anon', 'auth.users', 'select') as users,
         (select count(*)::int from pg_default_acl where defaclnamespace = 'auth'::regnamespace) as defaults`,
    );
    expect(rows).toEqual([{ users: false, defaults: 0 }]);
  });
});
