import { isErrorCode, OperationError } from '@holdfast/contracts';
import type { OperationKind, Progress, StepProgress } from '@holdfast/contracts';
import { Context } from '@temporalio/activity';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/common';
import type { ActivityDependencies } from './dependencies.ts';
import { toFailure, withoutSecrets } from './failures.ts';
import { operationEnded, startProgress } from './progress-writer.ts';
import type { HeartbeatDetail } from './progress-writer.ts';

/** What the engine's verbs take beside their input. */
export interface EngineRun {
  signal: AbortSignal;
  onProgress: (told: StepProgress) => void;
}

/** Operations of this process, by id: how to end the attempt that runs now, and when it is over. */
const attempts = new Map<string, { replaced: AbortController; over: Promise<void> }>();

/**
 * Runs one engine verb inside an activity: heartbeats and progress while it works, its end when the activity is
 * cancelled, when the operation's row is no longer running, or when a newer attempt takes over; errors translated.
 * `isLast`: what follows is the recording of the outcome.
 */
export async function runEngine<R>(
  { database }: Pick<ActivityDependencies, 'database'>,
  kind: OperationKind,
  operationId: string,
  work: (run: EngineRun) => Promise<R>,
  { isLast = true }: { isLast?: boolean } = {},
): Promise<R> {
  const context = Context.current();
  const attempt = await takeOver(operationId);
  const progress = startProgress({
    database,
    operationId,
    kind,
    beat: (detail) => context.heartbeat(detail),
    onWriteFailure: (error) => context.log.warn('progress cannot be written', { reason: withoutSecrets(error) }),
  });
  const signal = AbortSignal.any([context.cancellationSignal, progress.ended, attempt.replaced]);
  try {
    const { step } = await requireRunning(database, operationId);
    await tellRetry(database, { operationId, step, attempt: context.info.attempt }, context.info.heartbeatDetails);
    const result = await work({ signal, onProgress: progress.onProgress });
    if (isLast) progress.recording();
    return result;
  } catch (error) {
    const failure = progress.ended.aborted
      ? toFailure(progress.ended.reason, progress.ended)
      : toFailure(error, signal);
    if (!(error instanceof OperationError) && !signal.aborted) {
      context.log.error('unexpected error', { reason: withoutSecrets(error), stack: stackOf(error) });
    }
    context.heartbeat({ ...progress.now(), ...whyEnded(failure) } satisfies HeartbeatDetail);
    throw failure;
  } finally {
    await progress.stop();
    attempt.leave();
  }
}

/** Waits until an earlier attempt of the same operation in this process is over: two must never work side by side. */
async function takeOver(operationId: string): Promise<{ replaced: AbortSignal; leave: () => void }> {
  for (let earlier = attempts.get(operationId); earlier; earlier = attempts.get(operationId)) {
    earlier.replaced.abort(new OperationError('operation.cancelled', 'A newer attempt took over'));
    await earlier.over;
  }
  const replaced = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  attempts.set(operationId, { replaced, over: promise });
  const leave = (): void => {
    attempts.delete(operationId);
    resolve();
  };
  return { replaced: replaced.signal, leave };
}

/** How far an operation's row says that it is. */
async function requireRunning(database: ActivityDependencies['database'], operationId: string): Promise<Progress> {
  const select = { status: true, progress: true };
  const operation = await database.operation.findUnique({ where: { id: operationId }, select });
  if (operation?.status !== 'running') throw operationEnded(operationId);
  // Written by the API from OPERATION_STEPS and by the progress writer; nobody else writes the column.
  return operation.progress as unknown as Progress;
}

function whyEnded(failure: ApplicationFailure | CancelledFailure): Pick<HeartbeatDetail, 'failure' | 'code'> {
  // what is cancelled is not tried again, unless it was its worker that stopped
  if (failure instanceof CancelledFailure) return { failure: 'The worker was stopped' };
  return { failure: failure.message, ...(isErrorCode(failure.type) ? { code: failure.type } : {}) };
}

/** `step`: where the earlier attempt was by its row, which is newer than its last heartbeat. */
async function tellRetry(
  database: ActivityDependencies['database'],
  { operationId, step, attempt }: { operationId: string; step: string | null; attempt: number },
  earlier: HeartbeatDetail | undefined,
): Promise<void> {
  if (attempt === 1) return;
  const reason = earlier?.failure ?? 'The worker stopped answering';
  await database.operationEvent.create({
    data: {
      operationId,
      type: 'retry',
      step: step ?? earlier?.step ?? null,
      message: `Attempt ${attempt} began: ${reason}`,
      data: { attempt, code: earlier?.code ?? null, reason },
    },
  });
}

/** Where it happened, without the first lines that repeat the message. */
const stackOf = (error: unknown): string[] =>
  error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
