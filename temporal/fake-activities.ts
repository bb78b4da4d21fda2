import { OperationError, isFinal } from '@holdfast/contracts';
import type {
  AttachReport,
  OperationKind,
  OperationStart,
  OperationStatus,
  ProbeReport,
  ReleaseReport,
  RepositoryProbeReport,
} from '@holdfast/contracts';
import { Context } from '@temporalio/activity';
import { toFailure } from './activities/failures.ts';
import type { Activities, FinishInput, LeaseRequest, OperationResults } from './activities/signatures.ts';
import { FAKE_ATTACHED, FAKE_PROBE, FAKE_RELEASED, FAKE_REPOSITORY_PROBE, FAKE_RESULTS } from './fake-results.ts';

/** What a fake engine does on one attempt before it answers; it may throw, wait, or hang. */
export type Behaviour = (attempt: number, signal: AbortSignal) => Promise<void> | void;

export interface FakeOperation {
  status: OperationStatus;
  leases: LeaseRequest[];
  /** Attempts of the engine's activity. */
  attempts: number;
  /** How often an outcome was recorded, and how often recording was tried. */
  recorded: number;
  finishCalls: number;
  error: { code: string; message: string; hint: string | null } | null;
  /** True once the engine was told to stop and did. */
  stopped: boolean;
}

export interface FakeWorld {
  activities: Activities;
  operations: Map<string, FakeOperation>;
  /** What the check of a restore throws, by the restore's id. */
  refusals: Map<string, OperationError>;
  /** Registers a pending operation and how its engine behaves. */
  expect(operationId: string, behaviour?: Behaviour, beforeFinish?: Behaviour): FakeOperation;
}

const pendingOperation = (): FakeOperation => ({
  ...{ status: 'pending', leases: [], attempts: 0, recorded: 0, finishCalls: 0, error: null, stopped: false },
});

/** Those that somebody waits for; they keep no state. */
const SHORT = {
  probeEnvironment: translated(async (): Promise<ProbeReport> => FAKE_PROBE),
  probeRepository: translated(async (): Promise<RepositoryProbeReport> => FAKE_REPOSITORY_PROBE),
  attachRepository: translated(async (): Promise<AttachReport> => FAKE_ATTACHED),
  releaseQuarantine: translated(async (): Promise<ReleaseReport> => FAKE_RELEASED),
};

/** The activities over state in memory instead of a database and an engine; failures are translated as the real ones are. */
export function fakeWorld(): FakeWorld {
  const operations = new Map<string, FakeOperation>();
  const behaviours = new Map<string, { engine: Behaviour; beforeFinish: Behaviour }>();
  const refusals = new Map<string, OperationError>();
  const find = (operationId: string): FakeOperation => {
    const operation = operations.get(operationId);
    if (operation === undefined) throw new OperationError('resource.not_found', `There is no operation ${operationId}`);
    return operation;
  };

  const engine = <K extends OperationKind>(kind: K) =>
    translated(async ({ operationId }: OperationStart<K>): Promise<OperationResults[K]> => {
      const operation = find(operationId);
      const { info, cancellationSignal } = Context.current();
      operation.attempts += 1;
      cancellationSignal.addEventListener('abort', () => (operation.stopped = true));
      await behaviours.get(operationId)?.engine(info.attempt, cancellationSignal);
      return FAKE_RESULTS[kind];
    });

  const activities: Activities = {
    beginOperation: translated(async ({ operationId, leases }) => {
      const operation = find(operationId);
      if (isFinal(operation.status)) throw new OperationError('operation.already_ended', 'It has already ended');
      if (operation.status === 'running') return;
      refuseIfHeld(operations, operationId, leases);
      Object.assign(operation, { status: 'running', leases });
    }),
    finishOperation: translated(async ({ operationId, outcome }) => {
      const operation = find(operationId);
      operation.finishCalls += 1;
      await behaviours.get(operationId)?.beforeFinish(operation.finishCalls, new AbortController().signal);
      if (isFinal(operation.status)) return;
      const { status } = outcome;
      Object.assign(operation, { status, error: errorOf(outcome), leases: [], recorded: operation.recorded + 1 });
    }),
    checkRestore: translated(async ({ operationId }) => {
      find(operationId);
      const refusal = refusals.get(operationId);
      if (refusal) throw refusal;
    }),
    // what it records is expected by whoever starts the restore
    recordSafetyBackup: translated(async ({ safetyBackup }) => void find(safetyBackup.operationId)),
    runBackup: engine('backup'),
    runVerify: engine('verify'),
    runRestore: engine('restore'),
    runExpire: engine('expire'),
    ...SHORT,
  };

  return {
    activities,
    operations,
    refusals,
    expect(operationId, behaviour = () => undefined, beforeFinish = () => undefined) {
      const operation = pendingOperation();
      operations.set(operationId, operation);
      behaviours.set(operationId, { engine: behaviour, beforeFinish });
      return operation;
    },
  };
}

function errorOf(outcome: FinishInput<OperationKind>['outcome']): FakeOperation['error'] {
  if (outcome.status === 'completed') return null;
  if (outcome.status === 'cancelled') return { code: 'operation.cancelled', message: outcome.message, hint: null };
  return { code: outcome.code, message: outcome.message, hint: outcome.hint };
}

/** Heartbeats until the activity is told to stop, then throws why. */
export async function workUntilStopped(_attempt: number, signal: AbortSignal): Promise<void> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), 100);
  try {
    await new Promise<void>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  } finally {
    clearInterval(timer);
  }
}

function refuseIfHeld(operations: Map<string, FakeOperation>, operationId: string, wanted: LeaseRequest[]): void {
  const others = [...operations].filter(([id]) => id !== operationId).flatMap(([, { leases }]) => leases);
  for (const { resource, mode } of wanted) {
    const held = others.some(
      (other) => other.resource === resource && (mode === 'exclusive' || other.mode === 'exclusive'),
    );
    const noun = resource.startsWith('environment:') ? 'environment' : 'repository';
    if (held) throw new OperationError(`operation.${noun}_busy`, `The ${noun} is held`, { hint: 'Wait for it.' });
  }
}

function translated<I, O>(activity: (input: I) => Promise<O>): (input: I) => Promise<O> {
  return async (input) => {
    try {
      return await activity(input);
    } catch (error) {
      throw toFailure(error, Context.current().cancellationSignal);
    }
  };
}

export { FAKE_INPUTS, withSafetyBackup } from './fake-results.ts';
