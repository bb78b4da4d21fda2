import type { IncomingMessage } from 'node:http';
import pg from 'pg';
import { asServer } from '../caller-queries.ts';
import { bearerOf, jsonOf, type Answer } from '../http.ts';
import type { Caller, ProjectTokens } from '../tokens.ts';
import { AuthError, authRefusals } from './auth-error.ts';
import { beginSession, endSession, refreshSession } from './sessions.ts';
import { createUser, findUser, isPassword, listUsers, updateUser, userJson, type UserFields } from './users.ts';

/** What the Auth server stands on. */
export interface AuthContext {
  pool: pg.Pool;
  tokens: ProjectTokens;
}

/** Answers a request below `/auth/v1`; `path` is what follows and begins with a slash. */
export async function answerAuth(context: AuthContext, raw: IncomingMessage, path: string): Promise<Answer> {
  try {
    const url = new URL(path, 'http://project');
    const [, head, second, id] = url.pathname.split('/');
    if (head === 'admin' && second === 'users') return await answerAdmin(context, raw, url, id);
    return await answerUser(context, raw, url);
  } catch (error) {
    const { status, code, message } = refusalOf(error);
    return { status, json: { code: status, error_code: code, msg: message }, headers: { 'x-sb-error-code': code } };
  }
}

async function answerUser(context: AuthContext, raw: IncomingMessage, url: URL): Promise<Answer> {
  const { pool, tokens } = context;
  switch (`${raw.method} ${url.pathname}`) {
    case 'GET /health':
      return { json: { name: 'GoTrue', version: 'stand-in', description: 'A stand-in for tests' } };
    case 'GET /settings':
      return { json: { external: { email: true }, disable_signup: false, mailer_autoconfirm: true } };
    case 'POST /signup': {
      const fields = await fieldsOf(raw, 'data');
      if (fields.password === undefined) throw authRefusals.invalid('Signup requires a valid password');
      return asServer(pool, async (client) => {
        if (await findUser(client, 'email', fields.email ?? '')) throw authRefusals.registered();
        return { json: await beginSession(client, tokens, await createUser(client, fields)) };
      });
    }
    case 'POST /token':
      return signIn(context, raw, url.searchParams.get('grant_type') ?? '');
    case 'POST /logout': {
      const { claims } = await callerOf(context, raw);
      await asServer(pool, (client) => endSession(client, claims, url.searchParams.get('scope') ?? 'global'));
      return { status: 204 };
    }
    case 'GET /user': {
      const user = await findUser(pool, 'id', (await callerOf(context, raw)).subject ?? '');
      if (!user) throw authRefusals.noUser();
      return { json: userJson(user) };
    }
    case 'PUT /user': {
      const { subject } = await callerOf(context, raw);
      const { id: _id, appMetadata: _own, ...fields } = await fieldsOf(raw, 'data');
      return { json: userJson(await asServer(pool, (client) => updateUser(client, subject ?? '', fields))) };
    }
    default:
      throw authRefusals.noRoute();
  }
}

async function signIn({ pool, tokens }: AuthContext, raw: IncomingMessage, grant: string): Promise<Answer> {
  const body = await jsonOf(raw);
  if (grant === 'refresh_token') {
    return { json: await asServer(pool, (client) => refreshSession(client, tokens, String(body['refresh_token']))) };
  }
  if (grant !== 'password') throw authRefusals.invalid('unsupported_grant_type');
  const user = await findUser(pool, 'email', String(body['email'] ?? ''));
  if (!user || !(await isPassword(pool, user, String(body['password'] ?? '')))) throw authRefusals.wrongPassword();
  if (user.banned_until && user.banned_until > new Date()) {
    throw new AuthError(400, 'user_banned', 'User is banned');
  }
  return { json: await asServer(pool, (client) => beginSession(client, tokens, user)) };
}

async function answerAdmin(context: AuthContext, raw: IncomingMessage, url: URL, id?: string): Promise<Answer> {
  const { pool } = context;
  if (!['service_role', 'supabase_admin'].includes((await callerOf(context, raw)).role)) throw authRefusals.notAdmin();
  if (!id && raw.method === 'GET') return usersPage(context, url);
  if (!id && raw.method === 'POST') {
    const fields = await fieldsOf(raw, 'user_metadata');
    return { json: userJson(await asServer(pool, (client) => createUser(client, fields))) };
  }
  const user = await findUser(pool, 'id', id ?? '');
  if (!user) throw authRefusals.noUser();
  if (raw.method === 'GET') return { json: userJson(user) };
  if (raw.method === 'PUT') {
    const fields = await fieldsOf(raw, 'user_metadata');
    return { json: userJson(await asServer(pool, (client) => updateUser(client, user.id, fields))) };
  }
  if (raw.method !== 'DELETE') throw authRefusals.noRoute();
  await pool.query('delete from auth.users where id = $1', [user.id]);
  return { json: {} };
}

async function usersPage({ pool }: AuthContext, url: URL): Promise<Answer> {
  const page = Number(url.searchParams.get('page') || 1);
  const size = Number(url.searchParams.get('per_page') || 50);
  const [users, total] = await listUsers(pool, page, size);
  const last = Math.max(1, Math.ceil(total / size));
  const link = (to: number, rel: string) => `</admin/users?page=${to}&per_page=${size}>; rel="${rel}"`;
  const links = [...(page < last ? [link(page + 1, 'next')] : []), link(last, 'last')].join(', ');
  const headers = { 'x-total-count': String(total), link: links };
  return { json: { users: users.map(userJson), aud: 'authenticated' }, headers };
}

async function callerOf({ tokens }: AuthContext, raw: IncomingMessage): Promise<Caller> {
  const token = bearerOf(raw);
  if (!token) throw authRefusals.noToken();
  try {
    return await tokens.caller(token);
  } catch (error) {
    throw authRefusals.badToken(error instanceof Error ? error.message : 'unknown');
  }
}

// A user's own metadata are called `data` where users speak, and `user_metadata` where an admin does.
async function fieldsOf(raw: IncomingMessage, metadata: 'data' | 'user_metadata'): Promise<UserFields> {
  const body = await jsonOf(raw);
  const given = <K extends keyof UserFields>(key: K, value: unknown) =>
    value === undefined || value === null ? {} : { [key]: value as UserFields[K] };
  return {
    ...given('id', body['id']),
    ...given('email', body['email']),
    ...given('password', body['password']),
    ...given('userMetadata', body[metadata]),
    ...given('appMetadata', body['app_metadata']),
  };
}

function refusalOf(error: unknown): AuthError {
  if (error instanceof AuthError) return error;
  if (error instanceof SyntaxError) return new AuthError(400, 'bad_json', error.message);
  if (error instanceof pg.DatabaseError && error.code === '23505') return authRefusals.taken();
  return authRefusals.broken(error instanceof Error ? error.message : 'failed');
}
