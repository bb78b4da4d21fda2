import { throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountOf, startApi, TEST_PASSWORD, type RunningApi } from './api-under-test.ts';

let plane: ThrowawayControlPlane;
let api: RunningApi;

beforeAll(async () => {
  plane = await throwawayControlPlane();
  // Temporal is away for all of this file: the API boots, and what needs no Temporal works.
  api = await startApi({ DATABASE_URL: plane.url, HOLDFAST_ORIGINS: 'https://console.example' });
});
afterAll(async () => {
  await api?.stop();
  await plane?.stop();
});

describe('without Temporal', () => {
  it('boots, and is live and ready', async () => {
    expect(await api.ask('GET', '/api/health/live')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect((await api.ask('GET', '/api/health/ready')).status).toBe(200);
  });

  it('tells that Temporal is away within 3 s, and answers every list', async () => {
    const { token } = await accountOf(plane.database, 'owner');
    const start = performance.now();
    const { body } = await api.ask('GET', '/api/v1/progress/health/status', { token });
    expect(performance.now() - start).toBeLessThan(3_000);
    expect(body).toMatchObject({
      status: 'degraded',
      temporal: { reachable: false, serverVersion: null },
      worker: { pollers: null },
      postgres: { reachable: true },
    });
    for (const path of ['users', 'tokens', 'environments', 'repositories', 'backup', 'backup/audit', 'progress']) {
      expect((await api.ask('GET', `/api/v1/${path}`, { token })).status).toBe(200);
    }
  });
});

describe('without its database', () => {
  it('boots, is live but not ready, and says why', async () => {
    const lost = await startApi({ DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' });
    try {
      expect((await lost.ask('GET', '/api/health/live')).status).toBe(200);
      const ready = await lost.ask('GET', '/api/health/ready');
      expect(ready).toMatchObject({ status: 503, body: { code: 'database.unavailable' } });
      expect(ready.headers.get('retry-after')).toBeTruthy();
      expect((await lost.ask('GET', '/api/v1/environments', { token: 'hf_x' })).status).toBe(503);
    } finally {
      await lost.stop();
    }
  });
});

describe('every answer', () => {
  it('carries a request id: the caller’s where it is a harmless one', async () => {
    const own = await api.ask('GET', '/api/health/live', { headers: { 'x-request-id': 'trace-12345678' } });
    expect(own.headers.get('x-request-id')).toBe('trace-12345678');
    const made = await api.ask('GET', '/api/v1/nothing', { headers: { 'x-request-id': 'a b\t<c>' } });
    expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(made.body.instance).toBe(`urn:request:${made.headers.get('x-request-id')}`);
  });

  it('is a problem for an address that does not exist, a method that is not offered, and a body that is too large', async () => {
    expect(await api.ask('GET', '/api/v1/nothing')).toMatchObject({
      status: 404,
      body: { code: 'resource.not_found' },
    });
    expect(await api.ask('PUT', '/api/v1/backup')).toMatchObject({ status: 404 });
    const body = JSON.stringify({ email: 'x'.repeat(5_000_000) });
    expect(await api.ask('POST', '/api/v1/auth/sign-in', { body })).toMatchObject({
      status: 413,
      body: { code: 'request.too_large' },
    });
  });

  it('forbids to be framed, sniffed or scripted from elsewhere', async () => {
    const { headers } = await api.ask('GET', '/api/docs');
    expect(headers.get('content-security-policy')).toMatch(/frame-ancestors 'none';.*script-src 'self';/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.has('x-powered-by')).toBe(false);
  });

  it('may be read by pages of the configured origins, with their cookie, and by no others', async () => {
    const preflight = async (origin: string) => {
      const headers = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'if-match' };
      return (await api.ask('OPTIONS', '/api/v1/backup', { headers })).headers;
    };
    const allowed = await preflight('https://console.example');
    expect(allowed.get('access-control-allow-origin')).toBe('https://console.example');
    expect(allowed.get('access-control-allow-credentials')).toBe('true');
    expect((await preflight('https://evil.example')).has('access-control-allow-origin')).toBe(false);
    const { email } = await accountOf(plane.database, 'viewer');
    const signIn = (origin: string) =>
      api.ask('POST', '/api/v1/auth/sign-in', { body: { email, password: TEST_PASSWORD }, headers: { origin } });
    expect((await signIn('https://console.example')).status).toBe(200);
    expect((await signIn(api.url)).status).toBe(403);
  });
});

describe('the client’s address', () => {
  it('is the proxy’s word only where the proxy is trusted', async () => {
    const trusting = await startApi({ DATABASE_URL: plane.url, HOLDFAST_TRUST_PROXY: '127.0.0.1' });
    try {
      const ipFor = async (on: RunningApi): Promise<string | null> => {
        const { email, id } = await accountOf(plane.database, 'viewer');
        const headers = { 'x-forwarded-for': '198.51.100.9' };
        await on.ask('POST', '/api/v1/auth/sign-in', { body: { email, password: TEST_PASSWORD }, headers });
        return (await plane.database.session.findFirstOrThrow({ where: { accountId: id } })).ip;
      };
      expect(await ipFor(trusting)).toBe('198.51.100.9');
      expect(await ipFor(api)).toBe('127.0.0.1');
    } finally {
      await trusting.stop();
    }
  });
});
