import { randomUUID } from 'node:crypto';
import { OperationError, ROLES, type Quarantine, type ReleaseReport } from '@holdfast/contracts';
import {
  throwawayControlPlane,
  throwawayTemporal,
  type TemporalServer,
  type ThrowawayControlPlane,
} from '@holdfast/testing';
import type { Prisma } from '@holdfast/prisma';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountOf, startApi, TEST_MASTER_KEY, type Answer, type RunningApi } from '../api-under-test.ts';
import { samplesIn } from '../backups/sample-backups.ts';
import { firstProgress } from './progress.ts';
import { scriptedWorker, type ScriptedWorker } from './scripted-worker.ts';

let plane: ThrowawayControlPlane;
let temporal: TemporalServer;
let worker: ScriptedWorker;
let api: RunningApi;
let token: string;

const item = { kind: 'trigger' as const, name: 'hook on public.orders', state: 'ENABLE' };
const REPORT: ReleaseReport = {
  ...{ released: [item], releasedCount: 1, skipped: [], skippedCount: 0, releasedAt: '2026-01-01T00:00:00.000Z' },
};
const QUARANTINE: Quarantine = { items: [item], count: 1, leftOn: [], releasedAt: null };

beforeAll(async () => {
  [plane, temporal] = await Promise.all([throwawayControlPlane(), throwawayTemporal()]);
  worker = await scriptedWorker(temporal.address, TEST_MASTER_KEY);
  api = await startApi({ DATABASE_URL: plane.url, TEMPORAL_ADDRESS: temporal.address });
  ({ token } = await accountOf(plane.database, 'admin'));
});
afterAll(async () => {
  await api?.stop();
  await worker?.stop();
  await temporal?.stop();
  await plane?.stop();
});
beforeEach(() => worker.scripts.set('release', () => REPORT));

async function restored(
  result: object | null = { quarantine: QUARANTINE },
  over: Partial<Prisma.OperationUncheckedCreateInput> = {},
) {
  const environment = await samplesIn(plane.database).environment();
  const id = randomUUID();
  return plane.database.operation.create({
    data: {
      ...{ id, kind: 'restore', environmentId: environment.id, actorId: id, actorName: 'Ada', workflowId: id },
      ...{ input: {}, status: 'completed', progress: firstProgress('restore') as unknown as Prisma.InputJsonValue },
      ...{ finishedAt: new Date('2020-01-01'), createdAt: new Date('2020-01-01') },
      ...(result === null ? {} : { result: result as Prisma.InputJsonValue }),
      ...over,
    },
  });
}
const release = (id: string, as = token): Promise<Answer> =>
  api.ask('POST', `/api/v1/progress/${id}/release`, { token: as });
const asked = (id: string) =>
  worker.started.filter(({ input }) => (input as { operationId: string }).operationId === id);

describe('200', () => {
  it('answers what the worker switched on again, and is in the audit and the events', async () => {
    const { id, environmentId } = await restored();
    const { name: environmentName } = await plane.database.environment.findFirstOrThrow({
      where: { operations: { some: { id } } },
    });
    expect(await release(id)).toMatchObject({ status: 200, body: REPORT });
    expect(asked(id)).toMatchObject([{ workflow: 'release', input: { operationId: id } }]);
    const audit = await plane.database.auditEntry.findMany({ where: { resourceId: id } });
    expect(audit).toMatchObject([
      { action: 'restore.release_requested', environmentId, ip: '127.0.0.1', after: { environmentName } },
    ]);
    const events = await plane.database.operationEvent.findMany({ where: { operationId: id } });
    expect(events.map(({ type, message }) => [type, message])).toEqual([
      ['release-requested', 'The admin asked to release it'],
    ]);
  });

  it('answers the first release to a second call, without a worker', async () => {
    const { id } = await restored({ quarantine: { ...QUARANTINE, releasedAt: REPORT.releasedAt }, release: REPORT });
    expect(await release(id)).toMatchObject({ status: 200, body: REPORT });
    expect(asked(id)).toEqual([]);
    expect(await plane.database.auditEntry.count({ where: { resourceId: id } })).toBe(0);
  });

  it.each(['failed', 'cancelled'] as const)(
    'asks the worker about a restore that %s: its target knows',
    async (status) => {
      const { id } = await restored(null, { status });
      expect(await release(id)).toMatchObject({ status: 200, body: REPORT });
      expect(asked(id)).toMatchObject([{ workflow: 'release' }]);
    },
  );

  it('keeps those that ended badly and may have left a quarantine, until they are released', async () => {
    const ended = async (step: string, result: object | null = null) => {
      const row = await restored(result, { status: step === 'rows' ? 'failed' : 'cancelled' });
      await plane.database.operationEvent.create({ data: { operationId: row.id, type: 'step', step, message: step } });
      return row.id;
    };
    const [early, late, released] = [
      await ended('rows'),
      await ended('switch'),
      await ended('switch', { release: REPORT }),
    ];
    await api.ask('POST', '/api/v1/progress/cleanup', { token, body: { olderThanDays: 30 } });
    const left = await plane.database.operation.findMany({ where: { id: { in: [early, late, released] } } });
    expect(left.map(({ id }) => id)).toEqual([late]);
  });

  it('keeps operations of copies in quarantine from being cleaned away', async () => {
    const [held, released, empty] = [
      await restored(),
      await restored({ quarantine: { ...QUARANTINE, releasedAt: REPORT.releasedAt }, release: REPORT }),
      await restored({ quarantine: { ...QUARANTINE, items: [], count: 0 } }),
    ];
    await api.ask('POST', '/api/v1/progress/cleanup', { token, body: { olderThanDays: 30 } });
    const ids = [held, released, empty].map(({ id }) => id);
    const left = await plane.database.operation.findMany({ where: { id: { in: ids } } });
    expect(left.map(({ id }) => id)).toEqual([held.id]);
  });
});

describe('403, 404', () => {
  it('is for those who may restore', async () => {
    const { id } = await restored();
    const statuses: Record<string, number> = {};
    for (const role of ROLES)
      statuses[role] = (await release(id, (await accountOf(plane.database, role)).token)).status;
    expect(statuses).toEqual({ viewer: 403, operator: 403, admin: 200, owner: 200 });
    expect((await release(randomUUID())).status).toBe(404);
  });
});

describe('409', () => {
  it('refuses what quarantined nothing', async () => {
    const others = [
      await restored({ quarantine: null }),
      await restored({}),
      await restored(null, { status: 'failed', dryRun: true }),
      await restored({ quarantine: QUARANTINE }, { kind: 'backup' }),
    ];
    for (const { id } of others) {
      expect(await release(id)).toMatchObject({ status: 409, body: { code: 'restore.not_quarantined' } });
      expect(asked(id)).toEqual([]);
    }
  });

  it('waits for no restore that may replace the database', async () => {
    const { id, environmentId } = await restored();
    const { id: running } = await restored(null, { status: 'running', environmentId });
    expect(await release(id)).toMatchObject({
      status: 409,
      body: { code: 'operation.environment_busy', hint: expect.stringContaining(running) },
    });
  });

  it('tells what stood in the way of the worker, and can be asked again', async () => {
    const { id } = await restored();
    worker.scripts.set('release', () => {
      throw new OperationError('postgres.lock_timeout', 'orders is locked by another session', { hint: 'Wait.' });
    });
    expect(await release(id)).toMatchObject({ status: 409, body: { code: 'postgres.lock_timeout', hint: 'Wait.' } });
    worker.scripts.set('release', () => REPORT);
    expect((await release(id)).status).toBe(200);
  });
});
