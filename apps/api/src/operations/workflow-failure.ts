import { isErrorCode, OperationError } from '@holdfast/contracts';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';

/** Activities and workflows put an error's hint first among their failure's details. */
function hintOf(failure: ApplicationFailure): string | undefined {
  const [hint] = failure.details ?? [];
  return typeof hint === 'string' ? hint : undefined;
}

/** The error behind a failed workflow: an activity's failure carries its code as its type. */
export function operationErrorOf(failed: Error): OperationError {
  for (let error: unknown = failed; error instanceof Error; error = error.cause) {
    if (error instanceof ApplicationFailure && isErrorCode(error.type)) {
      const hint = hintOf(error);
      return new OperationError(error.type, error.message, { ...(hint === undefined ? {} : { hint }), cause: failed });
    }
    if (error instanceof TerminatedFailure) {
      return new OperationError('operation.terminated', 'The workflow was terminated', { cause: failed });
    }
    if (error instanceof CancelledFailure) {
      return new OperationError('operation.cancelled', 'The workflow was cancelled', { cause: failed });
    }
    if (error instanceof TimeoutFailure && !(error.cause instanceof Error)) {
      return new OperationError('worker.unavailable', 'No worker finished it in time', { cause: failed });
    }
  }
  return new OperationError('operation.failed', 'The workflow failed', { cause: failed });
}
