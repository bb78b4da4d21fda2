import { randomUUIDv7 } from 'node:crypto';
import { throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import type { Backup, Environment, Prisma, Repository } from '@holdfast/prisma';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountOf, startApi, type RunningApi } from '../api-under-test.ts';
import { samplesIn, type Samples } from '../backups/sample-backups.ts';
import type { EnvironmentOverview } from './overview.dto.ts';

const HOUR_MS = 3_600_000;

let plane: ThrowawayControlPlane;
let api: RunningApi;
let samples: Samples;
let repository: Repository;
let token: string;

beforeAll(async () => {
  plane = await throwawayControlPlane();
  api = await startApi({ DATABASE_URL: plane.url, HOLDFAST_PROOF_OLD_AFTER_DAYS: '10' });
  samples = samplesIn(plane.database);
  repository = await samples.repository();
  ({ token } = await accountOf(plane.database, 'viewer'));
});
afterAll(async () => {
  await api?.stop();
  await plane?.stop();
});

const ago = (hours: number): Date => new Date(Date.now() - hours * HOUR_MS);
const ask = (query: string) => api.ask('GET', `/api/v1/environments/overview?${query}`, { token });
const at = (answer: { body: { errors: { at: string }[] } }) => answer.body.errors.map((error) => error.at);

async function overviewOf({ name }: Environment): Promise<EnvironmentOverview> {
  const { status, body } = await ask(`search=${name}`);
  expect([status, body.items.length]).toEqual([200, 1]);
  return body.items[0];
}

const backup = (
  environment: Environment,
  hours: number,
  over: Partial<Prisma.BackupUncheckedCreateInput> = {},
): Promise<Backup> => samples.backup({ environment, repository }, { takenAt: ago(hours), ...over });

const proof = (hours: number) => ({
  ...{ provenAt: ago(hours), provenSeconds: 12.5, verifiedAt: ago(hours), verifiedLevel: 'restore' as const },
  verification: { level: 'restore', verdict: 'proven-with-gaps' },
});

/** An operation as the API and a worker leave it. */
function operation(
  { id: environmentId }: Environment,
  over: Partial<Prisma.OperationUncheckedCreateInput> & Pick<Prisma.OperationUncheckedCreateInput, 'kind' | 'status'>,
) {
  const id = randomUUIDv7();
  const error = over.status === 'failed' ? { errorCode: 'repository.full', errorMessage: `The ${over.kind}` } : {};
  return plane.database.operation.create({
    data: {
      ...{ id, environmentId, actorId: randomUUIDv7(), actorName: 'Ada', input: {}, workflowId: id, progress: {} },
      ...{ finishedAt: new Date(), ...error, ...over },
    },
  });
}

describe('200', () => {
  it('says no where there is no backup', async () => {
    const environment = await samples.environment();
    expect(await overviewOf(environment)).toEqual({
      environment: {
        id: environment.id,
        name: environment.name,
        kind: 'postgres',
        color: '#1565c0',
        production: false,
      },
      ...{ answer: 'no', attention: ['no-backup'], backups: 0, storedBytes: 0 },
      ...{ lastBackup: null, lastProven: null, lastFailure: null, running: null },
    });
  });

  it('says no where every backup is damaged, differs or is being removed', async () => {
    const environment = await samples.environment();
    await backup(environment, 3, { status: 'expiring' });
    await backup(environment, 2, { status: 'damaged' });
    await backup(environment, 1, { verification: { level: 'restore', verdict: 'different' } });
    expect(await overviewOf(environment)).toMatchObject({
      ...{ answer: 'no', attention: ['newest-damaged'], lastBackup: null, backups: 2, storedBytes: 200 },
    });
  });

  it('says unproven where a good one was never given back', async () => {
    const environment = await samples.environment();
    const checked = { verifiedLevel: 'content', verification: { verdict: 'proven' } } as const;
    const gaps = ['role-passwords', 'objects-missing'].map((code) => ({ code, subjects: [], count: 1, reason: '' }));
    const good = await backup(environment, 49, { ...checked, coverage: { included: [], gaps } });
    await backup(environment, 1, { status: 'damaged' });
    expect(await overviewOf(environment)).toMatchObject({
      answer: 'unproven',
      attention: ['newest-damaged', 'never-proven', 'backup-old', 'gaps'],
      lastBackup: {
        ...{ id: good.id, name: 'nightly', takenAt: good.takenAt.toISOString(), status: 'complete' },
        ...{ verifiedLevel: 'content', verdict: 'proven', gapCodes: ['role-passwords', 'objects-missing'], gaps: 2 },
      },
      lastProven: null,
    });
  });

  it('says yes where a trial restore gave a good one back, and when that was', async () => {
    const environment = await samples.environment();
    const proven = await backup(environment, 300, proof(241));
    const newest = await backup(environment, 47);
    expect(await overviewOf(environment)).toMatchObject({
      answer: 'yes',
      attention: ['newest-unproven', 'proof-old'],
      lastBackup: { id: newest.id, verdict: null },
      lastProven: { id: proven.id, verifiedAt: proven.provenAt?.toISOString(), seconds: 12.5 },
    });
    await plane.database.backup.update({ where: { id: newest.id }, data: proof(1) });
    const calm = { verifiedLevel: 'presence', verification: { verdict: 'proven' } } as const;
    await plane.database.backup.update({ where: { id: newest.id }, data: calm });
    expect(await overviewOf(environment)).toMatchObject({
      answer: 'yes',
      attention: [],
      lastProven: { id: newest.id },
    });
  });

  it('tells the newest failure that nothing of its kind followed well', async () => {
    const environment = await samples.environment();
    await backup(environment, 1, proof(1));
    await operation(environment, { kind: 'verify', status: 'failed' });
    await operation(environment, { kind: 'restore', status: 'failed' });
    await operation(environment, { kind: 'restore', status: 'completed' });
    const last = await operation(environment, { kind: 'backup', status: 'failed' });
    await operation(environment, { kind: 'backup', status: 'cancelled' });
    await operation(environment, { kind: 'restore', status: 'failed', dryRun: true });
    await operation(environment, { kind: 'expire', status: 'failed' });
    expect(await overviewOf(environment)).toMatchObject({
      attention: ['last-backup-failed', 'last-verification-failed'],
      lastFailure: {
        ...{ operationId: last.id, kind: 'backup', code: 'repository.full', message: 'The backup' },
        at: last.finishedAt?.toISOString(),
      },
    });
  });

  it('tells what runs', async () => {
    const environment = await samples.environment();
    await operation(environment, { kind: 'verify', status: 'running' });
    const newest = await operation(environment, { kind: 'backup', status: 'pending' });
    const running = { operationId: newest.id, kind: 'backup', status: 'pending' };
    expect((await overviewOf(environment)).running).toEqual(running);
  });

  it('lists the worst first, page by page, with nothing twice, whatever grows old meanwhile', async () => {
    const environment = (name: string, over: Partial<Environment> = {}) =>
      plane.database.environment.create({
        data: {
          ...{ name: `page-${name}`, kind: 'supabase_cloud', host: 'h', port: 5432, database: 'd', username: 'u' },
          ...{ sealedPassword: 'v1.x', tlsMode: 'prefer', color: '#1565c0', production: false, ...over },
        },
      });
    const yes = await environment('a');
    await backup(yes, 47.999, proof(1));
    await environment('b');
    await environment('c', { production: true });
    for (const [name, hours] of [
      ['d', 1],
      ['e', 400],
      ['f', 1],
    ] as const)
      await backup(await environment(name), hours);
    await environment('gone', { deletedAt: new Date() });
    const names: string[] = [];
    const instants = new Set<string>();
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await ask(`search=PAGE-&limit=2${cursor && `&cursor=${cursor}`}`);
      names.push(...body.items.map((item: EnvironmentOverview) => item.environment.name.slice(5)));
      instants.add(body.asOf);
      expect(body.thresholds).toEqual({ backupOldAfterHours: 48, proofOldAfterDays: 10 });
      cursor = body.nextCursor;
    }
    expect(names).toEqual(['c', 'b', 'e', 'd', 'f', 'a']);
    expect(instants.size).toBe(1);
    expect((await ask('search=page_')).body.items).toEqual([]);
  });
});

describe('400', () => {
  it('names what it does not take', async () => {
    expect(at(await ask('limit=201&what=1')).toSorted()).toEqual(['limit', 'what']);
    const { body } = await api.ask('GET', '/api/v1/environments?limit=1', { token });
    expect(at(await ask(`cursor=${body.nextCursor}`))).toEqual(['cursor']);
  });
});

describe('401', () => {
  it('is for everybody who is not signed in', async () => {
    expect((await api.ask('GET', '/api/v1/environments/overview')).status).toBe(401);
  });
});
