import { OperationError, isFinal } from '@holdfast/contracts';
import type { OperationKind, Progress } from '@holdfast/contracts';
import type { Prisma, PrismaClient } from '@holdfast/prisma';
import { recordResult } from './catalog-rows.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { asJson } from './json.ts';
import { takeLeases } from './leases.ts';
import { endedSteps } from './progress-tracker.ts';
import { operationEnded } from './progress-writer.ts';
import type { BeginInput, FinishInput, Outcome } from './signatures.ts';

/**
 * Takes the leases and sets the operation running, in one transaction; a second call changes nothing. Throws
 * `operation.already_ended` for a final row and the busy codes when somebody else holds a resource; where it is tried
 * again for that, the operation's log says what it waits for.
 */
export async function beginOperation(
  { database }: Pick<ActivityDependencies, 'database'>,
  input: BeginInput,
): Promise<void> {
  try {
    await takeAndBegin(database, input);
  } catch (error) {
    if (error instanceof OperationError && error.retryable && isBusy(error)) {
      await noteWaiting(database, input.operationId, error.message);
    }
    throw error;
  }
}

const isBusy = ({ code }: OperationError): boolean =>
  code === 'operation.environment_busy' || code === 'operation.repository_busy';

/** Each holder is named once, however often it is asked for. */
async function noteWaiting(database: PrismaClient, operationId: string, message: string): Promise<void> {
  await database.$transaction(async (transaction) => {
    const { status } = await lockOperation(transaction, operationId);
    const event = { type: 'waiting', message: `Waits: ${message}` };
    if (status !== 'pending' || (await transaction.operationEvent.count({ where: { operationId, ...event } })) > 0)
      return;
    await transaction.operation.update({
      where: { id: operationId },
      data: { sequence: { increment: 1 }, events: { create: event } },
    });
  });
}

async function takeAndBegin(database: PrismaClient, input: BeginInput): Promise<void> {
  await database.$transaction(async (transaction) => {
    const operation = await lockOperation(transaction, input.operationId);
    if (isFinal(operation.status)) throw operationEnded(operation.id);
    if (operation.status === 'running') return;
    await takeLeases(transaction, operation.id, input.leases);
    await transaction.operation.update({
      where: { id: operation.id },
      data: {
        status: 'running',
        startedAt: new Date(),
        sequence: { increment: 1 },
        events: { create: { type: 'began', message: 'Began' } },
      },
    });
  });
}

/**
 * Records how an operation ended, once: status, result or error, event, what it means for the catalog, and the
 * leases freed, in one transaction. A second call, or one after the reconciler's, changes nothing.
 */
export async function finishOperation<K extends OperationKind>(
  { database }: Pick<ActivityDependencies, 'database'>,
  { operationId, kind, outcome }: FinishInput<K>,
): Promise<void> {
  await database.$transaction(async (transaction) => {
    const operation = await lockOperation(transaction, operationId);
    if (isFinal(operation.status)) return;
    const result =
      outcome.status === 'completed' ? await recordResult(transaction, kind, operation, outcome.result) : null;
    await transaction.operation.update({
      where: { id: operationId },
      data: {
        status: outcome.status,
        finishedAt: new Date(),
        progress: asJson(endedProgress(operation.progress, outcome.status === 'completed')),
        sequence: { increment: 1 },
        ...(result !== null && { result: asJson(result) }),
        ...errorColumns(outcome),
        events: { create: endEvent(outcome) },
      },
    });
    await transaction.lease.deleteMany({ where: { operationId } });
  });
}

/** The row of an operation, locked for the transaction. */
export async function lockOperation(transaction: Prisma.TransactionClient, operationId: string) {
  await transaction.$executeRaw`SELECT 1 FROM "operations" WHERE "id" = ${operationId}::uuid FOR UPDATE`;
  const operation = await transaction.operation.findUnique({ where: { id: operationId } });
  if (operation === null) throw new OperationError('resource.not_found', `There is no operation ${operationId}`);
  return operation;
}

function endedProgress(stored: Prisma.JsonValue, completed: boolean): Progress {
  // Written by the API from OPERATION_STEPS and by the progress writer; nobody else writes the column.
  const progress = stored as unknown as Progress;
  return { ...progress, steps: endedSteps(progress.steps, completed), step: null, rate: null, etaSeconds: null };
}

function errorColumns<K extends OperationKind>(outcome: Outcome<K>): Prisma.OperationUpdateInput {
  if (outcome.status === 'completed') return {};
  if (outcome.status === 'cancelled') return { errorCode: 'operation.cancelled', errorMessage: outcome.message };
  return { errorCode: outcome.code, errorMessage: outcome.message, errorHint: outcome.hint };
}

function endEvent<K extends OperationKind>(outcome: Outcome<K>): Prisma.OperationEventCreateWithoutOperationInput {
  if (outcome.status === 'completed') return { type: 'completed', message: 'Completed' };
  if (outcome.status === 'cancelled') return { type: 'cancelled', message: outcome.message };
  return { type: 'failed', message: outcome.message, data: { code: outcome.code, hint: outcome.hint } };
}
