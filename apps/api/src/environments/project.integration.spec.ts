import { openSecret } from '@holdfast/crypto';
import { throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountOf, startApi, TEST_MASTER_KEY, type RunningApi } from '../api-under-test.ts';

const SERVICE_KEY = 'geheim-service-key-4711';
const ACCESS_TOKEN = `sbp_${'4711'.repeat(10)}`;
const PROJECT = {
  projectRef: 'abcdefghijklmnopqrst',
  projectUrl: 'https://abcdefghijklmnopqrst.supabase.test',
  serviceKey: SERVICE_KEY,
  managementUrl: 'https://api.supabase.test',
  accessToken: ACCESS_TOKEN,
  functionsDirectory: '/srv/supabase/volumes/functions',
};

let plane: ThrowawayControlPlane;
let api: RunningApi;
let token: string;

beforeAll(async () => {
  plane = await throwawayControlPlane();
  api = await startApi({ DATABASE_URL: plane.url, HOLDFAST_FUNCTIONS_ROOTS: '/srv/supabase:/opt/b' });
  ({ token } = await accountOf(plane.database, 'admin'));
});
afterAll(async () => {
  await api?.stop();
  await plane?.stop();
});

let count = 0;
const create = (over: object = {}) => {
  const parts = { name: `env-${(count += 1)}`, host: '127.0.0.1', database: 'app', user: 'backup', password: 'x' };
  return api.ask('POST', '/api/v1/environments', { token, body: { ...parts, ...over } });
};
const patch = (id: string, body: object) =>
  api.ask('PATCH', `/api/v1/environments/${id}`, { token, body, headers: { 'if-match': '*' } });
const at = (answer: { body: { errors: { at: string }[] } }) => answer.body.errors.map((error) => error.at).toSorted();
const sealed = async (id: string) => plane.database.environment.findUniqueOrThrow({ where: { id } });

describe('201', () => {
  it('keeps how the project is reached, its secrets sealed each for a purpose of its own', async () => {
    const answer = await create(PROJECT);
    const { serviceKey, accessToken, ...shown } = PROJECT;
    expect(answer).toMatchObject({ status: 201, body: { ...shown, hasServiceKey: true, hasAccessToken: true } });
    expect(JSON.stringify(answer.body)).not.toMatch(new RegExp(`${serviceKey}|${accessToken}|v1\\.`));
    const { id } = answer.body;
    const { sealedServiceKey, sealedAccessToken, sealedPassword } = await sealed(id);
    const open = (text: string | null, purpose: string) =>
      openSecret(TEST_MASTER_KEY, text ?? '', `environment:${id}${purpose}`);
    expect(open(sealedServiceKey, ':service-key')).toBe(SERVICE_KEY);
    expect(open(sealedAccessToken, ':access-token')).toBe(ACCESS_TOKEN);
    expect(() => open(sealedPassword, ':service-key')).toThrow();
    expect(() => open(sealedServiceKey, ':access-token')).toThrow();
  });

  it('has none of it unless it is said', async () => {
    expect((await create()).body).toMatchObject({
      ...{ projectUrl: null, hasServiceKey: false, managementUrl: null, hasAccessToken: false },
      functionsDirectory: null,
    });
  });

  it('keeps a directory in its plainest form', async () => {
    const answer = await create({ functionsDirectory: '/opt/b/x/../functions/' });
    expect(answer.body.functionsDirectory).toBe('/opt/b/functions');
  });
});

describe('200', () => {
  it('takes a secret away with null, and keeps what is not said', async () => {
    const { id } = (await create(PROJECT)).body;
    expect((await patch(id, { color: '#00ff00' })).body).toMatchObject({ hasServiceKey: true, hasAccessToken: true });
    expect((await patch(id, { serviceKey: null, functionsDirectory: null })).body).toMatchObject({
      ...{ hasServiceKey: false, hasAccessToken: true, projectUrl: PROJECT.projectUrl, functionsDirectory: null },
    });
  });

  it('audits that secrets were changed, never to what; a deleted environment has none', async () => {
    const { id } = (await create(PROJECT)).body;
    await patch(id, { serviceKey: `${SERVICE_KEY}-2`, accessToken: `${ACCESS_TOKEN}2` });
    await api.ask('DELETE', `/api/v1/environments/${id}`, { token });
    const entries = await plane.database.auditEntry.findMany({ where: { resourceId: id }, orderBy: { id: 'asc' } });
    expect(entries[1]).toMatchObject({ after: { serviceKeyChanged: true, accessTokenChanged: true } });
    expect(entries[1]?.after).not.toHaveProperty('passwordChanged');
    const written = JSON.stringify(entries, (_, value: unknown) => (typeof value === 'bigint' ? '' : value));
    expect(written).not.toMatch(new RegExp(`${SERVICE_KEY}|${ACCESS_TOKEN}|v1\\.`));
    expect(await sealed(id)).toMatchObject({ sealedServiceKey: null, sealedAccessToken: null });
  });
});

describe('400', () => {
  it.each([
    'abc.supabase.co',
    'ftp://abc.supabase.co',
    'https://user:pass@abc.supabase.co',
    'https://abc.supabase.co?apikey=x',
    'https://abc.supabase.co#x',
  ])('takes %s for no address of a project', async (text) => {
    expect(at(await create({ projectUrl: text, managementUrl: text }))).toEqual(['managementUrl', 'projectUrl']);
  });

  it.each(['http://169.254.169.254', 'http://[fe80::1]:8000', 'http://metadata.google.internal/x'])(
    'refuses the address %s, naming its field',
    async (url) => {
      for (const field of ['projectUrl', 'managementUrl']) {
        const refused = { status: 400, body: { code: 'environment.address_refused', errors: [{ at: field }] } };
        expect(await create({ [field]: url })).toMatchObject(refused);
        const { id } = (await create()).body;
        expect(await patch(id, { [field]: url })).toMatchObject(refused);
      }
    },
  );

  it('sends a stored secret to no other address than it was saved for', async () => {
    const { id } = (await create(PROJECT)).body;
    expect(at(await patch(id, { projectUrl: 'https://thief.example.org' }))).toEqual(['serviceKey']);
    expect(at(await patch(id, { managementUrl: 'https://thief.example.org' }))).toEqual(['accessToken']);
    expect(at(await patch(id, { managementUrl: null }))).toEqual(['accessToken']);
    expect(at(await patch(id, { projectRef: 'zzzzzzzzzzzzzzzzzzzz' }))).toEqual(['accessToken']);
    const same = { projectUrl: PROJECT.projectUrl, projectRef: PROJECT.projectRef };
    expect((await patch(id, same)).status).toBe(200);
    const moved = { projectUrl: 'https://moved.example.org', serviceKey: 'another' };
    expect((await patch(id, moved)).body).toMatchObject({ projectUrl: 'https://moved.example.org' });
  });

  it.each(['/etc', '/srv/supabase', '/srv/supabase/../../etc', 'srv/supabase/x', '/srv/supabase-other/x'])(
    'refuses the directory %s',
    async (functionsDirectory) => {
      const answer = await create({ functionsDirectory });
      expect(answer).toMatchObject({ status: 400, body: { hint: expect.stringContaining('/srv/supabase') } });
      expect(at(answer)).toEqual(['functionsDirectory']);
    },
  );

  it('names every wrong field at once', async () => {
    const wrong = { projectUrl: 'http://169.254.169.254', functionsDirectory: '/etc', password: undefined };
    expect(await create(wrong)).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
    expect(at(await create(wrong))).toEqual(['functionsDirectory', 'password', 'projectUrl']);
    const addresses = {
      projectUrl: 'http://169.254.169.254',
      managementUrl: 'http://[fe80::1]',
      host: '169.254.169.254',
    };
    const refused = await create(addresses);
    expect([refused.body.code, at(refused)]).toEqual([
      'environment.address_refused',
      ['host', 'managementUrl', 'projectUrl'],
    ]);
    const { id } = (await create(PROJECT)).body;
    const moved = { projectUrl: 'https://thief.example.org', projectRef: 'z', functionsDirectory: '/etc' };
    expect(at(await patch(id, moved))).toEqual(['accessToken', 'functionsDirectory', 'serviceKey']);
  });

  it('takes no key with spaces or line ends', async () => {
    expect(at(await create({ serviceKey: 'a b', accessToken: 'a\r\nx: y' }))).toEqual(['accessToken', 'serviceKey']);
  });
});
