import { isErrorCode } from '@holdfast/contracts';
import type { ErrorCode } from '@holdfast/contracts';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TemporalFailure,
  TimeoutFailure,
} from '@temporalio/workflow';

/** What a failed operation's row says. */
export interface FailedOutcome {
  status: 'failed';
  code: ErrorCode;
  message: string;
  hint: string | null;
}

/** Finds the words of the activity that failed inside what Temporal wrapped around them. */
export function failedOutcome(error: unknown): FailedOutcome {
  const chain = causes(error);
  const known = chain.find((cause) => cause instanceof ApplicationFailure && isErrorCode(cause.type));
  if (known instanceof ApplicationFailure && isErrorCode(known.type)) {
    const [hint] = known.details ?? [];
    const message = known.message;
    return { status: 'failed', code: known.type, message, hint: typeof hint === 'string' ? hint : null };
  }
  const timeout = chain.find((cause) => cause instanceof TimeoutFailure);
  if (timeout instanceof TimeoutFailure) {
    return timeout.timeoutType === 'HEARTBEAT'
      ? failed('operation.worker_lost', 'The worker stopped answering, on every attempt')
      : failed('operation.failed', `It took too long (${timeout.timeoutType ?? 'timeout'})`);
  }
  const stopped = chain.find((cause) => cause instanceof ApplicationFailure && cause.type === 'WorkerShutdown');
  if (stopped) return failed('operation.worker_lost', 'The worker was stopped, on every attempt');
  return failed('internal.error', 'The workflow met an unexpected error');
}

/** What a cancelled activity had to say of what it had done by then; else only that it was cancelled. */
export function cancelledMessage(error: unknown): string {
  const cancelled = causes(error).find((cause) => cause instanceof CancelledFailure);
  const [told] = cancelled instanceof CancelledFailure ? (cancelled.details ?? []) : [];
  return typeof told === 'string' ? told : 'Cancelled';
}

/** True for an error that no attempt could have got past. */
export const isLasting = (error: unknown): boolean =>
  causes(error).some((cause) => cause instanceof ApplicationFailure && cause.nonRetryable === true);

const failed = (code: ErrorCode, message: string): FailedOutcome => ({
  status: 'failed',
  code,
  message,
  hint: 'See the workflow in the Temporal Web UI for what happened, attempt by attempt.',
});

function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  let cause = error;
  while (cause instanceof TemporalFailure || cause instanceof ActivityFailure) {
    chain.push(cause);
    cause = cause.cause;
  }
  return chain;
}
