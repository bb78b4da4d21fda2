import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { OPERATION_KINDS, OperationError, TASK_QUEUE } from '@holdfast/contracts';
import type { OperationKind } from '@holdfast/contracts';
import { throwawayTemporal } from '@holdfast/testing';
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HEARTBEAT_THROTTLE } from './activities/progress-writer.ts';
import { bundleWorkflows } from './bundle.ts';
import { fakeWorld, workUntilStopped } from './fake-activities.ts';
import { FAKE_ATTACHED, FAKE_INPUTS, FAKE_PROBE, FAKE_REPOSITORY_PROBE, FAKE_RESULTS } from './fake-results.ts';
import { quietRuntime } from './quiet-runtime.ts';

const world = fakeWorld();
let temporal: Awaited<ReturnType<typeof throwawayTemporal>>;
let connection: Connection;
let workerConnection: NativeConnection;
let client: Client;
let worker: Worker;
let running: Promise<void>;

beforeAll(async () => {
  quietRuntime();
  const [started, workflowBundle] = await Promise.all([throwawayTemporal(), bundleWorkflows()]);
  temporal = started;
  connection = await Connection.connect({ address: temporal.address });
  client = new Client({ connection });
  workerConnection = await NativeConnection.connect({ address: temporal.address });
  worker = await Worker.create({
    connection: workerConnection,
    taskQueue: TASK_QUEUE,
    workflowBundle,
    activities: world.activities,
    ...HEARTBEAT_THROTTLE,
  });
  running = worker.run();
});

afterAll(async () => {
  worker.shutdown();
  await running;
  await workerConnection.close();
  await connection.close();
  await temporal.stop();
});

/** Every operation has an environment and a repository of its own, unless it is told to share them. */
function start(
  kind: OperationKind,
  operationId: string,
  shared: { repositoryId?: string; environmentId?: string } = {},
) {
  const own = { environmentId: operationId, repositoryId: operationId, ...shared };
  const args = [{ operationId, input: { ...FAKE_INPUTS[kind], ...own } }];
  return client.workflow.start(kind, { taskQueue: TASK_QUEUE, workflowId: `${kind}/spec/${operationId}`, args });
}

const failureOf = async (handle: WorkflowHandle): Promise<unknown> => {
  const error: unknown = await handle.result().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof WorkflowFailedError ? error.cause : error;
};

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 50 });

describe.concurrent('an operation', () => {
  it.each(OPERATION_KINDS)('of kind %s is begun, worked on and recorded once, with its result', async (kind) => {
    const id = randomUUID();
    const operation = world.expect(id);
    const result = await (await start(kind, id)).result();
    expect(FAKE_RESULTS[kind]).toMatchObject(result as object);
    expect(operation).toMatchObject({ status: 'completed', attempts: 1, recorded: 1, leases: [], error: null });
  });

  it('answers a backup without what only the catalog keeps', async () => {
    const id = randomUUID();
    world.expect(id);
    const {
      takenAt: _at,
      serverVersion: _version,
      database: _name,
      manifestSha256: _sha,
      ...output
    } = FAKE_RESULTS.backup;
    expect(await (await start('backup', id)).result()).toEqual(output);
  });

  it.each([
    ['backup', ['environment exclusive', 'repository shared']],
    ['verify', ['repository shared']],
    ['restore', ['environment exclusive', 'repository shared']],
    ['expire', ['repository exclusive']],
  ] as const)('%s holds %j while it works', async (kind, expected) => {
    const id = randomUUID();
    let held: string[] = [];
    const operation = world.expect(id, () => {
      held = operation.leases.map(({ resource, mode }) => `${resource.split(':')[0]} ${mode}`);
    });
    await (await start(kind, id)).result();
    expect(held).toEqual(expected);
  });

  it('is tried again after an error that may pass', async () => {
    const id = randomUUID();
    const operation = world.expect(id, (attempt) => {
      if (attempt < 3) throw new OperationError('postgres.connection_lost', 'The connection was lost');
    });
    await (await start('backup', id)).result();
    expect(operation).toMatchObject({ status: 'completed', attempts: 3, recorded: 1 });
  });

  it('is tried again after an error that says of itself that it may pass', async () => {
    const id = randomUUID();
    const operation = world.expect(id, (attempt) => {
      const retryable = attempt === 1;
      throw new OperationError('postgres.dump_failed', 'pg_dump was killed', { retryable });
    });
    await failureOf(await start('backup', id));
    expect(operation).toMatchObject({ status: 'failed', attempts: 2, recorded: 1 });
  });

  it('is given up after five attempts', async () => {
    const id = randomUUID();
    const operation = world.expect(id, () => {
      throw new OperationError('environment.unreachable', 'The server cannot be reached', { hint: 'Is it up?' });
    });
    await failureOf(await start('backup', id));
    expect(operation).toMatchObject({ status: 'failed', attempts: 5, recorded: 1 });
    expect(operation.error).toEqual({
      code: 'environment.unreachable',
      message: 'The server cannot be reached',
      hint: 'Is it up?',
    });
  });

  it('fails at once on an error that lasts, and the workflow names the code', async () => {
    const id = randomUUID();
    const operation = world.expect(id, () => {
      throw new OperationError('repository.full', 'The disk is full', { hint: 'Make room.' });
    });
    const failure = await failureOf(await start('backup', id));
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: 'repository.full', message: 'The disk is full', details: ['Make room.'] });
    expect(operation).toMatchObject({ status: 'failed', attempts: 1, recorded: 1, leases: [] });
  });

  it('tells nothing of an unknown error but its name', async () => {
    const id = randomUUID();
    const operation = world.expect(id, () => {
      throw new TypeError('password is hunter2');
    });
    await failureOf(await start('verify', id));
    expect(operation.error?.code).toBe('internal.error');
    expect(operation.error?.message).toContain('TypeError');
    expect(operation.error?.message).not.toContain('hunter2');
  });

  it('fails without working when another one holds its environment', async () => {
    const [holder, late] = [randomUUID(), randomUUID()];
    const environmentId = randomUUID();
    world.expect(holder, workUntilStopped);
    const holding = await start('restore', holder, { environmentId });
    await eventually(() => expect(world.operations.get(holder)?.attempts).toBe(1));
    const operation = world.expect(late);
    await failureOf(await start('backup', late, { environmentId }));
    expect(operation).toMatchObject({ status: 'failed', attempts: 0, recorded: 1 });
    expect(operation.error?.code).toBe('operation.environment_busy');
    await holding.cancel();
  });

  it('waits while another one holds its repository', async () => {
    const [holder, late] = [randomUUID(), randomUUID()];
    const repositoryId = randomUUID();
    world.expect(holder, workUntilStopped);
    const holding = await start('verify', holder, { repositoryId });
    await eventually(() => expect(world.operations.get(holder)?.attempts).toBe(1));
    const operation = world.expect(late);
    const waiting = await start('expire', late, { repositoryId });
    await delay(1_500);
    expect(operation).toMatchObject({ status: 'pending', attempts: 0 });
    await holding.cancel();
    await waiting.result();
    expect(operation).toMatchObject({ status: 'completed', recorded: 1 });
  });

  it('refuses to begin again once its row is final', async () => {
    const id = randomUUID();
    const operation = world.expect(id);
    operation.status = 'failed';
    const failure = await failureOf(await start('backup', id));
    expect(failure).toMatchObject({ type: 'operation.already_ended' });
    expect(operation).toMatchObject({ status: 'failed', attempts: 0, recorded: 0 });
  });
});

describe.concurrent('a cancel', () => {
  it('stops the work within two seconds and is recorded once', async () => {
    const id = randomUUID();
    const operation = world.expect(id, workUntilStopped);
    const handle = await start('backup', id);
    await eventually(() => expect(operation.attempts).toBe(1));
    const asked = performance.now();
    await handle.cancel();
    expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
    expect(performance.now() - asked).toBeLessThan(2_000);
    expect(operation).toMatchObject({ status: 'cancelled', stopped: true, attempts: 1, recorded: 1, leases: [] });
    expect((await handle.describe()).status.name).toBe('CANCELLED');
  });

  it('waits for an undo, and tells an undo that failed', async () => {
    const id = randomUUID();
    const operation = world.expect(id, async (attempt, signal) => {
      await workUntilStopped(attempt, signal).catch(() => {
        throw new OperationError('postgres.statement_failed', 'The target could not be put back');
      });
    });
    const handle = await start('restore', id);
    await eventually(() => expect(operation.attempts).toBe(1));
    await handle.cancel();
    await failureOf(handle);
    expect(operation).toMatchObject({ status: 'failed', recorded: 1, error: { code: 'postgres.statement_failed' } });
  });

  it('that came too late for some of it tells what was done by then', async () => {
    const id = randomUUID();
    const operation = world.expect(id, (attempt, signal) =>
      workUntilStopped(attempt, signal).catch(() => {
        throw new OperationError('operation.cancelled', 'Cancelled: the database is restored, its storage is not.');
      }),
    );
    const handle = await start('restore', id);
    await eventually(() => expect(operation.attempts).toBe(1));
    await handle.cancel();
    await failureOf(handle);
    const message = 'Cancelled: the database is restored, its storage is not.';
    expect(operation).toMatchObject({ status: 'cancelled', recorded: 1, error: { message } });
  });

  it('ends an operation that waits for its repository', async () => {
    const [holder, late] = [randomUUID(), randomUUID()];
    const repositoryId = randomUUID();
    world.expect(holder, workUntilStopped);
    const holding = await start('verify', holder, { repositoryId });
    await eventually(() => expect(world.operations.get(holder)?.attempts).toBe(1));
    const operation = world.expect(late);
    const waiting = await start('expire', late, { repositoryId });
    await delay(500);
    await waiting.cancel();
    await failureOf(waiting);
    expect(operation).toMatchObject({ status: 'cancelled', attempts: 0, recorded: 1 });
    await holding.cancel();
  });

  it('that comes while the outcome is recorded changes nothing', async () => {
    const id = randomUUID();
    const operation = world.expect(id, undefined, () => delay(1_500));
    const handle = await start('backup', id);
    await eventually(() => expect(operation.finishCalls).toBe(1));
    await handle.cancel();
    await handle.result();
    expect(operation).toMatchObject({ status: 'completed', recorded: 1 });
  });

  it('that meets a lost worker still ends as cancelled', async () => {
    const id = randomUUID();
    const operation = world.expect(id, async () => delay(14_000));
    const handle = await start('backup', id);
    await eventually(() => expect(operation.attempts).toBe(1));
    await handle.cancel();
    await failureOf(handle);
    expect(operation).toMatchObject({ status: 'cancelled', attempts: 1, recorded: 1 });
  });
});

describe.concurrent('a crash', () => {
  it('of the worker is noticed by its silence, and another attempt works', async () => {
    const id = randomUUID();
    const operation = world.expect(id, async (attempt) => {
      if (attempt === 1) await delay(14_000);
    });
    await (await start('backup', id)).result();
    expect(operation).toMatchObject({ status: 'completed', attempts: 2, recorded: 1 });
  });

  it('of our own database delays the record until it is back', async () => {
    const id = randomUUID();
    const operation = world.expect(id, undefined, (call) => {
      if (call < 3) throw new Error('connection refused');
    });
    await (await start('verify', id)).result();
    expect(operation).toMatchObject({ status: 'completed', finishCalls: 3, recorded: 1 });
  });

  it('by a terminate records nothing, and the work is told to stop', async () => {
    const id = randomUUID();
    const operation = world.expect(id, workUntilStopped);
    const handle = await start('backup', id);
    await eventually(() => expect(operation.attempts).toBe(1));
    await handle.terminate('by an operator');
    expect(await failureOf(handle)).toBeInstanceOf(TerminatedFailure);
    await eventually(() => expect(operation.stopped).toBe(true));
    expect(operation).toMatchObject({ status: 'running', recorded: 0 });
  });
});

describe.concurrent('a question', () => {
  it('to an environment is answered with its report', async () => {
    const options = { taskQueue: TASK_QUEUE, workflowId: randomUUID(), args: [{ environmentId: randomUUID() }] };
    expect(await client.workflow.execute('probe', options)).toEqual(FAKE_PROBE);
  });

  it('to a repository is answered with its report', async () => {
    const options = { taskQueue: TASK_QUEUE, workflowId: randomUUID(), args: [{ repositoryId: randomUUID() }] };
    expect(await client.workflow.execute('attach', options)).toEqual(FAKE_ATTACHED);
    const probe = { ...options, workflowId: randomUUID() };
    expect(await client.workflow.execute('probeRepository', probe)).toEqual(FAKE_REPOSITORY_PROBE);
  });
});
