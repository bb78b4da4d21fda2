import {
  ATTACH_WORKFLOW,
  OperationError,
  PROBE_REPOSITORY_WORKFLOW,
  ROLES,
  type AttachInput,
  type AttachReport,
  type RepositoryProbeReport,
} from '@holdfast/contracts';
import {
  throwawayControlPlane,
  throwawayTemporal,
  type TemporalServer,
  type ThrowawayControlPlane,
} from '@holdfast/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountOf, startApi, TEST_MASTER_KEY, type RunningApi } from '../api-under-test.ts';
import { samplesIn } from '../backups/sample-backups.ts';
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
const PROBED: RepositoryProbeReport = {
  ...{ repositoryUid: crypto.randomUUID(), formatVersion: 1, backups: 2, writable: true },
  ...{ freeBytes: 5_000_000_000, totalBytes: 9_000_000_000, latencyMs: 3.4, blockers: [] },
};
beforeEach(() => {
  worker.scripts.set(ATTACH_WORKFLOW, attached);
  worker.scripts.set(PROBE_REPOSITORY_WORKFLOW, () => PROBED);
});

let count = 0;
const body = (over: object = {}) => {
  count += 1;
  return { name: `repository-${count}`, path: `/srv/backups/${count}`, ...over };
};
const create = (given: object = body()) => api.ask('POST', '/api/v1/repositories', { token, body: given });
const patch = (id: string, change: object, headers: Record<string, string> = { 'if-match': '*' }) =>
  api.ask('PATCH', `/api/v1/repositories/${id}`, { token, body: change, headers });
const test = (id: string, as = token) => api.ask('POST', `/api/v1/repositories/${id}/test`, { token: as });
const defaults = async () =>
  (await plane.database.repository.findMany({ where: { isDefault: true } })).map(({ id }) => id);
/** What the audit says that changed in a repository, oldest first. */
const changesOf = (id: string) =>
  plane.database.auditEntry.findMany({
    where: { resourceId: id, action: 'repository.updated' },
    orderBy: { id: 'asc' },
    select: { actorName: true, before: true, after: true },
  });

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

  it('tells in the audit of the default before, once, when another is added or made the default', async () => {
    const [first, second] = [(await create(body({ default: true }))).body, (await create()).body];
    await patch(second.id, { default: true });
    const stopped = { before: { default: true, version: 1 }, after: { default: false, version: 2 } };
    expect(await changesOf(first.id)).toMatchObject([{ actorName: 'The owner', ...stopped }]);
    expect(await changesOf(second.id)).toMatchObject([{ before: { default: false }, after: { default: true } }]);
    const third = (await create(body({ default: true }))).body;
    expect((await changesOf(second.id))[1]).toMatchObject({
      before: { default: true, version: 2 },
      after: { default: false, version: 3 },
    });
    await patch(third.id, { default: true });
    const changes = await Promise.all([first, second, third].map(({ id }) => changesOf(id)));
    expect(changes.map(({ length }) => length)).toEqual([1, 2, 1]);
  });

  it('lists by name', async () => {
    const { body: page } = await api.ask('GET', '/api/v1/repositories', { token });
    const names = page.items.map((item: { name: string }) => item.name);
    expect(names).toEqual(names.toSorted());
  });

  it('tells of each how many backups the catalog lists in it, and what they added', async () => {
    const [used, unused] = [(await create()).body, (await create()).body];
    expect(used.usage).toEqual({ backups: 0, storedBytes: 0 });
    const samples = samplesIn(plane.database);
    const [environment, repository] = [await samples.environment(), { ...used, id: used.id }];
    for (const storedBytes of [100n, 9_000_000_000n]) {
      await samples.backup({ environment, repository }, { storedBytes });
    }
    const usage = { backups: 2, storedBytes: 9_000_000_100 };
    expect((await api.ask('GET', `/api/v1/repositories/${used.id}`, { token })).body).toMatchObject({ usage });
    expect((await patch(used.id, { name: `used-${used.id}` })).body).toMatchObject({ usage });
    const { items } = (await api.ask('GET', '/api/v1/repositories', { token })).body;
    const of = (id: string) => items.find((item: { id: string }) => item.id === id).usage;
    expect([of(used.id), of(unused.id)]).toEqual([usage, { backups: 0, storedBytes: 0 }]);
  });

  it('answers what a worker found when it wrote to it', async () => {
    const { id, name } = (await create()).body;
    expect(await test(id)).toMatchObject({ status: 200, body: PROBED });
    const [asked] = worker.started.filter(({ workflow }) => workflow === PROBE_REPOSITORY_WORKFLOW).slice(-1);
    expect(asked).toMatchObject({ input: { repositoryId: id } });
    expect(asked?.workflowId).toContain(`probe/repository/${name}/`);
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

describe('403 and 404 of a test', () => {
  it('is for operators, and for repositories that there are', async () => {
    const { id } = (await create()).body;
    const statuses: Record<string, number> = {};
    for (const role of ROLES) statuses[role] = (await test(id, (await accountOf(plane.database, role)).token)).status;
    expect(statuses).toEqual({ viewer: 403, operator: 200, admin: 200, owner: 200 });
    expect((await test(crypto.randomUUID())).status).toBe(404);
  });
});

describe('409', () => {
  it('has one repository a name and a path', async () => {
    const { name, path } = (await create()).body;
    expect((await create(body({ name }))).body).toMatchObject({ code: 'resource.conflict', errors: [{ at: 'name' }] });
    expect((await create(body({ path }))).body).toMatchObject({ code: 'resource.conflict', errors: [{ at: 'path' }] });
  });

  it('takes one of several registrations of a path at once', async () => {
    const { path } = body();
    const answers = await Promise.all(Array.from({ length: 3 }, () => create(body({ path }))));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    for (const { status, body: told } of answers)
      if (status === 409) expect(told.errors).toMatchObject([{ at: 'path' }]);
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

  it('in a test is answered with its hint', async () => {
    const { id } = (await create()).body;
    worker.scripts.set(PROBE_REPOSITORY_WORKFLOW, () => {
      throw new OperationError('repository.missing', 'holdfast.json is missing', {
        hint: 'Is the right disk mounted?',
      });
    });
    expect(await test(id)).toMatchObject({
      status: 422,
      body: { code: 'repository.missing', hint: 'Is the right disk mounted?' },
    });
  });
});
