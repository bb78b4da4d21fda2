import { OperationError } from '@holdfast/contracts';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';

/**
 * An unknown error in words that can leave the process: its name and code only, because its message may quote
 * anything, a connection string included.
 */
export function withoutSecrets(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown error';
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return error.name.startsWith('PrismaClient')
    ? `the control plane's database did not answer as expected${code}`
    : `${error.name}${code}`;
}

/** The one translation of what an activity threw into what Temporal records: the code as its type, the hint as detail. */
export function toFailure(error: unknown, signal: AbortSignal): ApplicationFailure | CancelledFailure {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof OperationError && error.code !== 'operation.cancelled') {
    // A lasting problem met while stopping (an undo that failed) is told; a passing one is what stopping looks like.
    if (!signal.aborted || !error.retryable) {
      return ApplicationFailure.create({
        type: error.code,
        message: error.message,
        nonRetryable: !error.retryable,
        details: [error.hint ?? null],
      });
    }
  }
  // what a cancel came too late for: the message of a cancelled activity stays behind, its details do not
  const told = error instanceof OperationError && error.code === 'operation.cancelled' ? [error.message] : [];
  if (signal.aborted) return new CancelledFailure('Stopped', told);
  return ApplicationFailure.create({
    type: 'internal.error',
    message: `Unexpected: ${withoutSecrets(error)}`,
    details: [null],
  });
}
