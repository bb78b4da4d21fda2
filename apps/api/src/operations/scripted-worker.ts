import { setTimeout as sleep } from 'node:timers/promises';
import { OperationError, TASK_QUEUE } from '@holdfast/contracts';
import { encryptedPayloadCodec } from '@holdfast/crypto';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';

const { CommandType, EventType } = proto.temporal.api.enums.v1;
type Task = proto.temporal.api.workflowservice.v1.IPollWorkflowTaskQueueResponse;
type Command = proto.temporal.api.command.v1.ICommand;

/** Answers a workflow's input with its result; throws an OperationError to fail it; `GO_ON` leaves it running. */
export type Script = (input: unknown, workflowId: string) => unknown;
export const GO_ON = Symbol('go on');

/** A worker for specs: it speaks Temporal's own protocol, and plays each workflow by a script instead of running code. */
export interface ScriptedWorker {
  scripts: Map<string, Script>;
  /** Every workflow that was started, as decoded from its history. */
  started: { workflow: string; workflowId: string; input: unknown }[];
  stop(): Promise<void>;
}

const NAMESPACE = 'default';
/** A poll without work ends before this. */
const POLL_MS = 70_000;

export async function scriptedWorker(address: string, masterKey: Uint8Array): Promise<ScriptedWorker> {
  const connection = await Connection.connect({ address });
  const codec = encryptedPayloadCodec(masterKey);
  const stopping = new AbortController();
  const worker: ScriptedWorker = {
    scripts: new Map(),
    started: [],
    stop: async () => {
      stopping.abort();
      await connection.close();
      const [outcome] = await Promise.allSettled([polling]);
      if (outcome.status === 'rejected') throw outcome.reason;
    },
  };
  const polling = poll(connection, codec, worker, stopping.signal);
  // Told by `stop`.
  polling.catch(() => undefined);
  return worker;
}

async function poll(
  connection: Connection,
  codec: PayloadCodec,
  worker: ScriptedWorker,
  signal: AbortSignal,
): Promise<void> {
  const ask = { namespace: NAMESPACE, taskQueue: { name: TASK_QUEUE }, identity: 'scripted-worker' };
  while (!signal.aborted) {
    try {
      const task = await connection.withAbortSignal(signal, () =>
        connection.withDeadline(Date.now() + POLL_MS, () => connection.workflowService.pollWorkflowTaskQueue(ask)),
      );
      if (!task.taskToken?.length) continue;
      const commands = await commandsFor(task, codec, worker);
      await connection.withDeadline(Date.now() + POLL_MS, () =>
        connection.workflowService.respondWorkflowTaskCompleted({
          namespace: NAMESPACE,
          taskToken: task.taskToken ?? new Uint8Array(),
          commands,
        }),
      );
    } catch (error) {
      // The server may be away for a while; a mistake of the script is one of the spec.
      if (!isGrpcServiceError(error)) throw error;
      if (!signal.aborted) await sleep(100);
    }
  }
}

async function commandsFor(task: Task, codec: PayloadCodec, worker: ScriptedWorker): Promise<Command[]> {
  const events = task.history?.events ?? [];
  const cancelled = events.some(
    ({ eventType }) => eventType === EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED,
  );
  if (cancelled) {
    const cancelWorkflowExecutionCommandAttributes = {};
    return [
      { commandType: CommandType.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION, cancelWorkflowExecutionCommandAttributes },
    ];
  }
  const [payload] = events[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  const [plain] = payload ? await codec.decode([payload]) : [];
  const input: unknown = plain && defaultPayloadConverter.fromPayload(plain);
  const workflow = task.workflowType?.name ?? '';
  const workflowId = task.workflowExecution?.workflowId ?? '';
  worker.started.push({ workflow, workflowId, input });
  try {
    const result = await worker.scripts.get(workflow)?.(input, workflowId);
    if (result === GO_ON || result === undefined) return [];
    const payloads = await codec.encode([defaultPayloadConverter.toPayload(result) as Payload]);
    const completeWorkflowExecutionCommandAttributes = { result: { payloads } };
    return [
      { commandType: CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION, completeWorkflowExecutionCommandAttributes },
    ];
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    return [await failureOf(error, codec)];
  }
}

async function failureOf(error: OperationError, codec: PayloadCodec): Promise<Command> {
  const payloads = await codec.encode([defaultPayloadConverter.toPayload(error.hint ?? null) as Payload]);
  return {
    commandType: CommandType.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
    failWorkflowExecutionCommandAttributes: {
      failure: {
        message: error.message,
        applicationFailureInfo: { type: error.code, nonRetryable: true, details: { payloads } },
      },
    },
  };
}
