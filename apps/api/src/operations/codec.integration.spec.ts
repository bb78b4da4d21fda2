import { encryptedPayloadCodec } from '@holdfast/crypto';
import { throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountOf, startApi, TEST_MASTER_KEY, TEST_PASSWORD, type RunningApi } from '../api-under-test.ts';

const UI = 'http://127.0.0.1:18233';

let plane: ThrowawayControlPlane;
let api: RunningApi;
let token: string;

beforeAll(async () => {
  plane = await throwawayControlPlane();
  api = await startApi({ DATABASE_URL: plane.url, HOLDFAST_TEMPORAL_UI_URL: `${UI}/` });
  ({ token } = await accountOf(plane.database, 'owner'));
});
afterAll(async () => {
  await api?.stop();
  await plane?.stop();
});

describe('the codec endpoint', () => {
  const base64 = (data: Uint8Array | null | undefined) => Buffer.from(data ?? []).toString('base64');
  const decode = async (value: unknown, headers: Record<string, string> = {}, as = token) => {
    const [payload] = await encryptedPayloadCodec(TEST_MASTER_KEY).encode([defaultPayloadConverter.toPayload(value)]);
    const metadata = Object.fromEntries(
      Object.entries(payload?.metadata ?? {}).map(([key, data]) => [key, base64(data)]),
    );
    const body = { payloads: [{ metadata, data: base64(payload?.data) }] };
    return api.ask('POST', '/api/v1/codec/decode', { token: as, body, headers });
  };

  it('opens payloads for whoever may', async () => {
    const answer = await decode({ answer: 42 });
    expect(answer.status).toBe(200);
    const [payload] = answer.body.payloads;
    expect(Buffer.from(payload.metadata.encoding, 'base64').toString()).toBe('json/plain');
    expect(JSON.parse(Buffer.from(payload.data, 'base64').toString())).toEqual({ answer: 42 });
    expect((await decode(1, {}, (await accountOf(plane.database, 'operator')).token)).status).toBe(403);
  });

  it('says that a payload does not open, and offers no encoding', async () => {
    const encoding = Buffer.from('binary/encrypted').toString('base64');
    const body = { payloads: [{ metadata: { encoding }, data: 'AAAA' }] };
    expect((await api.ask('POST', '/api/v1/codec/decode', { token, body })).status).toBe(400);
    expect((await api.ask('POST', '/api/v1/codec/encode', { token, body })).status).toBe(404);
  });

  it('takes the cookie from a page of the Web UI, as no other route does', async () => {
    const { email } = await accountOf(plane.database, 'admin');
    const answer = await api.ask('POST', '/api/v1/auth/sign-in', { body: { email, password: TEST_PASSWORD } });
    const headers = { cookie: (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '', origin: UI };
    const decoded = await api.ask('POST', '/api/v1/codec/decode', { headers, body: { payloads: [] } });
    expect(decoded).toMatchObject({ status: 200, body: { payloads: [] } });
    expect(decoded.headers.get('access-control-allow-origin')).toBe(UI);
    expect((await api.ask('POST', '/api/v1/progress/cleanup', { headers, body: {} })).body.code).toBe(
      'auth.cross_site',
    );
  });

  it('answers the origin of the Web UI, and no other; nothing else answers it', async () => {
    const preflight = (path: string, origin: string) =>
      api.ask('OPTIONS', path, { headers: { origin, 'access-control-request-method': 'POST' } });
    const allowed = async (path: string, origin: string) =>
      (await preflight(path, origin)).headers.get('access-control-allow-origin');
    expect(await allowed('/api/v1/codec/decode', UI)).toBe(UI);
    expect(await allowed('/api/v1/codec/decode', 'http://evil.example')).toBeNull();
    expect(await allowed('/api/v1/backup', UI)).toBeNull();
  });
});
