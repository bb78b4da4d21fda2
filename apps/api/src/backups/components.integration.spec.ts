import { OPERATION_STEPS } from '@holdfast/contracts';
import { throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import type { Backup, Environment } from '@holdfast/prisma';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountOf, startApi, type Answer, type RunningApi } from '../api-under-test.ts';
import { samplesIn, type Samples } from './sample-backups.ts';

let plane: ThrowawayControlPlane;
/** Temporal is away: what a request asks for is recorded all the same. */
let api: RunningApi;
let samples: Samples;
let token: string;

beforeAll(async () => {
  plane = await throwawayControlPlane();
  api = await startApi({ DATABASE_URL: plane.url, HOLDFAST_ALLOW_PRIVATE_ADDRESSES: 'loopback' });
  samples = samplesIn(plane.database);
  await samples.repository(true);
  ({ token } = await accountOf(plane.database, 'admin'));
});
afterAll(async () => {
  await api?.stop();
  await plane?.stop();
});

const PROJECT = { projectUrl: 'http://127.0.0.1:54321', sealedServiceKey: 'v1.x' };
const environment = async (data: Partial<Environment> = PROJECT): Promise<Environment> => {
  const { id } = await samples.environment();
  return plane.database.environment.update({ where: { id }, data });
};
const backUp = async (body: object, of?: Partial<Environment>): Promise<Answer> =>
  api.ask('POST', '/api/v1/backup', { token, body: { environmentId: (await environment(of)).id, ...body } });
const restore = (backup: Backup, body: object): Promise<Answer> =>
  api.ask('POST', `/api/v1/backup/${backup.id}/restore`, { token, body });
const lastInput = async () =>
  (await plane.database.operation.findFirstOrThrow({ orderBy: { createdAt: 'desc' } })).input;
const at = (answer: Answer): string[] => answer.body.errors.map((error: { at: string }) => error.at);

describe('what is backed up', () => {
  it('is all that the environment can give, unless it is said', async () => {
    await backUp({});
    expect(await lastInput()).toMatchObject({ components: ['database', 'storage'], storage: null });
    await backUp({ components: ['database'] });
    expect(await lastInput()).toMatchObject({ components: ['database'] });
    await backUp({}, { ...PROJECT, sealedServiceKey: null });
    expect(await lastInput()).toMatchObject({ components: ['database'] });
  });

  it('may be chosen buckets and prefixes', async () => {
    await backUp({ storage: { buckets: ['avatars'], prefixes: ['avatars/a'] } });
    expect(await lastInput()).toMatchObject({ storage: { buckets: ['avatars'], prefixes: ['avatars/a'] } });
  });

  it.each([
    ['projectUrl and serviceKey', {}],
    ['serviceKey', { projectUrl: PROJECT.projectUrl }],
    ['projectUrl', { sealedServiceKey: 'v1.x' }],
  ])('is refused with 422 and %s by name where the environment lacks it', async (missing, has) => {
    expect(await backUp({ components: ['database', 'storage'] }, has)).toMatchObject({
      status: 422,
      body: {
        code: 'backup.component_unavailable',
        detail: expect.stringContaining(`storage needs ${missing} of`),
        errors: [{ at: 'components.1' }],
      },
    });
  });

  it('is refused with 400 without the database, and for a choice that nothing follows', async () => {
    expect(at(await backUp({ components: ['storage'] }))).toEqual(['components']);
    expect(at(await backUp({ components: [] }))).toEqual(['components']);
    expect(at(await backUp({ components: ['database'], storage: { buckets: ['a'] } }))).toEqual(['storage']);
    expect(at(await backUp({ storage: { buckets: [''], other: 1 } })).sort()).toEqual([
      'storage.buckets.0',
      'storage.other',
    ]);
  });

  it('is refused with 400 where the project has come to lie at an address that is not allowed', async () => {
    expect(await backUp({}, { ...PROJECT, projectUrl: 'http://169.254.169.254' })).toMatchObject({
      status: 400,
      body: { code: 'environment.address_refused', errors: [{ at: 'projectUrl' }] },
    });
  });
});

describe('what is given back', () => {
  const prepared = async (): Promise<Backup> => {
    const backup = { components: ['database', 'storage'], objects: 12n };
    return samples.backup({ environment: await environment(), repository: await samples.repository() }, backup);
  };

  it('is decided by the worker unless it is said', async () => {
    const backup = await prepared();
    await restore(backup, { overwrite: true });
    expect(await lastInput()).toMatchObject({ components: null, storage: null });
    await restore(backup, { components: ['storage'], storage: { prefixes: ['a/b'] } });
    expect(await lastInput()).toMatchObject({ components: ['storage'], storage: { buckets: [], prefixes: ['a/b'] } });
  });

  it('is refused with 400 for a choice of objects without storage, and at a forbidden address', async () => {
    const backup = await prepared();
    expect(at(await restore(backup, { components: ['database'], storage: { buckets: ['a'] } }))).toEqual(['storage']);
    const data = { projectUrl: 'http://[fe80::1]' };
    await plane.database.environment.update({ where: { id: backup.environmentId }, data });
    expect(at(await restore(backup, { overwrite: true }))).toEqual(['projectUrl']);
  });

  it('takes a safety backup of the storage too', async () => {
    const backup = await prepared();
    await restore(backup, { overwrite: true, safetyBackup: true });
    expect(await lastInput()).toMatchObject({ safetyBackup: { input: { components: ['database', 'storage'] } } });
  });
});

it('a backup shows its objects, and every kind has its step of storage', async () => {
  const of = { environment: await environment(), repository: await samples.repository() };
  const { id } = await samples.backup(of, { objects: 12n });
  expect((await api.ask('GET', `/api/v1/backup/${id}`, { token })).body).toMatchObject({ objects: 12 });
  for (const kind of ['backup', 'restore'] as const) expect(OPERATION_STEPS[kind]).toContain('storage');
});
