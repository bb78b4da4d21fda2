import { fileURLToPath } from 'node:url';
import { TASK_QUEUE } from '@holdfast/contracts';
import { encryptedPayloadCodec } from '@holdfast/crypto';
import { createActivities, HEARTBEAT_THROTTLE } from '@holdfast/temporal/activities';
import type { ActivityDependencies } from '@holdfast/temporal/activities';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { patiently } from './patience.ts';

/** Beside this file once it is built. */
const BUNDLE = fileURLToPath(new URL('./workflow-bundle.js', import.meta.url));

/**
 * Runs workflows and activities until the signal aborts, through any absence of Temporal or of our database;
 * `onPolling` is called each time work can be taken.
 */
export async function pollUntilStopped(
  config: Config,
  dependencies: ActivityDependencies,
  options: { signal: AbortSignal; log: Logger; onPolling: () => void },
): Promise<void> {
  const { signal, log } = options;
  const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown');
  while (!signal.aborted) {
    await patiently(() => dependencies.database.operation.findFirst({ select: { id: true } }), {
      signal,
      onFailure: () => log.warn('waiting for the control plane database'),
    });
    const connection = await patiently(() => NativeConnection.connect({ address: config.TEMPORAL_ADDRESS }), {
      signal,
      onFailure: () => log.warn({ address: config.TEMPORAL_ADDRESS }, 'waiting for Temporal'),
    });
    try {
      const worker = await patiently(() => createWorker(config, dependencies, connection), {
        signal,
        onFailure: (error) => log.warn({ reason: reasonOf(error) }, 'waiting for the Temporal namespace'),
      });
      await runWorker(worker, options);
    } catch (error) {
      if (!signal.aborted) log.error({ reason: reasonOf(error) }, 'the worker stopped, starting it again');
    } finally {
      await connection.close();
    }
  }
}

async function runWorker(worker: Worker, options: { signal: AbortSignal; onPolling: () => void }): Promise<void> {
  const shutdown = (): void => worker.shutdown();
  const running = worker.run();
  options.signal.addEventListener('abort', shutdown, { once: true });
  if (options.signal.aborted) shutdown();
  else options.onPolling();
  try {
    await running;
  } finally {
    options.signal.removeEventListener('abort', shutdown);
  }
}

const createWorker = (
  config: Config,
  dependencies: ActivityDependencies,
  connection: NativeConnection,
): Promise<Worker> =>
  Worker.create({
    connection,
    namespace: config.TEMPORAL_NAMESPACE,
    taskQueue: TASK_QUEUE,
    workflowBundle: { codePath: BUNDLE },
    activities: createActivities(dependencies),
    dataConverter: { payloadCodecs: [encryptedPayloadCodec(config.HOLDFAST_MASTER_KEY)] },
    maxConcurrentActivityTaskExecutions: 4,
    maxCachedWorkflows: 20,
    ...HEARTBEAT_THROTTLE,
    shutdownGraceTime: '200 milliseconds',
    shutdownForceTime: '1500 milliseconds',
  });
