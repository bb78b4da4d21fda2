import { ROLES } from '@holdfast/contracts';
import { throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountOf, startApi, TEST_PASSWORD, type RunningApi } from '../api-under-test.ts';
import { createFirstOwner } from './first-owner.ts';

let plane: ThrowawayControlPlane;
let api: RunningApi;
let owner: { id: string; email: string; token: string };

beforeAll(async () => {
  plane = await throwawayControlPlane();
  api = await startApi({ DATABASE_URL: plane.url });
  owner = await accountOf(plane.database, 'owner');
});
afterAll(async () => {
  await api?.stop();
  await plane?.stop();
});

const newUser = (over: object = {}) => ({
  email: `${crypto.randomUUID()}@example.org`,
  name: 'Grace',
  role: 'operator',
  password: 'a passphrase of hers',
  ...over,
});
const create = (over: object = {}, token = owner.token) =>
  api.ask('POST', '/api/v1/users', { token, body: newUser(over) });
const patch = (id: string, body: object, headers: Record<string, string> = { 'if-match': '*' }, token = owner.token) =>
  api.ask('PATCH', `/api/v1/users/${id}`, { token, body, headers });
const signedIn = async (email: string): Promise<string> =>
  (await api.ask('POST', '/api/v1/auth/sign-in', { body: { email, password: TEST_PASSWORD, kind: 'token' } })).body
    .token;
const statusesOf = async (...tokens: string[]): Promise<number[]> => {
  const answers = await Promise.all(tokens.map((token) => api.ask('GET', '/api/v1/auth/me', { token })));
  return answers.map(({ status }) => status);
};
/** What the audit says an account became with each change, oldest first. */
const changesOf = async (id: string) => {
  const where = { resourceId: id, action: 'account.updated' };
  return (await plane.database.auditEntry.findMany({ where, orderBy: { id: 'asc' } })).map(({ after }) => after);
};

describe('201', () => {
  it('adds an account that can sign in, and shows no password', async () => {
    const user = newUser();
    const answer = await api.ask('POST', '/api/v1/users', { token: owner.token, body: user });
    expect(answer).toMatchObject({ status: 201, body: { email: user.email, role: 'operator', version: 1 } });
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.headers.get('location')).toBe(`/api/v1/users/${answer.body.id}`);
    expect(JSON.stringify(answer.body)).not.toMatch(/argon2|passphrase|passwordHash/);
    const { email, password } = user;
    expect((await api.ask('POST', '/api/v1/auth/sign-in', { body: { email, password } })).status).toBe(200);
  });
});

describe('200', () => {
  it('lists accounts by e-mail, page by page, each once', async () => {
    await Promise.all(Array.from({ length: 5 }, () => create()));
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await api.ask('GET', `/api/v1/users?limit=2${cursor && `&cursor=${cursor}`}`, {
        token: owner.token,
      });
      seen.push(...page.body.items.map((item: { email: string }) => item.email));
      cursor = page.body.nextCursor ?? '';
    } while (cursor);
    expect(seen).toEqual([...new Set(seen)].toSorted());
    expect(seen).toHaveLength(await plane.database.account.count());
  });

  it('changes role and name, and writes before and after to the audit', async () => {
    const { id } = (await create()).body;
    const answer = await patch(id, { role: 'admin', name: 'Grace Hopper' }, { 'if-match': '"1"' });
    expect(answer).toMatchObject({ status: 200, body: { role: 'admin', name: 'Grace Hopper', version: 2 } });
    const entry = await plane.database.auditEntry.findFirstOrThrow({
      where: { resourceId: id, action: 'account.updated' },
    });
    expect(entry).toMatchObject({ actorId: owner.id, before: { role: 'operator' }, after: { role: 'admin' } });
  });

  it('disables an account, which ends its sessions and tokens for good', async () => {
    const { id, email, token } = await accountOf(plane.database, 'operator');
    const other = await accountOf(plane.database, 'operator');
    const session = await signedIn(email);
    await patch(id, { disabled: true });
    expect(await statusesOf(token, session)).toEqual([401, 401]);
    expect(await changesOf(id)).toMatchObject([{ endedSessions: 1, endedTokens: 1 }]);
    await patch(id, { disabled: false });
    expect(await statusesOf(token, session, other.token)).toEqual([401, 401, 200]);
    expect(await statusesOf(await signedIn(email))).toEqual([200]);
    // It is enabled already: nothing ends.
    const again = await signedIn(email);
    await patch(id, { disabled: false });
    expect(await statusesOf(again)).toEqual([200]);
  });

  it('enables an account without what was left of it while it was disabled', async () => {
    const { id, token } = await accountOf(plane.database, 'operator');
    await plane.database.account.update({ where: { id }, data: { disabledAt: new Date() } });
    await patch(id, { name: 'Still disabled' });
    await patch(id, { disabled: false });
    expect(await statusesOf(token)).toEqual([401]);
    expect((await changesOf(id))[1]).toMatchObject({ endedSessions: 0, endedTokens: 1 });
  });

  it('sets a password, which ends the sessions and leaves the tokens', async () => {
    const { id, email, token } = await accountOf(plane.database, 'operator');
    const session = await signedIn(email);
    await patch(id, { password: 'another long passphrase' });
    expect(await statusesOf(token, session)).toEqual([200, 401]);
    const [change] = await changesOf(id);
    expect(change).toMatchObject({ passwordChanged: true, endedSessions: 1 });
    expect(change).not.toHaveProperty('endedTokens');
  });
});

describe('400', () => {
  it('wants a long password and a role that exists', async () => {
    const answer = await create({ password: 'short', role: 'king', email: 'nobody' });
    expect(answer.body.errors.map((error: { at: string }) => error.at).toSorted()).toEqual([
      'email',
      'password',
      'role',
    ]);
  });
});

describe('403', () => {
  it('lets owners alone add and change accounts, and admins read them', async () => {
    for (const role of ROLES) {
      const { token } = await accountOf(plane.database, role);
      expect((await create({}, token)).status).toBe(role === 'owner' ? 201 : 403);
      const reads = role === 'owner' || role === 'admin';
      expect((await api.ask('GET', '/api/v1/users', { token })).status).toBe(reads ? 200 : 403);
      expect((await patch(owner.id, { name: 'x' }, { 'if-match': '"0"' }, token)).status).toBe(
        role === 'owner' ? 412 : 403,
      );
    }
  });
});

describe('404', () => {
  it('knows no account of a made-up id', async () => {
    const answer = await api.ask('GET', `/api/v1/users/${crypto.randomUUID()}`, { token: owner.token });
    expect(answer).toMatchObject({ status: 404, body: { code: 'resource.not_found' } });
  });
});

describe('409', () => {
  it('has one account an e-mail, whatever its case', async () => {
    const answer = await create({ email: owner.email.toUpperCase() });
    expect(answer).toMatchObject({ status: 409, body: { code: 'resource.conflict', errors: [{ at: 'email' }] } });
  });

  it('keeps the last owner who can sign in, also when two demote each other at once', async () => {
    const own = await throwawayControlPlane();
    const other = await startApi({ DATABASE_URL: own.url });
    try {
      const [a, b] = [await accountOf(own.database, 'owner'), await accountOf(own.database, 'owner')];
      const demote = (who: string, token: string) =>
        other.ask('PATCH', `/api/v1/users/${who}`, { token, body: { role: 'admin' }, headers: { 'if-match': '*' } });
      const answers = await Promise.all([demote(b.id, a.token), demote(a.id, b.token)]);
      expect(answers.map(({ status }) => status).toSorted()).not.toEqual([200, 200]);
      expect(await own.database.account.count({ where: { role: 'owner' } })).toBe(1);
      const left = await own.database.account.findFirstOrThrow({ where: { role: 'owner' } });
      const token = left.id === a.id ? a.token : b.token;
      for (const body of [{ role: 'viewer' }, { disabled: true }]) {
        const headers = { 'if-match': '*' };
        const answer = await other.ask('PATCH', `/api/v1/users/${left.id}`, { token, body, headers });
        expect(answer).toMatchObject({ status: 409, body: { code: 'resource.in_use' } });
      }
    } finally {
      await other.stop();
      await own.stop();
    }
  });
});

describe('412 and 428', () => {
  it('refuses a change of what someone else has changed, and one without If-Match', async () => {
    const { id } = (await create()).body;
    await patch(id, { name: 'One' }, { 'if-match': '"1"' });
    expect((await patch(id, { name: 'Two' }, { 'if-match': '"1"' })).body.code).toBe('request.if_match_failed');
    expect((await patch(id, { name: 'Two' }, {})).body.code).toBe('request.if_match_required');
  });
});

describe('the first owner', () => {
  it('is created once, by whoever comes first, and can sign in', async () => {
    const own = await throwawayControlPlane();
    try {
      const given = { email: 'First@Example.org', password: TEST_PASSWORD };
      const created = await Promise.all(Array.from({ length: 5 }, () => createFirstOwner(own.database, given)));
      expect(created.filter((email) => email !== null)).toEqual(['first@example.org']);
      expect(await own.database.account.findMany()).toMatchObject([{ email: 'first@example.org', role: 'owner' }]);
      expect(await own.database.auditEntry.count({ where: { action: 'account.created' } })).toBe(1);
    } finally {
      await own.stop();
    }
  });

  it('needs a password that accounts may have', async () => {
    const own = await throwawayControlPlane();
    try {
      const creating = createFirstOwner(own.database, { email: 'first@example.org', password: 'short' });
      await expect(creating).rejects.toMatchObject({
        code: 'config.invalid',
        errors: [{ at: 'HOLDFAST_OWNER_PASSWORD' }],
      });
    } finally {
      await own.stop();
    }
  });
});
