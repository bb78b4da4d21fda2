import { throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountOf, startApi, TEST_PASSWORD, type RunningApi } from '../api-under-test.ts';

let plane: ThrowawayControlPlane;
let api: RunningApi;

beforeAll(async () => {
  plane = await throwawayControlPlane();
  api = await startApi({ DATABASE_URL: plane.url });
});
afterAll(async () => {
  await api?.stop();
  await plane?.stop();
});

/** A signed-in session: an API token may not make tokens. */
async function session(): Promise<{ id: string; token: string; apiToken: string }> {
  const { id, email, token: apiToken } = await accountOf(plane.database, 'operator');
  const body = { email, password: TEST_PASSWORD, kind: 'token' };
  const { token } = (await api.ask('POST', '/api/v1/auth/sign-in', { body })).body;
  return { id, token, apiToken };
}
const create = (token: string, body: object = { name: 'nightly', expiresInDays: 30 }) =>
  api.ask('POST', '/api/v1/tokens', { token, body });

describe('201', () => {
  it('shows a token once, that acts with the role of its account', async () => {
    const { token } = await session();
    const made = await create(token);
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'nightly', token: expect.stringMatching(/^hf_[\w-]{43}$/) },
    });
    expect(made.body.hint).toBe(made.body.token.slice(0, 7));
    const days = (Date.parse(made.body.expiresAt) - Date.now()) / 86_400_000;
    expect(days).toBeCloseTo(30, 1);
    const me = await api.ask('GET', '/api/v1/auth/me', { token: made.body.token });
    expect(me.body).toMatchObject({ credential: 'token', account: { role: 'operator' } });
    const list = await api.ask('GET', '/api/v1/tokens', { token });
    expect(JSON.stringify(list.body)).not.toContain(made.body.token);
    expect(list.body.items[0]).toMatchObject({ id: made.body.id, lastUsedAt: expect.any(String) });
    const entry = await plane.database.auditEntry.findFirstOrThrow({
      where: { action: 'token.created', resourceId: made.body.id },
    });
    expect(JSON.stringify(entry.after)).not.toContain(made.body.token);
  });
});

describe('204', () => {
  it('ends a token at once', async () => {
    const { token } = await session();
    const made = (await create(token)).body;
    expect((await api.ask('DELETE', `/api/v1/tokens/${made.id}`, { token })).status).toBe(204);
    expect((await api.ask('GET', '/api/v1/auth/me', { token: made.token })).status).toBe(401);
  });
});

describe('400', () => {
  it('wants a name and an expiry within a year', async () => {
    const { token } = await session();
    for (const body of [{ name: 'x' }, { name: 'x', expiresInDays: 366 }, { name: 'x', expiresInDays: 0 }]) {
      expect((await create(token, body)).body.errors).toMatchObject([{ at: 'expiresInDays' }]);
    }
  });
});

describe('403', () => {
  it('lets no API token make another one', async () => {
    const { apiToken } = await session();
    expect(await create(apiToken)).toMatchObject({ status: 403, body: { code: 'auth.forbidden' } });
  });
});

describe('404', () => {
  it('does not know the tokens of somebody else', async () => {
    const [mine, theirs] = [await session(), await session()];
    const made = (await create(theirs.token)).body;
    expect((await api.ask('DELETE', `/api/v1/tokens/${made.id}`, { token: mine.token })).status).toBe(404);
    const list = await api.ask('GET', '/api/v1/tokens', { token: mine.token });
    expect(list.body.items.map((item: { accountId: string }) => item.accountId)).toEqual([mine.id]);
    expect((await api.ask('GET', '/api/v1/auth/me', { token: made.token })).status).toBe(200);
  });
});
