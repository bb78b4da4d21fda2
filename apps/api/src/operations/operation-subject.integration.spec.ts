import type { Backup, Environment } from '@holdfast/prisma';
import { throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { samplesIn, type Samples } from '../backups/sample-backups.ts';
import { subjectOf } from './operation-subject.ts';

let plane: ThrowawayControlPlane;
let samples: Samples;
let environment: Environment;
let backup: Backup;

beforeAll(async () => {
  plane = await throwawayControlPlane();
  samples = samplesIn(plane.database);
});
afterAll(() => plane?.stop());

beforeEach(async () => {
  const repository = await samples.repository();
  environment = await samples.environment();
  backup = await samples.backup({ environment, repository }, { name: 'before the migration' });
});

const told = (kind: 'verify' | 'backup', input: object = {}): Promise<object> =>
  plane.database.$transaction((transaction) =>
    subjectOf(transaction, { kind, environmentId: environment.id, backupId: backup.id, input: { ...input } }),
  );

it('is the backup and the environment, by their names', async () => {
  expect(await told('verify')).toEqual({ backupName: 'before the migration', environmentName: environment.name });
  expect(await told('backup', { name: 'nightly' })).toEqual({ name: 'nightly', environmentName: environment.name });
});

it('is what is left of them when they are gone', async () => {
  const { id, name } = environment;
  await plane.database.backup.delete({ where: { id: backup.id } });
  await plane.database.environment.update({ where: { id }, data: { deletedAt: new Date(), name: `${name}~${id}` } });
  expect(await told('verify')).toEqual({ environmentName: name });
});

it('is nothing where there is neither', async () => {
  const none = { kind: 'verify' as const, environmentId: null, backupId: null, input: {} };
  expect(await plane.database.$transaction((transaction) => subjectOf(transaction, none))).toEqual({});
});
