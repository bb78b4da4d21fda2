import type { ErrorCode } from '@holdfast/contracts';
import type { Operation, Prisma, PrismaClient } from '@holdfast/prisma';
import { endedProgress, progressOf } from './progress.ts';

/** How an operation ended that no worker will finish. */
export interface Ending {
  status: 'failed' | 'cancelled';
  code: ErrorCode;
  message: string;
  hint?: string | undefined;
}

/**
 * Ends an operation from outside its workflow, frees its leases and tells why, in one transaction. False when it had
 * ended already, or is no longer in one of the statuses `from`: whoever records an outcome first is right.
 */
export function finishOperation(
  database: PrismaClient,
  operation: Operation,
  ending: Ending,
  from: ('pending' | 'running')[] = ['pending', 'running'],
): Promise<boolean> {
  return database.$transaction(async (transaction) => {
    const { count } = await transaction.operation.updateMany({
      where: { id: operation.id, status: { in: from } },
      data: {
        status: ending.status,
        errorCode: ending.code,
        errorMessage: ending.message,
        errorHint: ending.hint ?? null,
        finishedAt: new Date(),
        sequence: { increment: 1 },
        progress: endedProgress(progressOf(operation)) as unknown as Prisma.InputJsonValue,
      },
    });
    if (count === 0) return false;
    await transaction.lease.deleteMany({ where: { operationId: operation.id } });
    await transaction.operationEvent.create({
      data: { operationId: operation.id, type: ending.status, message: ending.message, data: { code: ending.code } },
    });
    return true;
  });
}
