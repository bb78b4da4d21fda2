import { randomUUID } from 'node:crypto';
import { OperationError, TASK_QUEUE } from '@holdfast/contracts';
import { throwawayTemporal } from '@holdfast/testing';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HEARTBEAT_THROTTLE } from './activities/progress-writer.ts';
import { bundleWorkflows } from './bundle.ts';
import { fakeWorld, workUntilStopped, type Behaviour } from './fake-activities.ts';
import { FAKE_INPUTS, FAKE_RESULTS, withSafetyBackup } from './fake-results.ts';
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
    ...{ connection: workerConnection, taskQueue: TASK_QUEUE, workflowBundle, activities: world.activities },
    ...HEARTBEAT_THROTTLE,
  });
  running = worker.run();
});
afterAll(async () => {
  worker?.shutdown();
  await running;
  await workerConnection?.close();
  await connection?.close();
  await temporal?.stop();
});

/** Starts a restore that takes a safety backup first; what both were seen to do, in order. */
async function start(of: { restore?: Behaviour; backup?: Behaviour; dryRun?: boolean; refusal?: OperationError }) {
  const [id, safetyId] = [randomUUID(), randomUUID()];
  const seen: string[] = [];
  const behaviour = (what: string, more: Behaviour = () => undefined): Behaviour => {
    return async (attempt, signal) => {
      seen.push(`${what} ${attempt}`);
      await more(attempt, signal);
    };
  };
  const restore = world.expect(id, behaviour('restore', of.restore));
  if (of.refusal) world.refusals.set(id, of.refusal);
  const backup = world.expect(safetyId, behaviour('backup', of.backup));
  const input = {
    ...withSafetyBackup({ ...FAKE_INPUTS.restore, environmentId: id, repositoryId: id }, safetyId),
    dryRun: of.dryRun ?? false,
  };
  const options = { taskQueue: TASK_QUEUE, workflowId: `restore/spec/${id}`, args: [{ operationId: id, input }] };
  const handle = await client.workflow.start('restore', options);
  const failure = async (): Promise<unknown> => {
    const error: unknown = await handle.result().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return error instanceof WorkflowFailedError ? error.cause : error;
  };
  return { handle, failure, seen, restore, backup, child: client.workflow.getHandle(`backup/shop/${safetyId}`) };
}

describe('a restore with a safety backup', () => {
  it('takes it before it works, as an operation of its own, under its own leases', async () => {
    let held: unknown;
    const { handle, seen, restore, backup } = await start({
      backup: () => {
        held = [restore.leases.length, restore.status, backup.leases.length, backup.status];
      },
    });
    const report = await handle.result();
    expect(report).toEqual({ ...FAKE_RESULTS.restore, safetyBackupId: FAKE_INPUTS.backup.backupId });
    expect(seen).toEqual(['backup 1', 'restore 1']);
    expect(held).toEqual([2, 'running', 0, 'running']);
    for (const one of [restore, backup]) expect(one).toMatchObject({ status: 'completed', recorded: 1, leases: [] });
  });

  it('takes no second one when the restore is tried again', async () => {
    const { handle, seen } = await start({
      backup: (attempt) => {
        if (attempt === 1) throw new OperationError('postgres.connection_lost', 'The connection was lost');
      },
      restore: (attempt) => {
        if (attempt < 3) throw new OperationError('postgres.connection_lost', 'The connection was lost');
      },
    });
    await handle.result();
    expect(seen).toEqual(['backup 1', 'backup 2', 'restore 1', 'restore 2', 'restore 3']);
  });

  it('does not touch the target when it fails, and says which of both failed', async () => {
    const { failure, seen, restore, backup } = await start({
      backup: () => {
        throw new OperationError('repository.full', 'The disk is full', { hint: 'Make room.' });
      },
    });
    expect(await failure()).toMatchObject({
      type: 'repository.full',
      message: 'The safety backup failed: The disk is full',
      details: [expect.stringContaining('safetyBackup: false')],
    });
    expect(seen).toEqual(['backup 1']);
    expect([restore.status, restore.leases, backup.status]).toEqual(['failed', [], 'failed']);
  });

  it.each(['restore', 'backup'] as const)('ends as cancelled when the %s is cancelled meanwhile', async (which) => {
    const { handle, child, failure, seen, restore, backup } = await start({ backup: workUntilStopped });
    await vi.waitFor(() => expect(backup.attempts).toBe(1), { timeout: 10_000, interval: 50 });
    await (which === 'restore' ? handle : child).cancel();
    await failure();
    expect([restore.status, backup.status, backup.stopped]).toEqual(['cancelled', 'cancelled', true]);
    expect(seen).toEqual(['backup 1']);
  });

  it('ends with a restore that is terminated', async () => {
    const { handle, child, seen, backup } = await start({ backup: workUntilStopped });
    await vi.waitFor(() => expect(backup.attempts).toBe(1), { timeout: 10_000, interval: 50 });
    await handle.terminate('by hand');
    await expect.poll(async () => (await child.describe()).status.name, { timeout: 10_000 }).toBe('TERMINATED');
    await vi.waitFor(() => expect(backup.stopped).toBe(true), { timeout: 10_000, interval: 50 });
    expect(seen).toEqual(['backup 1']);
  });

  it('takes none where the restore would be refused', async () => {
    const { failure, seen, restore, backup } = await start({
      refusal: new OperationError('restore.wrong_target', 'That is another server', { hint: 'Type its name.' }),
    });
    expect(await failure()).toMatchObject({ type: 'restore.wrong_target', details: ['Type its name.'] });
    expect([seen, restore.status, backup.status]).toEqual([[], 'failed', 'pending']);
  });

  it('takes none for a dry run', async () => {
    const { handle, seen } = await start({ dryRun: true });
    expect(await handle.result()).not.toHaveProperty('safetyBackupId');
    expect(seen).toEqual(['restore 1']);
  });
});
