import { OperationError, PROBE_WORKFLOW, ROLES, type ProbeReport } from '@holdfast/contracts';
import { openSecret } from '@holdfast/crypto';
import {
  throwawayControlPlane,
  throwawayTemporal,
  type TemporalServer,
  type ThrowawayControlPlane,
} from '@holdfast/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountOf, startApi, TEST_MASTER_KEY, type RunningApi } from '../api-under-test.ts';
import { GO_ON, scriptedWorker, type ScriptedWorker } from '../operations/scripted-worker.ts';

const PASSWORD = 'hunter2-of-the-database';

let plane: ThrowawayControlPlane;
let temporal: TemporalServer;
let worker: ScriptedWorker;
let api: RunningApi;
let withoutTemporal: RunningApi;
let token: string;

beforeAll(async () => {
  [plane, temporal] = await Promise.all([throwawayControlPlane(), throwawayTemporal()]);
  worker = await scriptedWorker(temporal.address, TEST_MASTER_KEY);
  api = await startApi({ DATABASE_URL: plane.url, TEMPORAL_ADDRESS: temporal.address });
  withoutTemporal = await startApi({ DATABASE_URL: plane.url });
  ({ token } = await accountOf(plane.database, 'admin'));
});
afterAll(async () => {
  await Promise.all([api?.stop(), withoutTemporal?.stop()]);
  await worker?.stop();
  await temporal?.stop();
  await plane?.stop();
});

let count = 0;
const newName = (): string => `env-${(count += 1)}`;
const parts = (over: object = {}) => ({
  name: newName(),
  host: '127.0.0.1',
  database: 'app',
  user: 'backup',
  password: PASSWORD,
  ...over,
});
const create = (body: object = parts()) => api.ask('POST', '/api/v1/environments', { token, body });
const patch = (id: string, body: object, headers: Record<string, string> = { 'if-match': '*' }) =>
  api.ask('PATCH', `/api/v1/environments/${id}`, { token, body, headers });
const at = (answer: { body: { errors: { at: string }[] } }) => answer.body.errors.map((error) => error.at).toSorted();
const passwordOf = async (id: string): Promise<string> => {
  const { sealedPassword } = await plane.database.environment.findUniqueOrThrow({ where: { id } });
  return openSecret(TEST_MASTER_KEY, sealedPassword, `environment:${id}`);
};

const PROBE: ProbeReport = {
  serverVersion: '17.6',
  serverMajor: 17,
  database: 'app',
  systemIdentifier: '7412345678901234567',
  sizeBytes: 10_000,
  tables: 3,
  latencyMs: 1.5,
  tls: { used: false, version: null },
  role: { name: 'backup', superuser: false, bypassRls: true, replication: false, createDatabase: false },
  extensions: [{ name: 'pgcrypto', version: '1.3' }],
  roles: ['backup'],
  dumpClient: '17.6',
  skipped: [],
  blockers: [],
};

describe('201', () => {
  it('adds an environment by parts, sealing its password', async () => {
    const answer = await create(parts({ production: true, tlsMode: 'verify-full', kind: 'supabase-selfhosted' }));
    expect(answer).toMatchObject({
      status: 201,
      body: {
        host: '127.0.0.1',
        port: 5432,
        user: 'backup',
        tlsMode: 'verify-full',
        kind: 'supabase-selfhosted',
        version: 1,
      },
    });
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(JSON.stringify(answer.body)).not.toContain(PASSWORD);
    expect(answer.body).not.toHaveProperty('sealedPassword');
    expect(await passwordOf(answer.body.id)).toBe(PASSWORD);
  });

  it('adds an environment by URL', async () => {
    const url = `postgresql://ba%40ckup:${PASSWORD}@192.168.7.7:6543/my%20app?sslmode=require`;
    const answer = await create({ name: newName(), url });
    expect(answer).toMatchObject({
      status: 201,
      body: { host: '192.168.7.7', port: 6543, user: 'ba@ckup', database: 'my app', tlsMode: 'require' },
    });
    expect(await passwordOf(answer.body.id)).toBe(PASSWORD);
  });
});

describe('200', () => {
  it('lists by name with filters, page by page', async () => {
    for (const name of ['list-b', 'list-a', 'list-c']) await create(parts({ name, production: name === 'list-b' }));
    const names = async (query: string) => {
      const { body } = await api.ask('GET', `/api/v1/environments?${query}`, { token });
      return { names: body.items.map((item: { name: string }) => item.name), next: body.nextCursor as string | null };
    };
    expect((await names('search=LIST-')).names).toEqual(['list-a', 'list-b', 'list-c']);
    expect((await names('search=list-&production=true')).names).toEqual(['list-b']);
    expect((await names('search=list_')).names).toEqual([]);
    const first = await names('search=list-&limit=2');
    expect(first.names).toEqual(['list-a', 'list-b']);
    expect((await names(`search=list-&limit=2&cursor=${first.next}`)).names).toEqual(['list-c']);
  });

  it('changes what is given and keeps the rest, the password too', async () => {
    const { id } = (await create()).body;
    const same = { host: '127.0.0.1', port: 5432, user: 'backup', tlsMode: 'require' };
    const answer = await patch(id, { ...same, database: 'other', color: '#00ff00' }, { 'if-match': '"1"' });
    expect(answer).toMatchObject({ status: 200, body: { ...same, database: 'other', color: '#00ff00', version: 2 } });
    expect(answer.headers.get('etag')).toBe('"2"');
    expect(await passwordOf(id)).toBe(PASSWORD);
    const moved = await patch(id, { host: '192.168.7.8', tlsMode: 'disable', password: 'a-new-one' });
    expect(moved).toMatchObject({ status: 200, body: { host: '192.168.7.8', tlsMode: 'disable' } });
    expect(await passwordOf(id)).toBe('a-new-one');
  });

  it('writes every change to the audit, without a password', async () => {
    const { id } = (await create()).body;
    await patch(id, { password: 'a-new-one', color: '#00ff00' });
    await api.ask('DELETE', `/api/v1/environments/${id}`, { token });
    const entries = await plane.database.auditEntry.findMany({ where: { resourceId: id }, orderBy: { id: 'asc' } });
    expect(entries.map(({ action }) => action)).toEqual([
      'environment.created',
      'environment.updated',
      'environment.deleted',
    ]);
    expect(entries[1]).toMatchObject({ before: { version: 1 }, after: { version: 2, passwordChanged: true } });
    expect(JSON.stringify(entries, (_, value: unknown) => (typeof value === 'bigint' ? '' : value))).not.toMatch(
      new RegExp(`${PASSWORD}|a-new-one|v1\\.`),
    );
  });

  it('answers what a worker found in a test, and sends the worker a reference only', async () => {
    worker.scripts.set(PROBE_WORKFLOW, () => PROBE);
    const { id, name } = (await create()).body;
    const answer = await api.ask('POST', `/api/v1/environments/${id}/test`, { token });
    expect(answer).toMatchObject({ status: 200, body: PROBE });
    expect(worker.started.at(-1)).toMatchObject({
      workflow: PROBE_WORKFLOW,
      workflowId: expect.stringMatching(new RegExp(`^probe/${name}/`)),
      input: { environmentId: id },
    });
  });
});

describe('204', () => {
  it('removes an environment, whose name is free again', async () => {
    const { id, name } = (await create()).body;
    expect((await api.ask('DELETE', `/api/v1/environments/${id}`, { token })).status).toBe(204);
    expect((await api.ask('GET', `/api/v1/environments/${id}`, { token })).status).toBe(404);
    expect((await create(parts({ name }))).status).toBe(201);
  });
});

describe('400', () => {
  it('names every bad field at once', async () => {
    const answer = await create({ name: 'has spaces/', kind: 'oracle', port: 0, host: 'a b', color: 'red', extra: 1 });
    expect(answer.status).toBe(400);
    expect(at(answer)).toEqual(['color', 'extra', 'host', 'kind', 'name', 'port']);
    expect(at(await create({ name: newName() }))).toEqual(['database', 'host', 'password', 'user']);
    expect(at(await create({ name: newName(), url: 'postgresql://h/d', host: 'h' }))).toEqual(['host']);
  });

  it.each(['-a', '.a', 'a/b', 'a b', 'a~b', '', 'x'.repeat(64), 'ü'])('takes no environment named %j', async (name) => {
    expect(at(await create(parts({ name })))).toEqual(['name']);
  });

  it.each(['169.254.169.254', '169.254.3.3', '0.0.0.0', '::', 'fe80::1', 'metadata.google.internal'])(
    'refuses the address %s',
    async (host) => {
      const answer = await create(parts({ host }));
      expect(answer).toMatchObject({
        status: 400,
        body: { code: 'environment.address_refused', errors: [{ at: 'host' }] },
      });
    },
  );

  it('refuses this machine unless it is allowed, on a change and on a test too', async () => {
    const strict = await startApi({ DATABASE_URL: plane.url, HOLDFAST_ALLOW_PRIVATE_ADDRESSES: 'none' });
    try {
      const { id } = (await create()).body;
      const refused = { status: 400, body: { code: 'environment.address_refused' } };
      const url = `postgresql://u:${PASSWORD}@localhost/app`;
      expect(await strict.ask('POST', '/api/v1/environments', { token, body: { name: newName(), url } })).toMatchObject(
        refused,
      );
      const headers = { 'if-match': '*' };
      const change = { token, headers, body: { host: '::1', password: 'x' } };
      expect(await strict.ask('PATCH', `/api/v1/environments/${id}`, change)).toMatchObject(refused);
      expect(await strict.ask('POST', `/api/v1/environments/${id}/test`, { token })).toMatchObject(refused);
    } finally {
      await strict.stop();
    }
  });

  it('sends a stored password nowhere else, and not less protected', async () => {
    const { id } = (await create(parts({ tlsMode: 'require' }))).body;
    const changes = [{ host: '192.168.7.8', tlsMode: 'verify-full' }, { port: 6000 }, { user: 'other' }];
    for (const change of [...changes, { tlsMode: 'prefer' }, { tlsMode: 'disable' }]) {
      const answer = await patch(id, change);
      expect(answer).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
      expect(at(answer)).toEqual(['password']);
    }
    expect((await api.ask('GET', `/api/v1/environments/${id}`, { token })).body.version).toBe(1);
  });

  it('takes no cursor of another list, and no id that is none', async () => {
    expect(at(await api.ask('GET', '/api/v1/environments?cursor=eyJpZCI6MX0', { token }))).toEqual(['cursor']);
    expect((await api.ask('GET', '/api/v1/environments/x', { token })).status).toBe(400);
  });
});

describe('403', () => {
  it('follows the roles', async () => {
    const { id } = (await create()).body;
    const rights = {
      viewer: [200, 403, 403],
      operator: [200, 403, 200],
      admin: [200, 201, 200],
      owner: [200, 201, 200],
    };
    worker.scripts.set(PROBE_WORKFLOW, () => PROBE);
    for (const role of ROLES) {
      const as = { token: (await accountOf(plane.database, role)).token };
      const statuses = [
        (await api.ask('GET', `/api/v1/environments/${id}`, as)).status,
        (await api.ask('POST', '/api/v1/environments', { ...as, body: parts() })).status,
        (await api.ask('POST', `/api/v1/environments/${id}/test`, as)).status,
      ];
      expect([role, ...statuses]).toEqual([role, ...rights[role]]);
    }
  });
});

describe('409', () => {
  it('has one environment a name', async () => {
    const { id, name } = (await create()).body;
    const taken = { status: 409, body: { code: 'resource.conflict', errors: [{ at: 'name' }] } };
    expect(await create(parts({ name }))).toMatchObject(taken);
    const { name: other } = (await create()).body;
    expect(await patch(id, { name: other })).toMatchObject(taken);
  });

  it('keeps an environment that has backups', async () => {
    const { id } = (await create()).body;
    const repository = await plane.database.repository.create({
      data: { name: newName(), driver: 'local', path: '/x' },
    });
    await plane.database.backup.create({
      data: {
        ...{
          id: crypto.randomUUID(),
          environmentId: id,
          repositoryId: repository.id,
          operationId: crypto.randomUUID(),
        },
        ...{ name: 'b', description: '', tags: [], components: ['database'], kind: 'full', status: 'complete' },
        ...{ serverVersion: '17', database: 'app', sizeBytes: 1n, storedBytes: 1n, tables: 1, rows: 1n },
        ...{ manifestSha256: '', coverage: { included: [], gaps: [] }, takenAt: new Date(), completedAt: new Date() },
      },
    });
    const answer = await api.ask('DELETE', `/api/v1/environments/${id}`, { token });
    expect(answer).toMatchObject({ status: 409, body: { code: 'resource.in_use' } });
  });
});

describe('412 and 428', () => {
  it('refuses to change what was changed meanwhile; of many at once, one succeeds', async () => {
    const { id } = (await create()).body;
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, index) => patch(id, { database: `app${index}` }, { 'if-match': '"1"' })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412, 412, 412, 412]);
    expect(await patch(id, { database: 'x' }, {})).toMatchObject({
      status: 428,
      body: { code: 'request.if_match_required' },
    });
  });
});

describe('5xx and what a worker met', () => {
  it('answers the worker’s own error', async () => {
    worker.scripts.set(PROBE_WORKFLOW, () => {
      throw new OperationError('environment.sign_in_failed', 'The server refused backup', {
        hint: 'Check the password',
      });
    });
    const { id } = (await create()).body;
    const answer = await api.ask('POST', `/api/v1/environments/${id}/test`, { token });
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'environment.sign_in_failed', detail: 'The server refused backup', hint: 'Check the password' },
    });
  });

  it('answers 503 within 3 s while Temporal is away, and reads go on', async () => {
    const { id } = (await create()).body;
    const start = performance.now();
    const answer = await withoutTemporal.ask('POST', `/api/v1/environments/${id}/test`, { token });
    expect(performance.now() - start).toBeLessThan(3_000);
    expect(answer).toMatchObject({ status: 503, body: { code: 'temporal.unavailable' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await withoutTemporal.ask('GET', `/api/v1/environments/${id}`, { token })).status).toBe(200);
  });

  it('answers 503 after 20 s when no worker finishes', async () => {
    worker.scripts.set(PROBE_WORKFLOW, () => GO_ON);
    const { id } = (await create()).body;
    const start = performance.now();
    const answer = await api.ask('POST', `/api/v1/environments/${id}/test`, { token });
    expect(answer).toMatchObject({ status: 503, body: { code: 'worker.unavailable' } });
    expect(performance.now() - start).toBeGreaterThan(19_000);
    expect(performance.now() - start).toBeLessThan(23_000);
  });
});
