import { randomBytes, randomUUID } from 'node:crypto';
import type { ProjectTokens } from '../tokens.ts';
import { authRefusals } from './auth-error.ts';
import { findUser, userJson, type Queries, type UserRow } from './users.ts';

const SECONDS = 3600;

/** Begins a session of a user who has just proved who they are. */
export async function beginSession(client: Queries, tokens: ProjectTokens, user: UserRow): Promise<object> {
  const session = randomUUID();
  await client.query(
    `insert into auth.sessions (id, user_id, created_at, updated_at, aal) values ($1, $2, now(), now(), 'aal1')`,
    [session, user.id],
  );
  await client.query(
    `insert into auth.mfa_amr_claims (id, session_id, created_at, updated_at, authentication_method)
     values ($1, $2, now(), now(), 'password')`,
    [randomUUID(), session],
  );
  await client.query('update auth.users set last_sign_in_at = now(), updated_at = now() where id = $1', [user.id]);
  return sessionJson(client, tokens, user, session, null);
}

/** Trades a refresh token for the next one of its session; a token serves once. */
export async function refreshSession(client: Queries, tokens: ProjectTokens, refreshToken: string): Promise<object> {
  const { rows } = await client.query<{ user_id: string; session_id: string }>(
    `update auth.refresh_tokens set revoked = true, updated_at = now()
     where token = $1 and not revoked returning user_id, session_id`,
    [refreshToken],
  );
  const user = rows[0] && (await findUser(client, 'id', rows[0].user_id));
  if (!rows[0] || !user) throw authRefusals.noRefreshToken();
  return sessionJson(client, tokens, user, rows[0].session_id, refreshToken);
}

/** Ends a session, or all sessions of its user. */
export async function endSession(client: Queries, claims: Record<string, unknown>, scope: string): Promise<void> {
  const [column, value] = scope === 'local' ? ['id', claims['session_id']] : ['user_id', claims['sub']];
  await client.query(`delete from auth.sessions where ${column} = $1`, [value]);
}

async function sessionJson(
  client: Queries,
  tokens: ProjectTokens,
  user: UserRow,
  session: string,
  parent: string | null,
): Promise<object> {
  const refreshToken = randomBytes(9).toString('base64url');
  await client.query(
    `insert into auth.refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id)
     values ('00000000-0000-0000-0000-000000000000', $1, $2, false, now(), now(), $3, $4)`,
    [refreshToken, user.id, parent, session],
  );
  const now = Math.trunc(Date.now() / 1000);
  const claims = {
    sub: user.id,
    aud: user.aud,
    role: user.role,
    email: user.email ?? '',
    phone: user.phone ?? '',
    app_metadata: user.raw_app_meta_data ?? {},
    user_metadata: user.raw_user_meta_data ?? {},
    aal: 'aal1',
    amr: [{ method: 'password', timestamp: now }],
    session_id: session,
    is_anonymous: user.is_anonymous,
  };
  return {
    access_token: await tokens.sign(claims, SECONDS),
    token_type: 'bearer',
    expires_in: SECONDS,
    expires_at: now + SECONDS,
    refresh_token: refreshToken,
    user: userJson(user),
  };
}
