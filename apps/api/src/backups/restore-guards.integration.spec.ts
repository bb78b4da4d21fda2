import { OPERATION_STEPS, type RestoreInput } from '@holdfast/contracts';
import {
  throwawayControlPlane,
  throwawayTemporal,
  type TemporalServer,
  type ThrowawayControlPlane,
} from '@holdfast/testing';
import type { Backup, Environment } from '@holdfast/prisma';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountOf, startApi, TEST_MASTER_KEY, type Answer, type RunningApi } from '../api-under-test.ts';
import { GO_ON, scriptedWorker, type ScriptedWorker } from '../operations/scripted-worker.ts';
import { samplesIn, type Samples } from './sample-backups.ts';

let plane: ThrowawayControlPlane;
let temporal: TemporalServer;
let worker: ScriptedWorker;
let api: RunningApi;
let samples: Samples;
let token: string;

beforeAll(async () => {
  [plane, temporal] = await Promise.all([throwawayControlPlane(), throwawayTemporal()]);
  worker = await scriptedWorker(temporal.address, TEST_MASTER_KEY);
  for (const kind of Object.keys(OPERATION_STEPS)) worker.scripts.set(kind, () => GO_ON);
  api = await startApi({ DATABASE_URL: plane.url, TEMPORAL_ADDRESS: temporal.address });
  samples = samplesIn(plane.database);
  ({ token } = await accountOf(plane.database, 'admin'));
});
afterAll(async () => {
  await api?.stop();
  await worker?.stop();
  await temporal?.stop();
  await plane?.stop();
});

const prepared = async (): Promise<{ source: Environment; target: Environment; backup: Backup }> => {
  const [source, target] = [await samples.environment(), await samples.environment()];
  return {
    source,
    target,
    backup: await samples.backup({ environment: source, repository: await samples.repository() }),
  };
};
const restore = (backup: Backup, body: object): Promise<Answer> =>
  api.ask('POST', `/api/v1/backup/${backup.id}/restore`, { token, body });

describe('a restore over another environment', () => {
  it('is refused with 409, the words to send, and no operation, until its name is typed', async () => {
    const { target, backup } = await prepared();
    const over = { environmentId: target.id, overwrite: true };
    expect(await restore(backup, over)).toMatchObject({
      status: 409,
      body: {
        code: 'restore.wrong_target',
        detail: expect.stringContaining(target.name),
        hint: expect.stringContaining(`confirm: "${target.name}"`),
        errors: [{ at: 'confirm' }],
      },
    });
    expect(await plane.database.operation.count({ where: { environmentId: target.id } })).toBe(0);
    const { status, body } = await restore(backup, { ...over, confirm: target.name });
    expect(status).toBe(202);
    const row = await plane.database.operation.findUniqueOrThrow({ where: { id: body.operationId } });
    expect(row.input).toMatchObject({ confirm: target.name });
  });

  it('is refused with 400 where another name is typed', async () => {
    const { source, target, backup } = await prepared();
    for (const environmentId of [source.id, target.id]) {
      expect(await restore(backup, { environmentId, overwrite: true, confirm: 'shop' })).toMatchObject({
        status: 400,
        body: { code: 'request.invalid', errors: [{ at: 'confirm' }] },
      });
    }
  });

  it.each([{ overwrite: true, dryRun: true }, { overwrite: true, newDatabase: 'copy' }, {}])(
    'needs no name with %o, which replaces nothing',
    async (body) => {
      const { target, backup } = await prepared();
      expect((await restore(backup, { environmentId: target.id, ...body })).status).toBe(202);
    },
  );

  it.each([
    [{ components: ['functions'] }, {}],
    [{ components: ['settings'], applySettings: true }, {}],
    [{ tables: ['public.orders'], functions: ['pay'] }, {}],
    [{}, { functionsDirectory: '/srv/functions' }],
  ])('needs the name for functions and settings, also without overwrite: %o', async (body, place) => {
    const { source, target, backup: plain } = await prepared();
    await plane.database.environment.update({ where: { id: target.id }, data: place });
    const components = ['database', 'functions', 'settings'];
    const backup = await plane.database.backup.update({ where: { id: plain.id }, data: { components } });
    const into = { environmentId: target.id, ...body };
    expect(await restore(backup, into)).toMatchObject({ status: 409, body: { code: 'restore.wrong_target' } });
    expect((await restore(backup, { ...body, environmentId: source.id })).status).toBe(202);
    expect((await restore((await prepared()).backup, { ...into, confirm: target.name })).status).toBe(202);
  });

  it('is refused with 400 for functions or settings beside a new database, naming every wrong field', async () => {
    const { backup, target } = await prepared();
    const wrong = { newDatabase: 'x', functions: ['pay'], applySettings: true, components: ['database', 'functions'] };
    const more = { storage: { buckets: ['a'] }, confirm: 'shop', environmentId: target.id };
    const { status, body } = await restore(backup, { ...wrong, ...more });
    const at = body.errors.map((error: { at: string }) => error.at);
    expect([status, at.toSorted()]).toEqual([400, ['applySettings', 'components', 'confirm', 'functions', 'storage']]);
    expect((await restore(backup, { newDatabase: 'x', components: ['database', 'settings'] })).status).toBe(202);
  });

  it('needs no name for its own environment', async () => {
    const { backup } = await prepared();
    expect((await restore(backup, { overwrite: true })).status).toBe(202);
  });
});

describe('a restore over production', () => {
  const production = async (): Promise<{ source: Environment; backup: Backup }> => {
    const { source, backup } = await prepared();
    await plane.database.environment.update({ where: { id: source.id }, data: { production: true } });
    return { source, backup };
  };
  const inputOf = async ({ body }: Answer) =>
    (await plane.database.operation.findUniqueOrThrow({ where: { id: body.operationId } })).input;

  it('asks for a backup of the target first, tagged, in the same repository', async () => {
    const { source, backup } = await production();
    const answer = await restore(backup, { overwrite: true });
    const { safetyBackup } = (await inputOf(answer)) as unknown as RestoreInput;
    expect(safetyBackup?.workflowId).toBe(`backup/${source.name}/${safetyBackup?.operationId}`);
    expect(safetyBackup?.input).toEqual({
      ...{ backupId: expect.any(String), environmentId: source.id, repositoryId: backup.repositoryId },
      ...{ name: 'before the restore of nightly', description: expect.stringContaining(backup.id) },
      ...{ tags: ['safety'], components: ['database'], lockTimeoutSeconds: 30 },
    });
    await expect.poll(() => worker.started.at(-1)?.input).toMatchObject({ input: { safetyBackup } });
  });

  it('is refused with 409 where that is declined, until the name is typed', async () => {
    const { source, backup } = await production();
    const without = { overwrite: true, safetyBackup: false };
    expect(await restore(backup, without)).toMatchObject({
      status: 409,
      body: {
        code: 'restore.safety_backup_declined',
        hint: expect.stringContaining(`confirm: "${source.name}"`),
        errors: [{ at: 'confirm' }],
      },
    });
    const answer = await restore(backup, { ...without, confirm: source.name });
    expect([answer.status, await inputOf(answer)]).toEqual([202, expect.objectContaining({ safetyBackup: null })]);
  });

  it('needs none into a new database; elsewhere it is taken when it is asked for', async () => {
    const { backup } = await production();
    expect(await inputOf(await restore(backup, { newDatabase: 'copy' }))).toMatchObject({ safetyBackup: null });
    const other = await prepared();
    expect(await inputOf(await restore(other.backup, { dryRun: true }))).toMatchObject({ safetyBackup: null });
    const asked = await prepared();
    const input = await inputOf(await restore(asked.backup, { safetyBackup: true }));
    expect(input).toMatchObject({ safetyBackup: { input: { tags: ['safety'] } } });
  });
});
