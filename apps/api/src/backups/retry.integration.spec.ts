import { OPERATION_STEPS, ROLES, START_PERMISSIONS, type OperationKind, type RestoreInput } from '@holdfast/contracts';
import {
  throwawayControlPlane,
  throwawayTemporal,
  type TemporalServer,
  type ThrowawayControlPlane,
} from '@holdfast/testing';
import type { Backup, Environment, Operation, Repository } from '@holdfast/prisma';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountOf, startApi, TEST_MASTER_KEY, type Answer, type RunningApi } from '../api-under-test.ts';
import { takeLock } from '../database/take-lock.ts';
import { GO_ON, scriptedWorker, type ScriptedWorker } from '../operations/scripted-worker.ts';
import { samplesIn, type Samples } from './sample-backups.ts';

let plane: ThrowawayControlPlane;
let temporal: TemporalServer;
let worker: ScriptedWorker;
let api: RunningApi;
let samples: Samples;
let repository: Repository;
let admin: { id: string; token: string };

beforeAll(async () => {
  [plane, temporal] = await Promise.all([throwawayControlPlane(), throwawayTemporal()]);
  worker = await scriptedWorker(temporal.address, TEST_MASTER_KEY);
  for (const kind of Object.keys(OPERATION_STEPS)) worker.scripts.set(kind, () => GO_ON);
  api = await startApi({ DATABASE_URL: plane.url, TEMPORAL_ADDRESS: temporal.address });
  samples = samplesIn(plane.database);
  repository = await samples.repository(true);
  admin = await accountOf(plane.database, 'admin');
});
afterAll(async () => {
  await api?.stop();
  await worker?.stop();
  await temporal?.stop();
  await plane?.stop();
});

const ask = (method: string, path: string, body: object = {}): Promise<Answer> =>
  api.ask(method, `/api/v1${path}`, { token: admin.token, body });
const retry = (id: string, body?: object, headers: Record<string, string> = {}, token = admin.token) =>
  api.ask('POST', `/api/v1/progress/${id}/retry`, { token, headers, ...(body === undefined ? {} : { body }) });
const row = (id: string): Promise<Operation> => plane.database.operation.findUniqueOrThrow({ where: { id } });
const rowOf = ({ body }: Answer): Promise<Operation> => row(body.operationId);
const end = (id: string, status: 'failed' | 'cancelled' | 'completed' = 'failed'): Promise<Operation> =>
  plane.database.operation.update({ where: { id }, data: { status } });

/** An operation that the API started and that has failed. */
async function failed(started: Promise<Answer>): Promise<Operation> {
  const { status, body } = await started;
  expect(status).toBe(202);
  return end(body.operationId);
}
const failedBackup = async (body: object = {}, environment?: Environment): Promise<Operation> =>
  failed(ask('POST', '/backup', { environmentId: (environment ?? (await samples.environment())).id, ...body }));
async function places(): Promise<{ source: Environment; target: Environment; backup: Backup }> {
  const [source, target] = [await samples.environment(), await samples.environment()];
  return { source, target, backup: await samples.backup({ environment: source, repository }) };
}

describe('202', () => {
  it('starts a backup with the same choices, ids of its own and the name of its own minute', async () => {
    const choices = { tags: ['release'], description: 'why', lockTimeoutSeconds: 77 };
    const earlier = await failedBackup(choices);
    const input = earlier.input as { name: string };
    const name = input.name.replace(/.{20}$/, '2020-01-01T00:00Z');
    await plane.database.operation.update({ where: { id: earlier.id }, data: { input: { ...input, name } } });
    const answer = await retry(earlier.id);
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`/api/v1/progress/${answer.body.operationId}`);
    const again = await rowOf(answer);
    expect(again).toMatchObject({ kind: 'backup', status: 'pending', retryOfId: earlier.id, actorId: admin.id });
    expect(again.input).toMatchObject({ ...choices, backupId: again.backupId, components: ['database'] });
    expect(again.backupId).not.toBe(earlier.backupId);
    expect((again.input as { name: string }).name).not.toBe(name);
    const shown = await api.ask('GET', `/api/v1/progress/${again.id}`, { token: admin.token });
    expect(shown.body.retryOfId).toBe(earlier.id);
    await expect.poll(() => worker.started.at(-1)).toMatchObject({ workflowId: again.workflowId });
    const entry = await plane.database.auditEntry.findFirstOrThrow({ where: { resourceId: again.id } });
    expect(entry).toMatchObject({ action: 'backup.started', actorId: admin.id, after: { retryOfId: earlier.id } });
  });

  it('keeps a name that somebody chose, and may be retried itself', async () => {
    const earlier = await failedBackup({ name: 'before the migration' });
    const second = await end((await rowOf(await retry(earlier.id))).id, 'cancelled');
    const third = await rowOf(await retry(second.id, {}));
    expect(third).toMatchObject({ retryOfId: second.id, input: { name: 'before the migration' } });
  });

  it('starts verification, removal and restore of the same backup again', async () => {
    const { backup, target } = await places();
    const at = `/backup/${backup.id}`;
    const chosen = { environmentId: target.id, newDatabase: 'copy', tables: ['public.orders'], content: 'data' };
    const earlier = [
      await failed(ask('POST', `${at}/validate`, { level: 'content' })),
      await failed(ask('DELETE', at)),
      await failed(ask('POST', `${at}/restore`, { ...chosen, quarantine: false })),
    ];
    for (const { id, kind, input, environmentId } of earlier) {
      const again = await rowOf(await retry(id));
      expect(again).toMatchObject({ kind, backupId: backup.id, environmentId, retryOfId: id, input: input as object });
    }
  });

  it('answers the same operation to the same Idempotency-Key', async () => {
    const { id } = await failedBackup();
    const headers = { 'idempotency-key': id };
    const [first, second] = [await retry(id, {}, headers), await retry(id, {}, headers)];
    expect(second.body).toEqual(first.body);
    expect(await retry(id, { confirm: null }, headers)).toMatchObject({ status: 422 });
  });

  it('takes the input of an earlier version, which said less', async () => {
    const { source, backup } = await places();
    const { id } = await failed(ask('POST', `/backup/${backup.id}/restore`, { dryRun: true }));
    const input = { backupId: backup.id, sourceEnvironmentId: source.id, environmentId: source.id, schemas: [] };
    const more = { repositoryId: repository.id, newDatabase: null, tables: [], content: 'all' };
    const old = { ...input, ...more, dryRun: true, overwrite: false };
    await plane.database.operation.update({ where: { id }, data: { input: old } });
    expect(await rowOf(await retry(id))).toMatchObject({
      dryRun: true,
      input: { ...old, functions: [], confirm: null },
    });
  });
});

describe('a restore that is retried', () => {
  it('asks for the name that it needs again, whoever typed it before', async () => {
    const { backup, target } = await places();
    const over = { environmentId: target.id, overwrite: true, confirm: target.name };
    const { id } = await failed(ask('POST', `/backup/${backup.id}/restore`, over));
    const refused = { status: 409, body: { code: 'restore.wrong_target', errors: [{ at: 'confirm' }] } };
    expect(await retry(id)).toMatchObject(refused);
    expect(await retry(id, { confirm: 'another' })).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
    const again = await rowOf(await retry(id, { confirm: target.name }));
    expect(again).toMatchObject({ retryOfId: id, input: { confirm: target.name, overwrite: true } });
  });

  it('plans the safety backup of a production target anew, with ids of its own', async () => {
    const { backup, source } = await places();
    await plane.database.environment.update({ where: { id: source.id }, data: { production: true } });
    const earlier = await failed(ask('POST', `/backup/${backup.id}/restore`, { overwrite: true }));
    const again = await rowOf(await retry(earlier.id));
    const [before, now] = [earlier, again].map(({ input }) => (input as unknown as RestoreInput).safetyBackup);
    expect(now?.input).toMatchObject({ environmentId: source.id, tags: ['safety'] });
    expect(now?.operationId).not.toBe(before?.operationId);
    expect(now?.input.backupId).not.toBe(before?.input.backupId);
  });

  it('goes on without a safety backup that was declined, once the name is typed again', async () => {
    const { backup, source } = await places();
    await plane.database.environment.update({ where: { id: source.id }, data: { production: true } });
    const declined = { overwrite: true, safetyBackup: false, confirm: source.name };
    const { id } = await failed(ask('POST', `/backup/${backup.id}/restore`, declined));
    expect(await retry(id)).toMatchObject({ status: 409, body: { code: 'restore.safety_backup_declined' } });
    expect(await rowOf(await retry(id, { confirm: source.name }))).toMatchObject({ input: { safetyBackup: null } });
  });

  it('takes a safety backup where the target became production since', async () => {
    const { backup, source } = await places();
    const { id } = await failed(ask('POST', `/backup/${backup.id}/restore`, { overwrite: true }));
    await plane.database.environment.update({ where: { id: source.id }, data: { production: true } });
    expect(await rowOf(await retry(id))).toMatchObject({ input: { safetyBackup: { input: { tags: ['safety'] } } } });
  });
});

describe('400', () => {
  it('takes no typed name for what is not a restore, and no field that it does not know', async () => {
    const { id } = await failedBackup();
    expect((await retry(id, { confirm: 'x' })).body).toMatchObject({ errors: [{ at: 'confirm' }] });
    expect((await retry(id, { force: true })).body).toMatchObject({ errors: [{ at: 'force' }] });
  });

  it('looks at the address again, which may be another one by now', async () => {
    const environment = await samples.environment();
    const { id } = await failedBackup({}, environment);
    await plane.database.environment.update({ where: { id: environment.id }, data: { host: '169.254.169.254' } });
    expect(await retry(id)).toMatchObject({ status: 400, body: { code: 'environment.address_refused' } });
  });
});

describe('403', () => {
  it('needs the permission of the verb', async () => {
    const { backup } = await places();
    const at = `/backup/${backup.id}`;
    const earlier: Record<OperationKind, Operation> = {
      backup: await failedBackup(),
      verify: await failed(ask('POST', `${at}/validate`)),
      restore: await failed(ask('POST', `${at}/restore`, { dryRun: true })),
      expire: await failed(ask('DELETE', at)),
    };
    const statuses: Record<string, number[]> = {};
    for (const role of ROLES) {
      const { token } = await accountOf(plane.database, role);
      statuses[role] = [];
      for (const { id } of Object.values(earlier)) {
        const answer = await retry(id, {}, {}, token);
        statuses[role].push(answer.status);
        if (answer.status === 202) await end(answer.body.operationId);
      }
    }
    const all = [202, 202, 202, 202];
    expect(statuses).toEqual({ viewer: [403, 403, 403, 403], operator: [202, 202, 403, 403], admin: all, owner: all });
    const { token } = await accountOf(plane.database, 'operator');
    expect((await retry(earlier.restore.id, {}, {}, token)).body).toMatchObject({
      code: 'auth.forbidden',
      detail: expect.stringContaining(START_PERMISSIONS.restore),
    });
  });
});

describe('404', () => {
  it('knows no made-up operation, and says what of an operation is gone', async () => {
    expect((await retry(crypto.randomUUID())).status).toBe(404);
    const { backup } = await places();
    const { id } = await failed(ask('POST', `/backup/${backup.id}/validate`));
    await plane.database.backup.delete({ where: { id: backup.id } });
    expect(await retry(id)).toMatchObject({ status: 404, body: { detail: expect.stringContaining(backup.id) } });
  });
});

describe('409', () => {
  it('retries nothing that goes on or completed', async () => {
    const { id } = await failedBackup();
    for (const [status, hint] of [
      ['pending', 'cancel'],
      ['running', 'cancel'],
      ['completed', 'Start a new one'],
    ] as const) {
      await plane.database.operation.update({ where: { id }, data: { status } });
      expect(await retry(id)).toMatchObject({
        status: 409,
        body: { code: 'operation.not_retryable', hint: expect.stringContaining(hint) },
      });
    }
  });

  it('leaves a safety backup to the retry of its restore', async () => {
    const { id, input } = await failedBackup();
    const heldBy = crypto.randomUUID();
    const held = { ...(input as object), heldBy };
    await plane.database.operation.update({ where: { id }, data: { input: held } });
    expect(await retry(id)).toMatchObject({
      status: 409,
      body: { code: 'operation.not_retryable', hint: expect.stringContaining(`/api/v1/progress/${heldBy}/retry`) },
    });
  });

  it('waits for nobody who holds the environment', async () => {
    const environment = await samples.environment();
    const { id } = await failedBackup({}, environment);
    const { operationId } = (await ask('POST', '/backup', { environmentId: environment.id })).body;
    expect(await retry(id)).toMatchObject({
      status: 409,
      body: { code: 'operation.environment_busy', hint: expect.stringContaining(operationId) },
    });
    expect(await plane.database.operation.count({ where: { retryOfId: id } })).toBe(0);
  });
});

describe('what is asked for twice, or changes meanwhile', () => {
  it('refuses all but one of several removals at once', async () => {
    const environment = await samples.environment();
    const { id } = await samples.backup({ environment, repository });
    const remove = async () => (await ask('DELETE', `/backup/${id}`)).status;
    const statuses = await Promise.all([remove(), remove(), remove()]);
    expect(statuses.sort()).toEqual([202, 409, 409]);
  });

  it('answers a key with what it has started, also where that is why it would be refused now', async () => {
    const environment = await samples.environment();
    const { id } = await samples.backup({ environment, repository });
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const remove = () => api.ask('DELETE', `/api/v1/backup/${id}`, { token: admin.token, headers });
    const { operationId } = (await remove()).body;
    expect(await remove()).toMatchObject({ status: 202, body: { operationId } });
    await plane.database.operation.update({ where: { id: operationId }, data: { status: 'completed' } });
    await plane.database.backup.delete({ where: { id } });
    expect(await remove()).toMatchObject({ status: 202, body: { operationId } });
  });

  it('starts nothing on an environment that is removed meanwhile', async () => {
    const { id: environmentId } = await samples.environment();
    const { promise: locked, resolve: isLocked } = Promise.withResolvers<undefined>();
    const { promise: free, resolve: unlock } = Promise.withResolvers<undefined>();
    const removal = plane.database.$transaction(async (transaction) => {
      await takeLock(transaction, `environment:${environmentId}`);
      isLocked(undefined);
      await free;
      await transaction.environment.update({ where: { id: environmentId }, data: { deletedAt: new Date() } });
    });
    await locked;
    const started = ask('POST', '/backup', { environmentId });
    await expect
      .poll(() => plane.database.$queryRaw`SELECT 1 AS waits FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`)
      .toEqual([{ waits: 1 }]);
    unlock(undefined);
    await removal;
    expect((await started).body.code).toBe('resource.not_found');
  });
});
