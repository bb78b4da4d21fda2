import type { Environment, Prisma, Repository } from '@holdfast/prisma';
import { throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountOf, startApi, type RunningApi } from '../api-under-test.ts';
import { samplesIn } from '../backups/sample-backups.ts';

let plane: ThrowawayControlPlane;
let api: RunningApi;
let token: string;
let shop: Environment;
let blog: Environment;
let near: Repository;
let far: Repository;

beforeAll(async () => {
  plane = await throwawayControlPlane();
  api = await startApi({ DATABASE_URL: plane.url });
  ({ token } = await accountOf(plane.database, 'viewer'));
  const samples = samplesIn(plane.database);
  [shop, blog] = [await samples.environment('shop'), await samples.environment('blog')];
  [near, far] = [await samples.repository(), await samples.repository()];
  const taken = (
    at: string,
    [environment, repository]: [Environment, Repository],
    storedBytes: bigint,
    over: Partial<Prisma.BackupUncheckedCreateInput> = {},
  ) => samples.backup({ environment, repository }, { takenAt: new Date(at), storedBytes, ...over });
  await taken('2025-12-31T22:59:59Z', [shop, near], 1n);
  await taken('2025-12-31T23:30:00Z', [shop, near], 10n, { sizeBytes: 3_000_000_000_000n });
  await taken('2026-01-01T12:00:00Z', [blog, near], 100n, { status: 'damaged' });
  await taken('2026-01-05T00:00:00Z', [blog, far], 1_000n);
  await taken('2026-01-05T00:00:00Z', [blog, far], 9_999n, { status: 'expiring' });
  await taken('2026-02-01T12:00:00Z', [blog, far], 10_000n);
});
afterAll(async () => {
  await api?.stop();
  await plane?.stop();
});

const ask = (query: string) => api.ask('GET', `/api/v1/backup/storage/usage?${query}`, { token });
const at = (answer: { body: { errors: { at: string }[] } }) => answer.body.errors.map((error) => error.at);
const steps = async (query: string) =>
  (await ask(query)).body.growth.map((step: { at: string; addedBytes: number; storedBytes: number }) => [
    step.at,
    step.addedBytes,
    step.storedBytes,
  ]);

describe('200', () => {
  it('sums up all that is kept, the largest first', async () => {
    const { status, body } = await ask('from=2026-01-01&to=2026-01-01');
    expect(status).toBe(200);
    expect(body.totals).toEqual({ backups: 5, sizeBytes: 3_000_000_004_000, storedBytes: 11_111 });
    expect(body.byRepository).toEqual([
      { repositoryId: far.id, repositoryName: far.name, backups: 2, sizeBytes: 2_000, storedBytes: 11_000 },
      { repositoryId: near.id, repositoryName: near.name, backups: 3, sizeBytes: 3_000_000_002_000, storedBytes: 111 },
    ]);
    expect(body.byEnvironment.map((row: { environmentName: string }) => row.environmentName)).toEqual(['blog', 'shop']);
  });

  it('tells of one environment or repository', async () => {
    expect((await ask(`environmentId=${shop.id}`)).body).toMatchObject({
      ...{ totals: { backups: 2, storedBytes: 11 }, byRepository: [{ repositoryId: near.id }] },
      ...{ byEnvironment: [{ environmentId: shop.id }], timeZone: 'UTC', step: 'day' },
    });
    expect(await steps(`repositoryId=${far.id}&from=2026-01-04&to=2026-01-05`)).toEqual([
      ['2026-01-04', 0, 0],
      ['2026-01-05', 1_000, 1_000],
    ]);
  });

  it('tells how it grew, from what was there before, step by step', async () => {
    expect(await steps('from=2026-01-01&to=2026-01-02&timeZone=Europe/Berlin')).toEqual([
      ['2026-01-01', 110, 111],
      ['2026-01-02', 0, 111],
    ]);
    expect(await steps('from=2026-01-01&to=2026-01-06&step=week')).toEqual([
      ['2025-12-29', 111, 111],
      ['2026-01-05', 1_000, 1_111],
    ]);
    expect(await steps('from=2026-01-31&to=2026-03-01&step=month')).toEqual([
      ['2026-01-01', 1_100, 1_111],
      ['2026-02-01', 10_000, 11_111],
      ['2026-03-01', 0, 11_111],
    ]);
    expect(await steps('')).toHaveLength(90);
  });
});

describe('400', () => {
  it('names what it does not take', async () => {
    const wrong = await ask('from=x&step=year&timeZone=Nowhere&repositoryId=1&what=1');
    expect(at(wrong).toSorted()).toEqual(['from', 'repositoryId', 'step', 'timeZone', 'what']);
    expect(at(await ask('from=2026-01-02&to=2026-01-01'))).toEqual(['to']);
  });
});

describe('401', () => {
  it('is for everybody who is not signed in', async () => {
    expect((await api.ask('GET', '/api/v1/backup/storage/usage')).status).toBe(401);
  });
});
