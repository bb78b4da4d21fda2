import type { OperationError, OperationStatus } from '@holdfast/contracts';
import type { Operation } from '@holdfast/prisma';
import type { WorkflowExecutionDescription, WorkflowExecutionStatusName } from '@temporalio/client';
import type { Ending } from './finish-operation.ts';

const CLOSED: readonly WorkflowExecutionStatusName[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT'];

/** Whether a workflow in this status will do nothing more. */
export const isClosed = (status: WorkflowExecutionStatusName): boolean => CLOSED.includes(status);

/** How an operation ended whose workflow is closed or unknown (null) while its row says that it goes on. */
export function endingOf(
  status: OperationStatus,
  workflow: WorkflowExecutionStatusName | null,
  failure: OperationError | null,
): Ending {
  if (workflow === null) {
    return status === 'pending'
      ? { status: 'failed', code: 'operation.never_started', message: 'Its workflow was never started' }
      : { status: 'failed', code: 'operation.terminated', message: 'Temporal does not know its workflow any more' };
  }
  if (workflow === 'CANCELLED' || failure?.code === 'operation.cancelled') {
    return { status: 'cancelled', code: 'operation.cancelled', message: 'The workflow was cancelled' };
  }
  if (workflow === 'TERMINATED') {
    return { status: 'failed', code: 'operation.terminated', message: 'The workflow was terminated in Temporal' };
  }
  if (workflow === 'TIMED_OUT') {
    return { status: 'failed', code: 'operation.failed', message: 'The workflow ran out of time' };
  }
  if (failure) return { status: 'failed', code: failure.code, message: failure.message, hint: failure.hint };
  return { status: 'failed', code: 'operation.failed', message: 'The workflow ended without recording an outcome' };
}

interface Time {
  seconds?: { toString(): string } | null;
}

const timeOf = (time: Time | null | undefined): number => Number(time?.seconds?.toString() ?? 0) * 1000;

/**
 * The last sign of life of an operation: its row, its heartbeats and started activities, and whatever else is given.
 * A waiting worker asks for work once a minute, so a shorter patience than that mistakes waiting for being lost.
 */
export function lastSignOf(
  operation: Pick<Operation, 'createdAt' | 'startedAt'>,
  workflow: Pick<WorkflowExecutionDescription, 'raw'>,
  others: (Date | null)[],
): Date {
  const activities = (workflow.raw.pendingActivities ?? []).flatMap((activity) => [
    timeOf(activity.lastHeartbeatTime),
    timeOf(activity.lastStartedTime),
  ]);
  const times = [operation.createdAt, operation.startedAt, ...others].map((date) => date?.getTime() ?? 0);
  return new Date(Math.max(...times, ...activities));
}
