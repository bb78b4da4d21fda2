import { ATTACH_WORKFLOW, OperationError, ROLES, type AttachInput, type AttachReport } from '@holdfast/contracts';
import {
  throwawayControlPlane,
  throwawayTemporal,
  type TemporalServer,
  type ThrowawayControlPlane,
} from '@holdfast/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountOf, startApi, TEST_MASTER_KEY, type RunningApi } from '../api-under-test.ts';
import { scriptedWorker, type ScriptedWorker } from '../operations/scripted-worker.ts';

let plane: ThrowawayControlPlane;
let temporal: TemporalServer;
let worker: ScriptedWorker;
let api: RunningApi;
let token: string;

beforeAll(async () => {
  [plane, temporal] = await Promise.all([throwawayControlPlane(), throwawayTemporal()]);
  worker = await scriptedWorker(temporal.address, TEST_MASTER_KEY);
  api = await startApi({
    DATABASE_URL: plane.url,
    TEMPORAL_ADDRESS: temporal.address,
    HOLDFAST_REPOSITORY_ROOTS: '/srv/backups',
  });
  ({ token } = await accountOf(plane.database, 'owner'));
});
afterAll(async () => {
  await api?.stop();
  await worker?.stop();
  await temporal?.stop();
  await plane?.stop();
});

/** What the real worker does: it opens the place, and keeps the uid. */
const attached = async (input: unknown): Promise<AttachReport> => {
  const { repositoryId } = input as AttachInput;
  const repositoryUid = crypto.randomUUID();
  await plane.database.repository.update({ where: { id: repositoryId }, data: { repositoryUid } });
  return { repositoryUid, formatVersion: 1, created: true, backups: 0 };
};
beforeEach(() => {
  worker.scripts.set(ATTACH_WORKFLOW, attached);
});

let count = 0;
const body = (over: object = {}) => {
  count += 1;
  return { name: `repository-${count}`, path: `/srv/backups/${count}`, ...over };
};
const create = (given: object = body()) => api.ask('POST', '/api/v1/repositories', { token, body: given });
const patch = (id: string, change: object, headers: Record<string, string> = { 'if-match': '*' }) =>
  api.ask('PATCH', `/api/v1/repositories/${id}`, { token, body: change, headers });
const defaults = async () =>
  (await plane.database.repository.findMany({ where: { isDefault: true } })).map(({ id }) => id);

describe('201', () => {
  it('registers a repository that a worker has opened; the first one is the default', async () => {
    const first = await create(body({ path: '/srv/backups/x/../first/' }));
    expect(first).toMatchObject({
      status: 201,
      body: {
        path: '/srv/backups/first',
        default: true,
        repositoryUid: expect.any(String),
        attached: { created: true },
      },
    });
    expect(first.headers.get('location')).toBe(`/api/v1/repositories/${first.body.id}`);
    const second = await create();
    expect(second.body.default).toBe(false);
    const third = await create(body({ default: true }));
    expect(third.body.default).toBe(true);
    expect(await defaults()).toEqual([third.body.id]);
    const entry = await plane.database.auditEntry.findFirstOrThrow({ where: { resourceId: first.body.id } });
    expect(entry).toMatchObject({ action: 'repository.created', after: { path: '/srv/backups/first' } });
  });
});

describe('200', () => {
  it('renames, and moves the default', async () => {
    const [a, b] = [(await create()).body, (await create()).body];
    expect(await patch(a.id, { name: 'renamed', default: true }, { 'if-match': '"1"' })).toMatchObject({
      status: 200,
      body: { name: 'renamed', default: true, version: 2 },
    });
    await Promise.all([patch(a.id, { default: true }), patch(b.id, { default: true })]);
    expect(await defaults()).toHaveLength(1);
  });

  it('lists by name', async () => {
    const { body: page } = await api.ask('GET', '/api/v1/repositories', { token });
    const names = page.items.map((item: { name: string }) => item.name);
    expect(names).toEqual(names.toSorted());
  });
});

describe('204', () => {
  it('forgets a repository', async () => {
    const { id } = (await create()).body;
    expect((await api.ask('DELETE', `/api/v1/repositories/${id}`, { token })).status).toBe(204);
    expect((await api.ask('GET', `/api/v1/repositories/${id}`, { token })).status).toBe(404);
  });
});

describe('400', () => {
  it.each(['/etc', '/srv/backups', '/srv/backups/../x', 'relative'])('refuses the path %s', async (path) => {
    const answer = await create(body({ path }));
    expect(answer).toMatchObject({ status: 400, body: { code: 'repository.path_refused', errors: [{ at: 'path' }] } });
  });
});

describe('403', () => {
  it('lets owners alone manage, and everybody read', async () => {
    for (const role of ROLES) {
      const as = { token: (await accountOf(plane.database, role)).token };
      expect((await api.ask('GET', '/api/v1/repositories', as)).status).toBe(200);
      const answer = await api.ask('POST', '/api/v1/repositories', { ...as, body: body() });
      expect(answer.status).toBe(role === 'owner' ? 201 : 403);
    }
  });
});

describe('409', () => {
  it('has one repository a name and a path', async () => {
    const { name, path } = (await create()).body;
    expect((await create(body({ name }))).body).toMatchObject({ code: 'resource.conflict', errors: [{ at: 'name' }] });
    expect((await create(body({ path }))).body).toMatchObject({ code: 'resource.conflict', errors: [{ at: 'path' }] });
  });
});

describe('412 and 428', () => {
  it('refuses to change what was changed meanwhile', async () => {
    const { id } = (await create()).body;
    await patch(id, { name: `again-${id}` });
    expect((await patch(id, { name: 'x' }, { 'if-match': '"1"' })).status).toBe(412);
    expect((await patch(id, { name: 'x' }, {})).status).toBe(428);
  });
});

describe('what a worker met', () => {
  it('is answered, and nothing stays registered', async () => {
    worker.scripts.set(ATTACH_WORKFLOW, () => {
      throw new OperationError('repository.occupied', 'The directory holds other files', {
        hint: 'Choose an empty one',
      });
    });
    const given = body();
    const answer = await create(given);
    expect(answer).toMatchObject({ status: 422, body: { code: 'repository.occupied', hint: 'Choose an empty one' } });
    expect(await plane.database.repository.count({ where: { name: given.name } })).toBe(0);
    worker.scripts.set(ATTACH_WORKFLOW, attached);
    expect((await create(given)).status).toBe(201);
  });
});
