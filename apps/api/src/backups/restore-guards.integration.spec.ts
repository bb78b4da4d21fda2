import { OPERATION_STEPS } from '@holdfast/contracts';
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

  it('needs no name for its own environment', async () => {
    const { backup } = await prepared();
    expect((await restore(backup, { overwrite: true })).status).toBe(202);
  });
});
