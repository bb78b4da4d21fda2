import { OPERATION_STEPS, ROLES, type OperationKind, type OperationStatus } from '@holdfast/contracts';
import { encryptedPayloadCodec } from '@holdfast/crypto';
import type { Prisma } from '@holdfast/prisma';
import {
  throwawayControlPlane,
  throwawayTemporal,
  type TemporalServer,
  type ThrowawayControlPlane,
} from '@holdfast/testing';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountOf, startApi, TEST_MASTER_KEY, type Answer, type RunningApi } from '../api-under-test.ts';
import { samplesIn, type Samples } from '../backups/sample-backups.ts';
import { firstProgress } from './progress.ts';
import { Reconciler } from './reconciler.ts';
import { GO_ON, scriptedWorker, type ScriptedWorker } from './scripted-worker.ts';

const UI = 'http://127.0.0.1:18233';

let plane: ThrowawayControlPlane;
let temporal: TemporalServer;
let worker: ScriptedWorker;
let connection: Connection;
let client: Client;
let api: RunningApi;
let samples: Samples;
let token: string;
let actorId: string;

beforeAll(async () => {
  [plane, temporal] = await Promise.all([throwawayControlPlane(), throwawayTemporal()]);
  worker = await scriptedWorker(temporal.address, TEST_MASTER_KEY);
  for (const kind of Object.keys(OPERATION_STEPS)) worker.scripts.set(kind, () => GO_ON);
  connection = await Connection.connect({ address: temporal.address });
  client = new Client({ connection, dataConverter: { payloadCodecs: [encryptedPayloadCodec(TEST_MASTER_KEY)] } });
  api = await startApi({
    DATABASE_URL: plane.url,
    TEMPORAL_ADDRESS: temporal.address,
    HOLDFAST_TEMPORAL_UI_URL: `${UI}/`,
    HOLDFAST_WORKER_LOST_AFTER_SECONDS: '100',
  });
  samples = samplesIn(plane.database);
  await samples.repository(true);
  ({ token, id: actorId } = await accountOf(plane.database, 'owner'));
});
afterAll(async () => {
  await api?.stop();
  await connection?.close();
  await worker?.stop();
  await temporal?.stop();
  await plane?.stop();
});

const get = (path: string, as = token): Promise<Answer> => api.ask('GET', `/api/v1/progress${path}`, { token: as });
const row = (id: string) => plane.database.operation.findUniqueOrThrow({ where: { id }, include: { leases: true } });

/** A backup as the API starts it; `began` as a worker does when it takes the leases. */
async function started(): Promise<{ operationId: string; workflowId: string }> {
  const body = { environmentId: (await samples.environment()).id };
  return (await api.ask('POST', '/api/v1/backup', { token, body })).body;
}
async function began(): Promise<{ operationId: string; workflowId: string }> {
  const operation = await started();
  const { environmentId } = await plane.database.operation.update({
    where: { id: operation.operationId },
    data: { status: 'running', startedAt: new Date(), sequence: { increment: 1 } },
  });
  const lease = {
    resource: `environment:${environmentId}`,
    operationId: operation.operationId,
    mode: 'exclusive',
  } as const;
  await plane.database.lease.create({ data: lease });
  return operation;
}

/** An operation of an earlier time. */
function past(status: OperationStatus, over: Partial<Prisma.OperationUncheckedCreateInput> = {}) {
  const id = crypto.randomUUID();
  const progress = firstProgress('verify') as unknown as Prisma.InputJsonValue;
  return plane.database.operation.create({
    data: {
      ...{ id, kind: 'verify' as OperationKind, actorId, actorName: 'Ada', input: {}, status, progress },
      ...{ workflowId: `verify/x/${id}`, createdAt: new Date(Date.now() - 60_000), ...over },
    },
  });
}

const reconcile = (): Promise<void> => api.app.get(Reconciler).reconcile();
const old = (id: string) =>
  plane.database.operation.update({ where: { id }, data: { createdAt: new Date(Date.now() - 60_000) } });

describe('200', () => {
  it('shows an operation with its progress, error and page in the Web UI', async () => {
    const { operationId, workflowId } = await started();
    const answer = await get(`/${operationId}`);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        id: operationId,
        kind: 'backup',
        status: 'pending',
        actor: { id: actorId },
        error: null,
        result: null,
        temporalUrl: `${UI}/namespaces/default/workflows/${encodeURIComponent(workflowId)}`,
      },
    });
    expect(answer.body.progress.steps).toHaveLength(OPERATION_STEPS.backup.length);
  });

  it('lists with filters, newest first, page by page', async () => {
    const { id: environmentId } = await samples.environment();
    const backupId = crypto.randomUUID();
    for (const status of ['completed', 'failed', 'cancelled'] as const) await past(status, { environmentId });
    await past('completed', { environmentId, kind: 'restore', backupId, createdAt: new Date('2026-01-01T00:00:00Z') });
    const count = async (query: string) => (await get(`?environmentId=${environmentId}&${query}`)).body.items.length;
    expect(await count('')).toBe(4);
    expect(await count('status=failed&status=cancelled')).toBe(2);
    expect(await count('kind=restore')).toBe(1);
    expect(await count(`backupId=${backupId}`)).toBe(1);
    expect(await count('before=2026-01-02T00:00:00Z')).toBe(1);
    expect(await count('after=2026-01-02T00:00:00Z&kind=restore')).toBe(0);
    const first = (await get(`?environmentId=${environmentId}&limit=3`)).body;
    const rest = (await get(`?environmentId=${environmentId}&limit=3&cursor=${first.nextCursor}`)).body;
    const ids = [...first.items, ...rest.items].map(({ id }: { id: string }) => id);
    expect(ids).toEqual(ids.toSorted().toReversed());
    expect(new Set(ids).size).toBe(4);
  });

  it('finds operations by environment, actor and workflow, with every character for itself', async () => {
    const { id: environmentId, name } = await samples.environment(`search_${crypto.randomUUID()}`);
    const { id: mine, workflowId } = await past('failed', { environmentId, actorName: 'Grace Hopper' });
    const { id: other } = await past('completed', { environmentId });
    const found = async (search: string) =>
      (await get(`?environmentId=${environmentId}&search=${encodeURIComponent(search)}`)).body.items.map(
        ({ id }: { id: string }) => id,
      );
    expect(await found(name.toUpperCase())).toHaveLength(2);
    expect(await found('grace h')).toEqual([mine]);
    expect(await found(workflowId)).toEqual([mine]);
    expect(await found(other)).toEqual([other]);
    for (const nothing of [name.replaceAll('-', '_'), '%', 'a%b', '\\']) expect(await found(nothing)).toEqual([]);
  });

  it('lists oldest first when asked to, page by page', async () => {
    const { id: environmentId } = await samples.environment();
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) ids.push((await past('failed', { environmentId })).id);
    const first = (await get(`?environmentId=${environmentId}&sort=createdAt&limit=2`)).body;
    const cursor = `cursor=${first.nextCursor}`;
    const rest = (await get(`?environmentId=${environmentId}&sort=createdAt&limit=2&${cursor}`)).body;
    expect([...first.items, ...rest.items].map(({ id }: { id: string }) => id)).toEqual(ids.toSorted());
    expect((await get(`?${cursor}`)).body).toMatchObject({ code: 'request.invalid', errors: [{ at: 'cursor' }] });
  });

  it('tells each attempt after the first, and why the one before ended', async () => {
    const { id } = await past('running');
    expect((await get(`/${id}`)).body.attempts).toEqual([]);
    const event = { operationId: id, type: 'retry', step: 'content' };
    const reason = 'The repository cannot be reached';
    for (const data of [{ attempt: 2, code: 'repository.unreachable', reason }, { attempt: 3 }]) {
      await plane.database.operationEvent.create({
        data: { ...event, message: `Attempt ${data.attempt} began`, data },
      });
    }
    expect((await get(`/${id}`)).body.attempts).toEqual([
      { attempt: 2, at: expect.any(String), step: 'content', code: 'repository.unreachable', reason },
      { attempt: 3, at: expect.any(String), step: 'content', code: null, reason: 'Attempt 3 began' },
    ]);
    await plane.database.operation.delete({ where: { id } });
  });

  it('tells the events of an operation in order', async () => {
    const { id } = await past('completed');
    for (const step of ['presence', 'checksum', 'content']) {
      const data = { operationId: id, type: 'step', step, message: `Step ${step}` };
      await plane.database.operationEvent.create({ data });
    }
    const first = (await get(`/${id}/events?limit=2`)).body;
    const rest = (await get(`/${id}/events?limit=2&cursor=${first.nextCursor}`)).body;
    const steps = [...first.items, ...rest.items].map(({ step }: { step: string }) => step);
    expect(steps).toEqual(['presence', 'checksum', 'content']);
    expect(rest.nextCursor).toBeNull();
  });

  it('tells how every part of the product is', async () => {
    const { body } = await get('/health/status');
    expect(body).toMatchObject({
      status: 'ok',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      temporal: { reachable: true, address: temporal.address, serverVersion: expect.stringMatching(/^\d+\.\d+/) },
      worker: { pollers: 1, lastSeenAt: expect.any(String) },
      postgres: { reachable: true, version: expect.stringMatching(/^17/) },
      repositories: [{ driver: 'local', attached: false, backups: 0, storedBytes: 0 }],
    });
  });

  it('deletes operations that ended long ago, but none that made a listed backup', async () => {
    const longAgo = { finishedAt: new Date(Date.now() - 40 * 86_400_000) };
    const [gone, recent, running] = [
      await past('failed', longAgo),
      await past('completed', { finishedAt: new Date() }),
      await past('running'),
    ];
    const kept = await past('completed', longAgo);
    const environment = await samples.environment();
    const repository = await samples.repository();
    const { id: backupId } = await samples.backup({ environment, repository }, { operationId: kept.id });
    // More than a statement may have parameters: what is listed is not named one by one.
    await plane.database.$executeRaw`INSERT INTO backups
      SELECT (jsonb_populate_record(b, jsonb_build_object('id', gen_random_uuid(), 'operation_id', gen_random_uuid()))).*
      FROM backups b, generate_series(1, 40000) WHERE b.id = ${backupId}::uuid`;
    const clean = (body: object) => api.ask('POST', '/api/v1/progress/cleanup', { token, body });
    expect((await clean({ olderThanDays: 30, dryRun: true })).body).toEqual({ dryRun: true, operations: 1 });
    expect((await get(`/${gone.id}`)).status).toBe(200);
    expect((await clean({ olderThanDays: 30 })).body).toEqual({ dryRun: false, operations: 1 });
    const statuses = await Promise.all(
      [gone, recent, running, kept].map(async ({ id }) => (await get(`/${id}`)).status),
    );
    expect(statuses).toEqual([404, 200, 200, 200]);
    await plane.database.backup.deleteMany({ where: { id: { not: backupId }, environmentId: environment.id } });
    await plane.database.operation.deleteMany({ where: { id: running.id } });
  });
});

describe('202', () => {
  const cancel = (id: string) => api.ask('POST', `/api/v1/progress/${id}/cancel`, { token });

  it('cancels at once what has not begun', async () => {
    const { operationId, workflowId } = await started();
    expect((await cancel(operationId)).status).toBe(202);
    expect(await row(operationId)).toMatchObject({
      status: 'cancelled',
      errorCode: 'operation.cancelled',
      cancelRequestedAt: expect.any(Date),
      finishedAt: expect.any(Date),
    });
    await expect
      .poll(async () => (await client.workflow.getHandle(workflowId).describe()).status.name)
      .toBe('CANCELLED');
    const { body } = await get(`/${operationId}/events`);
    expect(body.items.map(({ type }: { type: string }) => type)).toEqual(['cancel-requested', 'cancelled']);
  });

  it('cancels one whose workflow was never started', async () => {
    // young: the reconciler, which runs by itself too, gives one up that nobody began for long
    const { id } = await past('pending', { createdAt: new Date() });
    expect((await cancel(id)).status).toBe(202);
    expect((await row(id)).status).toBe('cancelled');
  });

  it('tells the workflow of a running one, and lets it end by itself', async () => {
    const { operationId, workflowId } = await began();
    const answer = await cancel(operationId);
    expect(answer).toMatchObject({ status: 202, body: { operationId, workflowId } });
    expect(await row(operationId)).toMatchObject({
      status: 'running',
      cancelRequestedAt: expect.any(Date),
      leases: [{}],
    });
    await expect
      .poll(async () => (await client.workflow.getHandle(workflowId).describe()).status.name)
      .toBe('CANCELLED');
    const entry = await plane.database.auditEntry.findFirst({
      where: { action: 'backup.cancel_requested', resourceId: operationId },
    });
    const { environmentId, input } = await row(operationId);
    const { name: environmentName } = await plane.database.environment.findUniqueOrThrow({
      where: { id: environmentId ?? '' },
    });
    const { name } = input as { name: string };
    expect(entry).toMatchObject({ actorId, environmentId, after: { name, environmentName } });
  });
});

describe('403', () => {
  it('follows the roles', async () => {
    const { id } = await past('completed');
    for (const role of ROLES) {
      const as = (await accountOf(plane.database, role)).token;
      const rank = ROLES.indexOf(role);
      expect((await get(`/${id}`, as)).status).toBe(200);
      expect((await api.ask('POST', `/api/v1/progress/${id}/cancel`, { token: as })).status).toBe(rank > 0 ? 409 : 403);
      const cleaning = { token: as, body: { olderThanDays: 3000 } };
      expect((await api.ask('POST', '/api/v1/progress/cleanup', cleaning)).status).toBe(rank > 1 ? 200 : 403);
    }
  });
});

describe('404 and 409', () => {
  it('knows no made-up operation, and cancels none that has ended', async () => {
    expect((await get(`/${crypto.randomUUID()}`)).status).toBe(404);
    expect((await get(`/${crypto.randomUUID()}/events`)).status).toBe(404);
    const { id } = await past('completed');
    const answer = await api.ask('POST', `/api/v1/progress/${id}/cancel`, { token });
    expect(answer).toMatchObject({ status: 409, body: { code: 'operation.not_cancellable' } });
  });
});

describe('the reconciler', () => {
  it('ends an operation whose workflow was terminated, and frees its leases', async () => {
    const { operationId, workflowId } = await began();
    await client.workflow.getHandle(workflowId).terminate('by hand');
    await old(operationId);
    await reconcile();
    expect(await row(operationId)).toMatchObject({ status: 'failed', errorCode: 'operation.terminated', leases: [] });
  });

  it('ends one whose workflow was never started, after a while', async () => {
    const { id } = await past('pending', { createdAt: new Date() });
    await reconcile();
    expect((await row(id)).status).toBe('pending');
    await old(id);
    await reconcile();
    expect(await row(id)).toMatchObject({ status: 'failed', errorCode: 'operation.never_started' });
  });

  it('leaves a safety backup to its restore, which starts it late, and ends it after that', async () => {
    const restore = await past('running', { createdAt: new Date() });
    const { id } = await past('pending', { kind: 'backup', input: { heldBy: restore.id } });
    await reconcile();
    expect((await row(id)).status).toBe('pending');
    await plane.database.operation.update({ where: { id: restore.id }, data: { status: 'failed' } });
    await reconcile();
    expect(await row(id)).toMatchObject({ status: 'failed', errorCode: 'operation.never_started' });
  });

  it('leaves alone what goes on, and what ended meanwhile', async () => {
    const { operationId } = await began();
    await old(operationId);
    await reconcile();
    expect((await row(operationId)).status).toBe('running');
    const done = await began();
    await plane.database.operation.update({ where: { id: done.operationId }, data: { status: 'completed' } });
    await client.workflow.getHandle(done.workflowId).terminate();
    await old(done.operationId);
    await reconcile();
    expect((await row(done.operationId)).status).toBe('completed');
  });

  it('passes on a cancel that was asked for while Temporal was away, as often as it takes', async () => {
    const { operationId, workflowId } = await began();
    await plane.database.operation.update({ where: { id: operationId }, data: { cancelRequestedAt: new Date() } });
    await old(operationId);
    await reconcile();
    await expect
      .poll(async () => (await client.workflow.getHandle(workflowId).describe()).status.name)
      .toBe('CANCELLED');
    await reconcile();
    expect(await row(operationId)).toMatchObject({ status: 'cancelled', leases: [] });
  });

  it('ends one that no worker has touched for too long, and its workflow with it', async () => {
    const own = await throwawayControlPlane();
    const impatient = await startApi({
      DATABASE_URL: own.url,
      TEMPORAL_ADDRESS: temporal.address,
      HOLDFAST_WORKER_LOST_AFTER_SECONDS: '1',
    });
    try {
      const inside = samplesIn(own.database);
      await inside.repository(true);
      const { id: environmentId } = await inside.environment();
      const as = { token: (await accountOf(own.database, 'owner')).token, body: { environmentId } };
      const { operationId, workflowId } = (await impatient.ask('POST', '/api/v1/backup', as)).body;
      const long = new Date(Date.now() - 600_000);
      await own.database.operation.update({ where: { id: operationId }, data: { createdAt: long } });
      await expect
        .poll(
          async () => {
            await impatient.app.get(Reconciler).reconcile();
            return own.database.operation.findUniqueOrThrow({ where: { id: operationId } });
          },
          { timeout: 80_000, interval: 1_000 },
        )
        .toMatchObject({ status: 'failed', errorCode: 'operation.worker_lost' });
      expect((await client.workflow.getHandle(workflowId).describe()).status.name).toBe('TERMINATED');
    } finally {
      await impatient.stop();
      await own.stop();
    }
  });
});
