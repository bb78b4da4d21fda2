import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { OPERATION_STEPS, OperationError } from '@holdfast/contracts';
import type { Progress, StepProgress } from '@holdfast/contracts';
import { connect, throwawayControlPlane } from '@holdfast/testing';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ActivityDependencies } from './dependencies.ts';
import { runEngine } from './engine-run.ts';
import type { EngineRun } from './engine-run.ts';
import { asJson } from './json.ts';

let plane: Awaited<ReturnType<typeof throwawayControlPlane>>;
let dependencies: Pick<ActivityDependencies, 'database'>;

beforeAll(async () => {
  plane = await throwawayControlPlane();
  dependencies = { database: plane.database };
});

afterAll(() => plane.stop());

async function running(): Promise<string> {
  const id = randomUUID();
  const steps = OPERATION_STEPS.backup.map((name) => ({ name, status: 'waiting' as const }));
  const still = { step: null, done: 0, total: null, unit: 'bytes', bytes: 0, rows: 0, rate: null, etaSeconds: null };
  await plane.database.operation.create({
    data: {
      ...{ id, kind: 'backup', actorId: randomUUID(), actorName: 'Ada', input: {}, workflowId: id },
      ...{ status: 'running', progress: asJson({ steps, ...still }) },
    },
  });
  return id;
}

const activity = (info: ConstructorParameters<typeof MockActivityEnvironment>[0] = {}) =>
  new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
const told = (step: string, done: number, total: number | null = null): StepProgress => ({
  ...{ step, done, total, unit: 'rows', bytes: done * 10, rows: done },
});
const read = (id: string) =>
  plane.database.operation.findUniqueOrThrow({ where: { id }, include: { events: { orderBy: { id: 'asc' } } } });
const progressOf = async (id: string): Promise<Progress> => (await read(id)).progress as unknown as Progress;
const run = <R>(id: string, work: (run: EngineRun) => Promise<R>, environment = activity()) =>
  environment.run(() => runEngine(dependencies, 'backup', id, work));
const untilAborted = ({ signal }: EngineRun): Promise<never> =>
  new Promise((_resolve, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
  });

describe('progress', () => {
  it('is in the row while it runs, and each step is an event once', async () => {
    const id = await running();
    await run(id, async ({ onProgress }) => {
      onProgress(told('connect', 1));
      onProgress(told('rows', 500, 1_000));
      await vi.waitFor(async () => expect((await progressOf(id)).done).toBe(500));
      onProgress(told('rows', 600, 1_000));
    });
    const row = await read(id);
    expect(row.events.map(({ type, step }) => [type, step])).toEqual([
      ['step', 'connect'],
      ['step', 'rows'],
      ['step', 'record'],
    ]);
    expect(await progressOf(id)).toMatchObject({ step: 'record', bytes: 6_000, rows: 600 });
  });

  it('is written at most four times a second, however often it is told', async () => {
    const id = await running();
    await run(id, async ({ onProgress }) => {
      for (const until = Date.now() + 2_000; Date.now() < until; await delay(1)) onProgress(told('rows', Date.now()));
    });
    const { sequence } = await read(id);
    expect(sequence).toBeGreaterThanOrEqual(6);
    expect(sequence).toBeLessThanOrEqual(10);
  });

  it('is written once a second while nothing moves', async () => {
    const id = await running();
    await run(id, () => delay(3_300));
    const { sequence } = await read(id);
    expect(sequence).toBeGreaterThanOrEqual(3);
    expect(sequence).toBeLessThanOrEqual(5);
  });

  it('that cannot be written stops no work, and is caught up with', async () => {
    const id = await running();
    const admin = await connect({ ...plane.target, database: 'postgres' });
    const allow = (yes: boolean) => admin.query(`ALTER DATABASE "${plane.target.database}" ALLOW_CONNECTIONS ${yes}`);
    const answer = await run(id, async ({ onProgress }) => {
      onProgress(told('connect', 1));
      await vi.waitFor(async () => expect((await progressOf(id)).step).toBe('connect'));
      await allow(false);
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
        plane.target.database,
      ]);
      onProgress(told('rows', 10));
      await delay(1_200);
      await allow(true);
      return 'done';
    });
    await admin.end();
    expect(answer).toBe('done');
    expect((await read(id)).events.map(({ step }) => step)).toEqual(['connect', 'rows', 'record']);
  });
});

describe('an engine that runs', () => {
  it('sends heartbeats that say how far it is', async () => {
    const id = await running();
    const environment = activity();
    const heartbeats: unknown[] = [];
    environment.on('heartbeat', (detail: unknown) => heartbeats.push(detail));
    const work = async ({ onProgress }: EngineRun): Promise<void> => {
      onProgress(told('rows', 7, 9));
      await delay(1_700);
    };
    await run(id, work, environment);
    expect(heartbeats.length).toBeGreaterThanOrEqual(2);
    expect(heartbeats.at(-1)).toEqual({ step: 'rows', done: 7, total: 9 });
  });

  it('is stopped by a cancel', async () => {
    const id = await running();
    const environment = activity();
    const ending = expect(run(id, untilAborted, environment)).rejects.toBeInstanceOf(CancelledFailure);
    await delay(100);
    environment.cancel();
    await ending;
  });

  it('is stopped once somebody else has ended the operation', async () => {
    const id = await running();
    const ending = expect(run(id, untilAborted)).rejects.toMatchObject({
      type: 'operation.already_ended',
      nonRetryable: true,
    });
    await delay(100);
    await plane.database.operation.update({ where: { id }, data: { status: 'failed' } });
    await ending;
  });

  it('does not start for an operation that is not running', async () => {
    const id = await running();
    await plane.database.operation.update({ where: { id }, data: { status: 'cancelled' } });
    let started = false;
    const work = async (): Promise<void> => void (started = true);
    await expect(run(id, work)).rejects.toMatchObject({ type: 'operation.already_ended' });
    expect(started).toBe(false);
  });

  it('ends before a newer attempt of the same operation begins', async () => {
    const id = await running();
    const order: string[] = [];
    const first = run(id, async (given) => {
      order.push('first begins');
      await untilAborted(given).catch(() => delay(200));
      order.push('first ends');
      given.signal.throwIfAborted();
    }).catch(() => undefined);
    await vi.waitFor(() => expect(order).toEqual(['first begins']));
    await run(id, async () => void order.push('second begins'));
    await first;
    expect(order).toEqual(['first begins', 'first ends', 'second begins']);
  });

  it('tells the next attempt that its worker was stopped, or never said why it went', async () => {
    const id = await running();
    const stopped = activity();
    let last: unknown;
    stopped.on('heartbeat', (detail: unknown) => (last = detail));
    const ending = expect(run(id, untilAborted, stopped)).rejects.toBeInstanceOf(CancelledFailure);
    await delay(100);
    stopped.cancel();
    await ending;
    await run(id, async () => undefined, activity({ attempt: 2, heartbeatDetails: last }));
    await run(id, async () => undefined, activity({ attempt: 3, heartbeatDetails: told('rows', 1) }));
    const retries = (await read(id)).events.filter(({ type }) => type === 'retry');
    expect(retries.map(({ data }) => data)).toEqual([
      { attempt: 2, code: null, reason: 'The worker was stopped' },
      { attempt: 3, code: null, reason: 'The worker stopped answering' },
    ]);
  });

  it('tells the next attempt why it ended, and that one tells the people', async () => {
    const id = await running();
    const first = activity();
    let last: unknown;
    first.on('heartbeat', (detail: unknown) => (last = detail));
    const losing = ({ onProgress }: EngineRun): Promise<never> => {
      onProgress(told('rows', 3));
      return Promise.reject(new OperationError('postgres.connection_lost', 'The connection was lost'));
    };
    await expect(run(id, losing, first)).rejects.toBeInstanceOf(ApplicationFailure);
    await run(id, async () => undefined, activity({ attempt: 2, heartbeatDetails: last }));
    const { events } = await read(id);
    expect(events.find(({ type }) => type === 'retry')).toMatchObject({
      step: 'rows',
      message: 'Attempt 2 began: The connection was lost',
      data: { attempt: 2, code: 'postgres.connection_lost', reason: 'The connection was lost' },
    });
  });
});
