import { throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountOf, startApi, TEST_PASSWORD, type Answer, type RunningApi } from '../api-under-test.ts';
import { COOKIE_NAME } from '../http/credential.ts';

let plane: ThrowawayControlPlane;
let api: RunningApi;
let second: RunningApi;

beforeAll(async () => {
  plane = await throwawayControlPlane();
  [api, second] = await Promise.all([startApi({ DATABASE_URL: plane.url }), startApi({ DATABASE_URL: plane.url })]);
});
afterAll(async () => {
  await Promise.all([api?.stop(), second?.stop()]);
  await plane?.stop();
});
beforeEach(async () => {
  await plane.database.rateHit.deleteMany();
});

const signIn = (body: object, on: RunningApi = api, headers: Record<string, string> = {}): Promise<Answer> =>
  on.ask('POST', '/api/v1/auth/sign-in', { body, headers });

/** A session of the account, as a client has one. */
const sessionOf = async (email: string, headers: Record<string, string> = {}): Promise<string> =>
  (await signIn({ email, password: TEST_PASSWORD, kind: 'token' }, api, headers)).body.token;
const meStatus = async (token: string): Promise<number> =>
  (await second.ask('GET', '/api/v1/auth/me', { token })).status;
const listSessions = (token: string, query = '') => api.ask('GET', `/api/v1/auth/sessions${query}`, { token });

const cookieOf = (answer: Answer): string => (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';

describe('200', () => {
  it('signs a browser in with a cookie that scripts cannot read, and shows no token', async () => {
    const { email, id } = await accountOf(plane.database, 'viewer');
    const answer = await signIn({ email: email.toUpperCase(), password: TEST_PASSWORD });
    expect(answer).toMatchObject({ status: 200, body: { account: { id, email, role: 'viewer' } } });
    expect(answer.body).not.toHaveProperty('token');
    expect(answer.headers.get('set-cookie')).toMatch(
      new RegExp(`^${COOKIE_NAME}=hfs_[\\w-]{43}; Path=/; HttpOnly; Secure; SameSite=Lax$`),
    );
    const me = await api.ask('GET', '/api/v1/auth/me', { headers: { cookie: cookieOf(answer) } });
    expect(me).toMatchObject({ status: 200, body: { account: { id }, credential: 'session' } });
    expect(me.body.permissions).toContain('backup.read');
    expect(me.body.permissions).not.toContain('backup.create');
  });

  it('signs a client in with a bearer token and no cookie', async () => {
    const { email } = await accountOf(plane.database, 'operator');
    const answer = await signIn({ email, password: TEST_PASSWORD, kind: 'token' });
    expect(answer.headers.has('set-cookie')).toBe(false);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const me = await second.ask('GET', '/api/v1/auth/me', { token: answer.body.token });
    expect(me).toMatchObject({ status: 200, body: { account: { role: 'operator' } } });
  });

  it('keeps nothing of a token but its hash', async () => {
    const { email, id } = await accountOf(plane.database, 'viewer');
    const { body } = await signIn({ email, password: TEST_PASSWORD, kind: 'token' });
    const rows = await plane.database.session.findMany({ where: { accountId: id } });
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(body.token);
    expect(Buffer.from(rows[0]?.tokenHash ?? []).toString()).not.toContain(body.token);
  });

  it('writes who signed in to the audit, and who failed to', async () => {
    const { email, id } = await accountOf(plane.database, 'viewer');
    await signIn({ email, password: 'wrong' });
    await signIn({ email, password: TEST_PASSWORD }, api, { 'user-agent': 'spec/1' });
    const entries = await plane.database.auditEntry.findMany({ where: { actorId: id }, orderBy: { id: 'asc' } });
    expect(entries.map(({ action }) => action)).toEqual(['auth.sign_in_failed', 'auth.signed_in']);
    expect(entries[1]).toMatchObject({ ip: '127.0.0.1', userAgent: 'spec/1' });
    expect(entries.map(({ after }) => after)).toEqual([{ email }, { email }]);
  });
});

describe('200 of sessions', () => {
  it("tells where one is signed in, newest first, page by page, and nobody else's", async () => {
    const { email, id } = await accountOf(plane.database, 'viewer');
    const older = await sessionOf(email, { 'user-agent': 'laptop' });
    const newer = await sessionOf(email, { 'user-agent': 'phone' });
    await sessionOf((await accountOf(plane.database, 'viewer')).email);
    const { status, body } = await listSessions(older);
    expect(status).toBe(200);
    expect(body.items).toMatchObject([
      { userAgent: 'phone', current: false, ip: '127.0.0.1' },
      { userAgent: 'laptop', current: true },
    ]);
    expect(JSON.stringify(body)).not.toMatch(/hash|token/i);
    const first = (await listSessions(newer, '?limit=1')).body;
    const rest = (await listSessions(newer, `?limit=1&cursor=${first.nextCursor}`)).body;
    expect([first.items[0].current, rest.items[0].current, rest.nextCursor]).toEqual([true, false, null]);
    const expired = { accountId: id, userAgent: 'laptop' };
    await plane.database.session.updateMany({ where: expired, data: { expiresAt: new Date(Date.now() - 1) } });
    expect((await listSessions(newer)).body.items).toHaveLength(1);
  });
});

describe('204', () => {
  it('ends one session and leaves the others', async () => {
    const { email, id } = await accountOf(plane.database, 'viewer');
    const [mine, lost] = [await sessionOf(email), await sessionOf(email, { 'user-agent': 'lost phone' })];
    const [{ id: lostId }] = (await listSessions(mine)).body.items;
    const end = () => api.ask('DELETE', `/api/v1/auth/sessions/${lostId}`, { token: mine });
    expect((await end()).status).toBe(204);
    expect([await meStatus(mine), await meStatus(lost)]).toEqual([200, 401]);
    expect((await end()).status).toBe(404);
    const entries = await plane.database.auditEntry.findMany({ where: { actorId: id, action: 'auth.session_ended' } });
    expect(entries).toMatchObject([{ resourceId: lostId, before: { email, userAgent: 'lost phone', current: false } }]);
  });

  it('ends all sessions of the account, this one and its cookie too, and none of others', async () => {
    const { email, id, token } = await accountOf(plane.database, 'viewer');
    const [one, other] = [await sessionOf(email), await sessionOf((await accountOf(plane.database, 'viewer')).email)];
    const cookie = cookieOf(await signIn({ email, password: TEST_PASSWORD }));
    const headers = { cookie, origin: api.url };
    const out = await api.ask('POST', '/api/v1/auth/sign-out-everywhere', { headers });
    expect(out.status).toBe(204);
    expect(out.headers.get('set-cookie')).toContain(`${COOKIE_NAME}=;`);
    expect((await api.ask('GET', '/api/v1/auth/me', { headers })).status).toBe(401);
    expect([await meStatus(one), await meStatus(other), await meStatus(token)]).toEqual([401, 200, 200]);
    const entries = await plane.database.auditEntry.findMany({ where: { actorId: id }, orderBy: { id: 'desc' } });
    expect(entries[0]).toMatchObject({ action: 'auth.signed_out_everywhere', after: { email, endedSessions: 2 } });
  });

  it('takes the cookie away from who ends the session that asks', async () => {
    const { email } = await accountOf(plane.database, 'viewer');
    const headers = { cookie: cookieOf(await signIn({ email, password: TEST_PASSWORD })), origin: api.url };
    const [{ id }] = (await api.ask('GET', '/api/v1/auth/sessions', { headers })).body.items;
    const out = await api.ask('DELETE', `/api/v1/auth/sessions/${id}`, { headers });
    expect([out.status, out.headers.get('set-cookie')]).toEqual([204, expect.stringContaining(`${COOKIE_NAME}=;`)]);
  });

  it('ends the session, and the cookie with it', async () => {
    const { email, id } = await accountOf(plane.database, 'viewer');
    const cookie = cookieOf(await signIn({ email, password: TEST_PASSWORD }));
    const out = await api.ask('POST', '/api/v1/auth/sign-out', { headers: { cookie, origin: api.url } });
    expect(out.status).toBe(204);
    expect(out.headers.get('set-cookie')).toContain(`${COOKIE_NAME}=;`);
    expect((await second.ask('GET', '/api/v1/auth/me', { headers: { cookie } })).status).toBe(401);
    const entries = await plane.database.auditEntry.findMany({ where: { actorId: id, action: 'auth.signed_out' } });
    expect(entries).toMatchObject([{ before: { email } }]);
  });

  it('changes a password, and ends every other session', async () => {
    const { email, id } = await accountOf(plane.database, 'viewer');
    const [mine, other] = await Promise.all(
      [1, 2].map(async () => (await signIn({ email, password: TEST_PASSWORD, kind: 'token' })).body.token as string),
    );
    const newPassword = 'another long passphrase';
    const body = { currentPassword: TEST_PASSWORD, newPassword };
    expect((await api.ask('POST', '/api/v1/auth/password', { token: mine ?? '', body })).status).toBe(204);
    expect((await api.ask('GET', '/api/v1/auth/me', { token: mine ?? '' })).status).toBe(200);
    expect((await api.ask('GET', '/api/v1/auth/me', { token: other ?? '' })).status).toBe(401);
    expect((await signIn({ email, password: TEST_PASSWORD })).status).toBe(401);
    expect((await signIn({ email, password: newPassword })).status).toBe(200);
    const entries = await plane.database.auditEntry.findMany({ where: { action: 'account.password_changed' } });
    expect(entries).toMatchObject([{ resourceId: id, after: { email } }]);
  });
});

describe('400', () => {
  it('names every bad field', async () => {
    const answer = await signIn({ email: 'nobody', remember: true });
    expect(answer).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
    expect(answer.body.errors.map((error: { at: string }) => error.at).toSorted()).toEqual([
      'email',
      'password',
      'remember',
    ]);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  it('says that a body is no JSON without repeating it', async () => {
    const answer = await api.ask('POST', '/api/v1/auth/sign-in', { body: '{"password":"hunter2"' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
    expect(JSON.stringify(answer.body)).not.toContain('hunter2');
  });
});

describe('401', () => {
  it('is the same for a wrong password, an unknown and a disabled account', async () => {
    const { email } = await accountOf(plane.database, 'viewer');
    const disabled = await accountOf(plane.database, 'viewer');
    await plane.database.account.update({ where: { id: disabled.id }, data: { disabledAt: new Date() } });
    const answers = await Promise.all([
      signIn({ email, password: 'wrong' }),
      signIn({ email: 'unknown@example.org', password: TEST_PASSWORD }),
      signIn({ email: disabled.email, password: TEST_PASSWORD }),
    ]);
    const seen = answers.map(({ status, body: { instance: _instance, ...body } }) => ({ status, body }));
    expect(seen[0]).toMatchObject({ status: 401, body: { code: 'auth.failed' } });
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  it('meets whoever shows nothing, something made up, expired or cut', async () => {
    const { token, id } = await accountOf(plane.database, 'viewer');
    for (const shown of [undefined, 'hf_x', 'hfs_x', token.slice(0, -1)]) {
      const answer = await api.ask('GET', '/api/v1/auth/me', shown === undefined ? {} : { token: shown });
      expect(answer).toMatchObject({ status: 401, body: { code: 'auth.required' } });
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    }
    await plane.database.apiToken.updateMany({
      where: { accountId: id },
      data: { expiresAt: new Date(Date.now() - 1) },
    });
    expect((await api.ask('GET', '/api/v1/auth/me', { token })).status).toBe(401);
  });

  it('does not change a password on a wrong current one', async () => {
    const { email } = await accountOf(plane.database, 'viewer');
    const { token } = (await signIn({ email, password: TEST_PASSWORD, kind: 'token' })).body;
    const body = { currentPassword: 'wrong', newPassword: 'another long passphrase' };
    const answer = await api.ask('POST', '/api/v1/auth/password', { token, body });
    expect(answer).toMatchObject({ status: 401, body: { code: 'auth.failed', errors: [{ at: 'currentPassword' }] } });
  });
});

describe('403', () => {
  it('refuses what a page of another site sends, with a cookie or to sign in', async () => {
    const { email } = await accountOf(plane.database, 'viewer');
    const cookie = cookieOf(await signIn({ email, password: TEST_PASSWORD }));
    for (const origin of ['https://evil.example', 'null', api.url.replace('127.0.0.1', 'localhost')]) {
      const answer = await api.ask('POST', '/api/v1/auth/sign-out', { headers: { cookie, origin } });
      expect(answer).toMatchObject({ status: 403, body: { code: 'auth.cross_site' } });
    }
    const headers = { 'sec-fetch-site': 'cross-site' };
    expect((await signIn({ email, password: TEST_PASSWORD }, api, headers)).status).toBe(403);
    expect((await api.ask('GET', '/api/v1/auth/me', { headers: { cookie } })).status).toBe(200);
  });

  it('does not mind the origin of a bearer token', async () => {
    const { token } = await accountOf(plane.database, 'viewer');
    const headers = { origin: 'https://script.example' };
    expect((await api.ask('POST', '/api/v1/auth/sign-out', { token, headers })).status).toBe(204);
  });

  it('lets no API token change the password of its account', async () => {
    const { token } = await accountOf(plane.database, 'owner');
    const body = { currentPassword: TEST_PASSWORD, newPassword: 'another long passphrase' };
    const answer = await api.ask('POST', '/api/v1/auth/password', { token, body });
    expect(answer).toMatchObject({ status: 403, body: { code: 'auth.forbidden' } });
  });
});

describe('403 and 404 of sessions', () => {
  it('lets no API token see or end the sessions of its account', async () => {
    const { email, token } = await accountOf(plane.database, 'owner');
    const session = await sessionOf(email);
    const [{ id }] = (await listSessions(session)).body.items;
    const answers = [
      await listSessions(token),
      await api.ask('DELETE', `/api/v1/auth/sessions/${id}`, { token }),
      await api.ask('POST', '/api/v1/auth/sign-out-everywhere', { token }),
    ];
    for (const answer of answers) expect(answer).toMatchObject({ status: 403, body: { code: 'auth.forbidden' } });
    expect(await meStatus(session)).toBe(200);
  });

  it('does not know the sessions of others', async () => {
    const [mine, foreign] = await Promise.all(
      [1, 2].map(async () => sessionOf((await accountOf(plane.database, 'owner')).email)),
    );
    const [{ id }] = (await listSessions(foreign ?? '')).body.items;
    expect(await api.ask('DELETE', `/api/v1/auth/sessions/${id}`, { token: mine ?? '' })).toMatchObject({
      status: 404,
      body: { code: 'resource.not_found' },
    });
    expect(await meStatus(foreign ?? '')).toBe(200);
  });
});

describe('429', () => {
  it('counts failures of one client over two instances, and says when to come back', async () => {
    const { email } = await accountOf(plane.database, 'viewer');
    const statuses: number[] = [];
    for (let index = 0; index < 11; index += 1) {
      statuses.push((await signIn({ email, password: 'wrong' }, index % 2 === 0 ? api : second)).status);
    }
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429]);
    const answer = await signIn({ email, password: TEST_PASSWORD }, second);
    expect(answer).toMatchObject({ status: 429, body: { code: 'rate.limited' } });
    expect(answer.headers.get('ratelimit-policy')).toBe('"sign-in";q=10;w=60');
    expect(answer.headers.get('ratelimit')).toMatch(/^"sign-in";r=0;t=\d+$/);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('counts exactly when many come at once', async () => {
    const { email } = await accountOf(plane.database, 'viewer');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => signIn({ email, password: 'wrong' }, index % 2 === 0 ? api : second)),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(10);
  });

  it('does not count those who succeed', async () => {
    const { email } = await accountOf(plane.database, 'viewer');
    for (let index = 0; index < 12; index += 1) {
      expect((await signIn({ email, password: TEST_PASSWORD })).status).toBe(200);
    }
  });
});

describe('a disabled account', () => {
  it('loses its sessions and tokens at once', async () => {
    const { email, id, token } = await accountOf(plane.database, 'viewer');
    const session = (await signIn({ email, password: TEST_PASSWORD, kind: 'token' })).body.token as string;
    await plane.database.account.update({ where: { id }, data: { disabledAt: new Date() } });
    for (const shown of [token, session]) {
      expect((await api.ask('GET', '/api/v1/auth/me', { token: shown })).status).toBe(401);
    }
  });
});
