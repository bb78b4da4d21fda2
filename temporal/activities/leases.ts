import { OperationError } from '@holdfast/contracts';
import type { Prisma } from '@holdfast/prisma';
import type { LeaseRequest } from './signatures.ts';

/**
 * Takes all leases or none, inside the caller's transaction. Throws `operation.environment_busy` or
 * `operation.repository_busy`, naming the holder.
 */
export async function takeLeases(
  transaction: Prisma.TransactionClient,
  operationId: string,
  requests: LeaseRequest[],
): Promise<void> {
  // One order for everybody, or two operations that want the same two resources could wait for each other.
  const ordered = requests.toSorted((a, b) => (a.resource < b.resource ? -1 : 1));
  for (const { resource } of ordered) {
    await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtext(${resource}))`;
  }
  for (const request of ordered) await refuseIfHeld(transaction, operationId, request);
  await transaction.lease.createMany({ data: ordered.map((request) => ({ ...request, operationId })) });
}

async function refuseIfHeld(
  transaction: Prisma.TransactionClient,
  operationId: string,
  { resource, mode }: LeaseRequest,
): Promise<void> {
  const holder = await transaction.lease.findFirst({
    where: { resource, operationId: { not: operationId }, ...(mode === 'shared' && { mode: 'exclusive' }) },
    orderBy: { acquiredAt: 'asc' },
    include: { operation: { select: { id: true, kind: true, actorName: true } } },
  });
  if (holder === null) return;
  const { id, kind, actorName } = holder.operation;
  const noun = resource.startsWith('environment:') ? 'environment' : 'repository';
  throw new OperationError(`operation.${noun}_busy`, `Operation ${id} (${kind}) holds the ${noun}`, {
    hint: `${actorName} started it; it holds the ${noun} since ${holder.acquiredAt.toISOString()}. Wait for it or cancel it.`,
  });
}
