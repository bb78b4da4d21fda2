import { randomUUIDv7 } from 'node:crypto';
import type { Prisma } from '@holdfast/prisma';
import { throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountOf, startApi, type RunningApi } from '../api-under-test.ts';
import { samplesIn } from './sample-backups.ts';

let plane: ThrowawayControlPlane;
let api: RunningApi;
let token: string;
let environmentId: string;

beforeAll(async () => {
  plane = await throwawayControlPlane();
  api = await startApi({ DATABASE_URL: plane.url });
  ({ token } = await accountOf(plane.database, 'viewer'));
  const samples = samplesIn(plane.database);
  const [environment, other, repository] = [
    await samples.environment(),
    await samples.environment(),
    await samples.repository(),
  ];
  environmentId = environment.id;
  const taken = (at: string, over: Partial<Prisma.BackupUncheckedCreateInput> = {}, of = environment) =>
    samples.backup({ environment: of, repository }, { takenAt: new Date(at), ...over });
  // In Berlin clocks go forward on the 29th: that day begins at 23:00 UTC and ends at 22:00.
  await taken('2026-03-28T22:59:59.999Z');
  await taken('2026-03-28T23:00:00.000Z');
  await taken('2026-03-29T21:59:59.999Z', { status: 'damaged' });
  await taken('2026-03-29T12:00:00Z', { verification: { verdict: 'different' }, storedBytes: 7n });
  await taken('2026-03-29T12:00:00Z', { status: 'expiring' });
  await taken('2026-03-29T22:00:00.000Z', {}, other);
  for (const [kind, status] of [
    ['backup', 'failed'],
    ['backup', 'cancelled'],
    ['verify', 'failed'],
  ] as const) {
    const id = randomUUIDv7();
    await plane.database.operation.create({
      data: {
        ...{ id, kind, status, environmentId, actorId: id, actorName: 'Ada', input: {}, workflowId: id, progress: {} },
        createdAt: new Date('2026-03-31T10:00:00Z'),
      },
    });
  }
});
afterAll(async () => {
  await api?.stop();
  await plane?.stop();
});

const ask = (query: string) => api.ask('GET', `/api/v1/backup/calendar?${query}`, { token });
const at = (answer: { body: { errors: { at: string }[] } }) => answer.body.errors.map((error) => error.at);

describe('200', () => {
  const range = 'from=2026-03-28&to=2026-03-31';

  it('counts by days of the time zone, and tells only days that have something', async () => {
    expect(await ask(`${range}&timeZone=Europe/Berlin`)).toMatchObject({
      status: 200,
      body: {
        timeZone: 'Europe/Berlin',
        days: [
          { day: '2026-03-28', good: 1, damaged: 0, failed: 0, storedBytes: 100 },
          { day: '2026-03-29', good: 1, damaged: 2, failed: 0, storedBytes: 207 },
          { day: '2026-03-30', good: 1, damaged: 0, failed: 0, storedBytes: 100 },
          { day: '2026-03-31', good: 0, damaged: 0, failed: 1, storedBytes: 0 },
        ],
      },
    });
  });

  it('counts one environment, and nothing outside of the range', async () => {
    const { body } = await ask(`from=2026-03-29&to=2026-03-30&environmentId=${environmentId}`);
    expect(body).toEqual({
      timeZone: 'UTC',
      days: [{ day: '2026-03-29', good: 0, damaged: 2, failed: 0, storedBytes: 107 }],
    });
    expect((await ask('from=2020-01-01&to=2020-12-31')).body.days).toEqual([]);
  });
});

describe('400', () => {
  it('names what it does not take', async () => {
    const wrong = await ask('from=2026-02-30&to=x&timeZone=%2B01:00&environmentId=1&what=1');
    expect(at(wrong).toSorted()).toEqual(['environmentId', 'from', 'timeZone', 'to', 'what']);
    expect(at(await ask('from=2025-01-01&to=2026-03-01'))).toEqual(['from']);
  });
});

describe('401', () => {
  it('is for everybody who is not signed in', async () => {
    expect((await api.ask('GET', '/api/v1/backup/calendar')).status).toBe(401);
  });
});
