import type { OperationKind, OperationStart } from '@holdfast/contracts';
import { ApplicationFailure, CancellationScope, CancelledFailure, isCancellation } from '@temporalio/workflow';
import type { LeaseRequest, OperationResults, Outcome } from '../activities/signatures.ts';
import { beginOperation, finishOperation } from './asked-activities.ts';
import { cancelledMessage, failedOutcome, isLasting } from './failed-outcome.ts';

/**
 * The envelope of every operation: takes the leases, does the work, records the outcome once. Recording is out of a
 * cancel's reach and is retried until it stands; it frees the leases.
 */
export async function recordedOperation<K extends OperationKind>(
  kind: K,
  { operationId }: OperationStart<K>,
  leases: LeaseRequest[],
  work: () => Promise<OperationResults[K]>,
): Promise<OperationResults[K]> {
  const outcome = await outcomeOf<K>(async () => {
    await beginOperation({ operationId, leases });
    return work();
  });
  await CancellationScope.nonCancellable(() => finishOperation({ operationId, kind, outcome }));
  if (outcome.status === 'completed') return outcome.result;
  if (outcome.status === 'cancelled') throw new CancelledFailure(outcome.message);
  throw ApplicationFailure.create({
    type: outcome.code,
    message: outcome.message,
    nonRetryable: true,
    details: [outcome.hint],
  });
}

async function outcomeOf<K extends OperationKind>(work: () => Promise<OperationResults[K]>): Promise<Outcome<K>> {
  try {
    return { status: 'completed', result: await work() };
  } catch (error) {
    // A worker that was lost while it stopped ends the activity with a timeout, not as cancelled: the cancel counts.
    // A lasting error met while stopping, such as an undo that failed, is told instead.
    const stopped = CancellationScope.current().consideredCancelled && !isLasting(error);
    if (stopped || isCancellation(error)) return { status: 'cancelled', message: cancelledMessage(error) };
    return failedOutcome(error);
  }
}
