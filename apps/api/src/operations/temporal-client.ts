import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { OperationError, TASK_QUEUE } from '@holdfast/contracts';
import { encryptedPayloadCodec } from '@holdfast/crypto';
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  isGrpcServiceError,
  makeGrpcRetryInterceptor,
  ServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  type WorkflowExecutionDescription,
  type WorkflowStartOptions,
} from '@temporalio/client';
import type { Config } from '../config.ts';
import { CONFIG } from '../database/database.module.ts';
import { operationErrorOf } from './workflow-failure.ts';

/** Every single call: the promise of an answer within 3 s leaves the rest for a last retry and our own rows. */
const CALL_MS = 2_200;
/** Between attempts; the SDK's default grows to 5 s, past any deadline. */
const RETRY_WAIT_MS = 200;

// gRPC's status codes (https://grpc.io/docs/guides/status-codes/).
const GRPC_INVALID_ARGUMENT = 3;

/** What a queue's poller looked like when it last asked for work. */
export interface Poller {
  identity: string;
  lastSeenAt: Date | null;
}

const dateOf = (time: { seconds?: unknown } | null | undefined): Date | null =>
  time?.seconds === undefined || time.seconds === null ? null : new Date(Number(time.seconds) * 1000);

/** The one place that talks to Temporal. Connects on first use, so that the API boots and reads without it. */
@Injectable()
export class TemporalClient implements OnApplicationShutdown {
  private readonly connection: Connection;
  private readonly client: Client;
  private readonly namespace: string;

  constructor(@Inject(CONFIG) config: Config) {
    this.namespace = config.TEMPORAL_NAMESPACE;
    this.connection = Connection.lazy({
      address: config.TEMPORAL_ADDRESS,
      // Back within a second once Temporal is back; the default backs off for two minutes.
      channelArgs: { 'grpc.initial_reconnect_backoff_ms': 250, 'grpc.max_reconnect_backoff_ms': 1_000 },
      interceptors: [
        makeGrpcRetryInterceptor({
          ...defaultGrpcRetryOptions({ maxAttempts: 100 }),
          delayFunction: () => RETRY_WAIT_MS,
        }),
      ],
    });
    this.client = new Client({
      connection: this.connection,
      namespace: this.namespace,
      dataConverter: { payloadCodecs: [encryptedPayloadCodec(config.HOLDFAST_MASTER_KEY)] },
    });
  }

  /** Starts a workflow; throws `temporal.unavailable` when Temporal does not take it in time. */
  async start(workflow: string, options: Omit<WorkflowStartOptions, 'taskQueue'>): Promise<void> {
    await this.call(() =>
      this.client.workflow.start(workflow, { ...options, taskQueue: TASK_QUEUE } as WorkflowStartOptions),
    );
  }

  /**
   * Starts a short workflow and waits for its result; throws the error it failed with, `temporal.unavailable`, or
   * `worker.unavailable` when no worker has answered within `timeoutMs`.
   */
  async execute<T>(workflow: string, id: string, input: unknown, timeoutMs: number): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    // The server ends it a little later than we stop waiting: nothing is left over when no worker ever comes.
    await this.start(workflow, { workflowId: id, args: [input], workflowExecutionTimeout: timeoutMs + 2_000 });
    try {
      return (await this.client.withDeadline(deadline, () => this.client.workflow.getHandle(id).result())) as T;
    } catch (cause) {
      if (cause instanceof WorkflowFailedError) throw operationErrorOf(cause);
      if (!isUnavailable(cause)) throw cause;
      throw new OperationError(
        'worker.unavailable',
        `No worker answered within ${Math.round(timeoutMs / 1000)} seconds`,
        {
          hint: 'Start a worker, or look at GET /api/v1/progress/health/status.',
          cause,
        },
      );
    }
  }

  /** Asks a workflow to stop; false when there is no such workflow or it has ended. */
  cancel(id: string): Promise<boolean> {
    return this.whereFound(async () => {
      await this.client.workflow.getHandle(id).cancel();
    });
  }

  /** Ends a workflow at once; false when there is no such workflow or it has ended. */
  terminate(id: string, reason: string): Promise<boolean> {
    return this.whereFound(async () => {
      await this.client.workflow.getHandle(id).terminate(reason);
    });
  }

  /** What Temporal knows of a workflow, null for one it does not know. */
  async describe(id: string): Promise<WorkflowExecutionDescription | null> {
    try {
      return await this.call(() => this.client.workflow.getHandle(id).describe());
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  }

  /** Why a closed workflow did not succeed; null when it did. */
  async failureOf(id: string): Promise<OperationError | null> {
    try {
      await this.call(() => this.client.workflow.getHandle(id).result());
      return null;
    } catch (error) {
      if (error instanceof WorkflowFailedError) return operationErrorOf(error);
      throw error;
    }
  }

  /** Who polls our task queue. Temporal forgets a poller five minutes after it was last seen. */
  async pollers(): Promise<Poller[]> {
    const answer = await this.call(() =>
      this.connection.workflowService.describeTaskQueue({
        namespace: this.namespace,
        taskQueue: { name: TASK_QUEUE },
        // TASK_QUEUE_TYPE_WORKFLOW
        taskQueueType: 1,
      }),
    );
    return (answer.pollers ?? []).map((poller) => ({
      identity: poller.identity ?? '',
      lastSeenAt: dateOf(poller.lastAccessTime),
    }));
  }

  /** The server's version; throws `temporal.unavailable`. */
  async serverVersion(): Promise<string> {
    const answer = await this.call(() => this.connection.workflowService.getClusterInfo({}));
    return answer.serverVersion ?? 'unknown';
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }

  private async whereFound(act: () => Promise<void>): Promise<boolean> {
    try {
      await this.call(act);
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  private async call<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await this.client.withDeadline(Date.now() + CALL_MS, act);
    } catch (error) {
      if (isUnavailable(error)) throw unavailable(error);
      throw error;
    }
  }
}

// A refused request is no outage; everything else that gRPC says means that Temporal cannot do its part now.
function isUnavailable(error: unknown): boolean {
  if (error instanceof WorkflowNotFoundError) return false;
  return error instanceof ServiceError || isGrpcServiceError(error);
}

function unavailable(cause: unknown): OperationError {
  const grpc = isGrpcServiceError(cause) ? cause : (cause as { cause?: unknown }).cause;
  if (isGrpcServiceError(grpc) && grpc.code === GRPC_INVALID_ARGUMENT) {
    return new OperationError('temporal.unavailable', `Temporal refused the request: ${grpc.details}`, {
      hint: 'Are the search attributes EnvironmentId, OperationKind and ActorId (Keyword) registered in the namespace?',
      cause,
    });
  }
  return new OperationError('temporal.unavailable', 'Temporal did not answer in time', {
    hint: 'Nothing was started. Try again once GET /api/v1/progress/health/status shows Temporal as reachable.',
    cause,
  });
}
