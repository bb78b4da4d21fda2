import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { authRefusals } from './auth-error.ts';

/** A connection or a pool. */
export type Queries = Pick<pg.Pool, 'query'>;

// Read into strings that cannot be null: one row that has a null here fails every query that meets it.
const NEVER_NULL = `confirmation_token, recovery_token, email_change, email_change_token_new,
  email_change_token_current, phone_change, phone_change_token, reauthentication_token`;

const SELECT = `select u.*, num_nulls(${NEVER_NULL}) > 0 as unreadable, (
    select coalesce(jsonb_agg(jsonb_build_object('identity_id', i.id, 'id', i.provider_id, 'user_id', i.user_id,
      'identity_data', i.identity_data, 'provider', i.provider, 'last_sign_in_at', i.last_sign_in_at,
      'created_at', i.created_at, 'updated_at', i.updated_at, 'email', i.email)), '[]')
    from auth.identities i where i.user_id = u.id) as identities
  from auth.users u where u.deleted_at is null`;

/** A row of auth.users with its identities. */
export interface UserRow {
  id: string;
  aud: string;
  role: string;
  email: string | null;
  phone: string | null;
  encrypted_password: string | null;
  email_confirmed_at: Date | null;
  confirmed_at: Date | null;
  last_sign_in_at: Date | null;
  banned_until: Date | null;
  raw_app_meta_data: Record<string, unknown> | null;
  raw_user_meta_data: Record<string, unknown> | null;
  created_at: Date;
  updated_at: Date;
  is_anonymous: boolean;
  identities: unknown[];
  unreadable: boolean;
}

/** What a user is made of or changed to. */
export interface UserFields {
  id?: string;
  email?: string;
  password?: string;
  userMetadata?: Record<string, unknown>;
  appMetadata?: Record<string, unknown>;
}

/** The user with this id or e-mail address, or null. */
export async function findUser(queries: Queries, by: 'id' | 'email', value: string): Promise<UserRow | null> {
  const { rows } = await queries.query<UserRow>(`${SELECT} and u.${by}::text = $1`, [value.toLowerCase()]);
  if (rows[0]?.unreadable) throw authRefusals.broken('Database error querying schema');
  return rows[0] ?? null;
}

/** One page of users, newest first, and how many there are. */
export async function listUsers(queries: Queries, page: number, size: number): Promise<[UserRow[], number]> {
  const values = [size, (page - 1) * size];
  const { rows } = await queries.query<UserRow>(
    `${SELECT} order by u.created_at desc, u.id limit $1 offset $2`,
    values,
  );
  if (rows.some((row) => row.unreadable)) throw authRefusals.broken('Database error finding users');
  const total = await queries.query<{ n: number }>(
    'select count(*)::int as n from auth.users where deleted_at is null',
  );
  return [rows, total.rows[0]!.n];
}

const INSERT_USER = `insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at,
    raw_app_meta_data, raw_user_meta_data, created_at, updated_at,
    confirmation_token, recovery_token, email_change, email_change_token_new)
  values ('00000000-0000-0000-0000-000000000000', $1, 'authenticated', 'authenticated', $2,
    case when $3::text is null then '' else extensions.crypt($3, extensions.gen_salt('bf', 10)) end, now(),
    $4, $5, now(), now(), '', '', '', '')`;

const INSERT_IDENTITY = `insert into auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at,
    created_at, updated_at)
  values ($1::text, $1::text::uuid, jsonb_build_object('sub', $1::text, 'email', $2::text, 'email_verified', false,
    'phone_verified', false), 'email', now(), now(), now())`;

/** Makes a confirmed user who signs in by e-mail, within the transaction of `client`. */
export async function createUser(client: Queries, fields: UserFields): Promise<UserRow> {
  const { password, email = '', id = randomUUID() } = fields;
  if (!/^\S+@\S+$/.test(email)) throw authRefusals.invalid('Unable to validate email address: invalid format');
  if (password !== undefined && password.length < 6) throw authRefusals.weak();
  const app = { provider: 'email', providers: ['email'], ...fields.appMetadata };
  const values = [id, email.toLowerCase(), password ?? null, app, fields.userMetadata ?? {}];
  await client.query(INSERT_USER, values);
  await client.query(INSERT_IDENTITY, [id, email.toLowerCase()]);
  return (await findUser(client, 'id', id))!;
}

/** Changes what is given and leaves the rest. */
export async function updateUser(client: Queries, id: string, fields: UserFields): Promise<UserRow> {
  if (fields.password !== undefined && fields.password.length < 6) throw authRefusals.weak();
  await client.query(
    `update auth.users set updated_at = now(), email = coalesce($2, email),
       encrypted_password = coalesce(extensions.crypt($3, extensions.gen_salt('bf', 10)), encrypted_password),
       raw_user_meta_data = coalesce(raw_user_meta_data, '{}') || coalesce($4::jsonb, '{}'),
       raw_app_meta_data = coalesce(raw_app_meta_data, '{}') || coalesce($5::jsonb, '{}')
     where id = $1`,
    [id, fields.email?.toLowerCase(), fields.password, fields.userMetadata, fields.appMetadata],
  );
  const user = await findUser(client, 'id', id);
  if (!user) throw authRefusals.noUser();
  return user;
}

/** Whether it is the user's password; bcrypt's three names for one algorithm are all understood. */
export async function isPassword(queries: Queries, user: UserRow, password: string): Promise<boolean> {
  const hash = user.encrypted_password?.replace(/^\$2[by]\$/, '$2a$');
  if (!hash?.startsWith('$2a$')) return false;
  const { rows } = await queries.query('select extensions.crypt($1, $2) = $2 as same', [password, hash]);
  return rows[0].same === true;
}

/** A user in the words of the API. */
export const userJson = (row: UserRow) => ({
  id: row.id,
  aud: row.aud,
  role: row.role,
  email: row.email ?? '',
  email_confirmed_at: row.email_confirmed_at ?? undefined,
  phone: row.phone ?? '',
  confirmed_at: row.confirmed_at ?? undefined,
  last_sign_in_at: row.last_sign_in_at ?? undefined,
  app_metadata: row.raw_app_meta_data ?? {},
  user_metadata: row.raw_user_meta_data ?? {},
  identities: row.identities,
  created_at: row.created_at,
  updated_at: row.updated_at,
  is_anonymous: row.is_anonymous,
});
