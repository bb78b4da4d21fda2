import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  ATTACH_WORKFLOW,
  OperationError,
  PROBE_REPOSITORY_WORKFLOW,
  PROBE_WORKFLOW,
  RELEASE_WORKFLOW,
  TASK_QUEUE,
  workflowId,
} from '@holdfast/contracts';
import type { OperationKind } from '@holdfast/contracts';
import { bundleWorkflows } from '@holdfast/temporal/bundle';
import { FAKE_INPUTS, fakeWorld, withSafetyBackup, workUntilStopped } from '@holdfast/temporal/fake-activities';
import type { Behaviour } from '@holdfast/temporal/fake-activities';
import { throwawayTemporal } from '@holdfast/testing';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';

// Records the histories that the replay spec replays, one file an ending: node tools/record.ts
// Runs the real workflows on a real server with activities in memory. The data converter is the plain one, so that
// replaying needs no key; nothing of this machine stays in the files.

const HISTORIES = resolve(import.meta.dirname, '../temporal/histories');
const IDENTITY = 'record';

interface Recording {
  ending: string;
  /** Only of restores: how the safety backup goes. */
  safety?: Behaviour;
  engine?: Behaviour;
  cancel?: boolean;
  ended?: boolean;
}

const RECORDINGS: Recording[] = [
  { ending: 'completed' },
  {
    ending: 'retried',
    engine: (attempt) => {
      if (attempt === 1) throw new OperationError('repository.unreachable', 'The repository cannot be reached');
    },
  },
  {
    ending: 'failed',
    engine: () => {
      throw new OperationError('repository.full', 'The repository is full', { hint: 'Make room and start again.' });
    },
  },
  { ending: 'cancelled', engine: workUntilStopped, cancel: true },
  { ending: 'refused', ended: true },
  { ending: 'safety-completed', safety: () => undefined },
  {
    ending: 'safety-failed',
    safety: () => {
      throw new OperationError('repository.full', 'The repository is full', { hint: 'Make room and start again.' });
    },
  },
];

const operationId = (kind: number, ending: number): string => `01930000-0000-7000-8000-00000000${kind}${ending}00`;

/** Stack traces name files of this machine, and replaying does not look at them. */
const portable = (history: string): string => {
  const parsed: unknown = JSON.parse(history, (key, value: unknown) => (key === 'stackTrace' ? '' : value));
  return `${JSON.stringify(parsed, null, 2)}\n`;
};

async function save(handle: WorkflowHandle, folder: string, ending: string): Promise<void> {
  const history = historyToJSON(await handle.fetchHistory());
  await mkdir(join(HISTORIES, folder), { recursive: true });
  await writeFile(join(HISTORIES, folder, `${ending}.json`), portable(history));
  console.log(`${folder}/${ending}.json`);
}

async function record(
  client: Client,
  world: ReturnType<typeof fakeWorld>,
  kind: OperationKind,
  id: string,
  recording: Recording,
): Promise<void> {
  const operation = world.expect(id, recording.engine);
  if (recording.ended) operation.status = 'failed';
  const safetyId = id.replace(/..$/, '01');
  if (recording.safety) world.expect(safetyId, recording.safety);
  const input = recording.safety ? withSafetyBackup(FAKE_INPUTS.restore, safetyId) : FAKE_INPUTS[kind];
  const args = [{ operationId: id, input }];
  const handle = await client.workflow.start(kind, {
    taskQueue: TASK_QUEUE,
    workflowId: workflowId(kind, 'shop', id),
    args,
  });
  while (recording.cancel && operation.attempts === 0) await new Promise((wait) => setTimeout(wait, 50));
  if (recording.cancel) await handle.cancel();
  await handle.result().catch(() => undefined);
  await save(handle, kind, recording.ending);
}

async function recordAll(client: Client, world: ReturnType<typeof fakeWorld>): Promise<void> {
  const kinds = Object.keys(FAKE_INPUTS) as OperationKind[];
  for (const [kindIndex, kind] of kinds.entries()) {
    for (const [index, recording] of RECORDINGS.entries()) {
      if (recording.safety && kind !== 'restore') continue;
      await record(client, world, kind, operationId(kindIndex, index), recording);
    }
  }
  for (const [name, input] of [
    [PROBE_WORKFLOW, { environmentId: operationId(8, 0) }],
    [PROBE_REPOSITORY_WORKFLOW, { repositoryId: operationId(9, 0) }],
    [ATTACH_WORKFLOW, { repositoryId: operationId(9, 0) }],
    [RELEASE_WORKFLOW, { operationId: operationId(2, 0) }],
  ] as const) {
    const handle = await client.workflow.start(name, { taskQueue: TASK_QUEUE, workflowId: name, args: [input] });
    await handle.result();
    await save(handle, name, 'completed');
  }
}

Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'ERROR' } } });
const world = fakeWorld();
const [temporal, workflowBundle] = await Promise.all([throwawayTemporal(), bundleWorkflows()]);
const connection = await Connection.connect({ address: temporal.address });
const workerConnection = await NativeConnection.connect({ address: temporal.address });
const worker = await Worker.create({
  connection: workerConnection,
  taskQueue: TASK_QUEUE,
  workflowBundle,
  activities: world.activities,
  identity: IDENTITY,
  maxHeartbeatThrottleInterval: '1 second',
});
await rm(HISTORIES, { recursive: true, force: true });
await worker.runUntil(recordAll(new Client({ connection, identity: IDENTITY }), world));
await workerConnection.close();
await connection.close();
await temporal.stop();
