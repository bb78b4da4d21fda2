import { randomUUID } from 'node:crypto';
import { OPERATION_STEPS } from '@holdfast/contracts';
import { throwawayControlPlane } from '@holdfast/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAKE_INPUTS } from '../fake-results.ts';
import { asJson } from './json.ts';
import { beginOperation } from './operation.activities.ts';
import { recordSafetyBackup } from './safety-backup.activities.ts';

let plane: Awaited<ReturnType<typeof throwawayControlPlane>>;
const [environmentId, repositoryId] = [randomUUID(), randomUUID()];

beforeAll(async () => {
  plane = await throwawayControlPlane();
  const environment = { id: environmentId, name: 'shop', kind: 'postgres', host: 'db.invalid', port: 5432 } as const;
  const sign = { database: 'shop', username: 'app', sealedPassword: 'v1.x', tlsMode: 'disable' } as const;
  await plane.database.environment.create({ data: { ...environment, ...sign, color: 'teal', production: true } });
  await plane.database.repository.create({ data: { id: repositoryId, name: 'main', driver: 'local', path: '/x' } });
});
afterAll(() => plane?.stop());

async function restoring(status: 'running' | 'failed') {
  const [id, actorId] = [randomUUID(), randomUUID()];
  await plane.database.operation.create({
    data: {
      ...{ id, kind: 'restore', environmentId, actorId, actorName: 'Ada', workflowId: id, status },
      ...{ input: {}, progress: {} },
    },
  });
  const operationId = randomUUID();
  const input = { ...FAKE_INPUTS.backup, environmentId, repositoryId, backupId: randomUUID(), heldBy: id };
  const safetyBackup = { operationId, workflowId: `backup/shop/${operationId}`, input };
  return {
    id,
    actorId,
    operationId,
    input,
    record: () => recordSafetyBackup(plane, { operationId: id, safetyBackup }),
  };
}
const read = (id: string) => plane.database.operation.findUnique({ where: { id }, include: { events: true } });

describe('a safety backup', () => {
  it('becomes an operation like any other, once, and is told on the restore', async () => {
    const { id, actorId, operationId, input, record } = await restoring('running');
    await record();
    await record();
    expect(await read(operationId)).toMatchObject({
      ...{ kind: 'backup', status: 'pending', environmentId, repositoryId, backupId: input.backupId },
      ...{ actorId, actorName: 'Ada', workflowId: `backup/shop/${operationId}`, input: asJson(input) },
      progress: { step: null, steps: OPERATION_STEPS.backup.map((name) => ({ name, status: 'waiting' })) },
    });
    expect((await read(id))?.events).toMatchObject([
      { type: 'safety-backup', data: { operationId, backupId: input.backupId } },
    ]);
    await beginOperation(plane, { operationId, leases: [] });
    expect(await read(operationId)).toMatchObject({ status: 'running' });
  });

  it('is not recorded for a restore that somebody ended', async () => {
    const { operationId, record } = await restoring('failed');
    await expect(record()).rejects.toMatchObject({ code: 'operation.already_ended' });
    expect(await read(operationId)).toBeNull();
  });
});
