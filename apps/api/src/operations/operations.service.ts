import { randomUUIDv7 } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  OperationError,
  workflowId as workflowIdOf,
  type OperationKind,
  type OperationStart,
  type OperationTypes,
} from '@holdfast/contracts';
import type { Operation, Prisma, PrismaClient } from '@holdfast/prisma';
import { defineSearchAttributeKey } from '@temporalio/common';
import { writeAudit } from '../audit/write-audit.ts';
import { DATABASE, type Transaction } from '../database/database.module.ts';
import { takeLock } from '../database/take-lock.ts';
import { isUniqueViolation } from '../database/database-errors.ts';
import type { Idempotency } from '../http/idempotency.ts';
import type { Requester } from '../http/requester.ts';
import { finishOperation } from './finish-operation.ts';
import { subjectOf } from './operation-subject.ts';
import type { OperationStarted } from './operation.dto.ts';
import { firstProgress } from './progress.ts';
import { TemporalClient } from './temporal-client.ts';

const ENVIRONMENT_ID = defineSearchAttributeKey('EnvironmentId', 'KEYWORD');
const OPERATION_KIND = defineSearchAttributeKey('OperationKind', 'KEYWORD');
const ACTOR_ID = defineSearchAttributeKey('ActorId', 'KEYWORD');

/** These hold the environment alone; the workflow takes the lease, this is the quick answer before. */
const HOLDS_ENVIRONMENT: readonly OperationKind[] = ['backup', 'restore'];

/** What a controller asks to be started. `environment` is the one that is held and shown. */
export interface StartRequest<K extends OperationKind> {
  kind: K;
  environment: { id: string; name: string };
  repositoryId: string;
  backupId: string;
  input: OperationTypes[K]['input'];
  dryRun?: boolean;
  /** The failed or cancelled operation that this one tries again. */
  retryOfId?: string;
  requester: Requester;
  idempotency: Idempotency | null;
  /** Asked in the transaction that records the operation; throws why it may not start. */
  guard?: (transaction: Transaction) => Promise<void>;
}

/** Who asks, and under which key. */
type Asked = Pick<StartRequest<OperationKind>, 'requester' | 'idempotency'>;

const startedOf = ({ id, workflowId }: Operation): OperationStarted => ({ operationId: id, workflowId });

/** Starts operations: the row first, then the workflow. */
@Injectable()
export class OperationsService {
  constructor(
    @Inject(DATABASE) private readonly database: PrismaClient,
    private readonly temporal: TemporalClient,
  ) {}

  /**
   * Records the operation and starts its workflow. Throws `operation.environment_busy`, `request.idempotency_reused`,
   * or `temporal.unavailable` (the operation is then recorded as failed, and its idempotency key is free again).
   */
  async start<K extends OperationKind>(request: StartRequest<K>): Promise<OperationStarted> {
    const before = await this.startedBefore(request);
    if (before) return startedOf(before);
    const { operation, isNew } = await this.record(request);
    if (isNew) await this.startWorkflow(request, operation);
    return startedOf(operation);
  }

  /**
   * Answers what a key has started already, or starts it: `start` may look at what the operation itself has changed
   * meanwhile.
   */
  async once(asked: Asked, start: () => Promise<OperationStarted>): Promise<OperationStarted> {
    const before = await this.startedBefore(asked);
    return before ? startedOf(before) : start();
  }

  private async startedBefore({ idempotency, requester }: Asked): Promise<Operation | null> {
    if (idempotency === null) return null;
    const known = await this.database.idempotencyKey.findUnique({
      where: { accountId_key: { accountId: requester.id, key: idempotency.key } },
    });
    if (!known) return null;
    if (!Buffer.from(known.requestHash).equals(idempotency.requestHash)) {
      throw new OperationError('request.idempotency_reused', 'This Idempotency-Key was used for another request', {
        hint: 'Use a new key for a new request.',
      });
    }
    return this.database.operation.findUnique({ where: { id: known.operationId } });
  }

  private async record(request: StartRequest<OperationKind>): Promise<{ operation: Operation; isNew: boolean }> {
    try {
      const operation = await this.database.$transaction((transaction) => this.insert(transaction, request));
      return { operation, isNew: true };
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      // The same key arrived twice at once: the other one has recorded its operation by now.
      const other = await this.startedBefore(request);
      if (other) return { operation: other, isNew: false };
      throw error;
    }
  }

  private async insert(transaction: Transaction, request: StartRequest<OperationKind>): Promise<Operation> {
    const { kind, environment, requester, idempotency, input, retryOfId } = request;
    const id = randomUUIDv7();
    // The key first: a second request with it waits here, and is answered with this operation instead of a conflict.
    if (idempotency !== null) {
      await transaction.idempotencyKey.create({
        data: { accountId: requester.id, operationId: id, key: idempotency.key, requestHash: idempotency.requestHash },
      });
    }
    if (HOLDS_ENVIRONMENT.includes(kind)) await this.refuseBusy(transaction, environment);
    await request.guard?.(transaction);
    const operation = await transaction.operation.create({
      data: {
        id,
        kind,
        environmentId: environment.id,
        repositoryId: request.repositoryId,
        backupId: request.backupId,
        actorId: requester.id,
        actorName: requester.name,
        input: input as unknown as Prisma.InputJsonValue,
        dryRun: request.dryRun ?? false,
        retryOfId: retryOfId ?? null,
        workflowId: workflowIdOf(kind, environment.name, id),
        progress: firstProgress(kind) as unknown as Prisma.InputJsonValue,
      },
    });
    await writeAudit(transaction, requester, {
      action: `${kind}.started`,
      resourceKind: 'operation',
      resourceId: id,
      environmentId: environment.id,
      after: {
        ...(await subjectOf(transaction, operation)),
        ...input,
        ...(retryOfId === undefined ? {} : { retryOfId }),
      },
    });
    return operation;
  }

  // Under the lock that the workflow takes leases under, so that of two requests at once one is refused here.
  private async refuseBusy(transaction: Transaction, environment: { id: string; name: string }): Promise<void> {
    await takeLock(transaction, `environment:${environment.id}`);
    if ((await transaction.environment.count({ where: { id: environment.id, deletedAt: null } })) === 0) {
      throw new OperationError('resource.not_found', `${environment.name} has been removed`);
    }
    const holder = await transaction.operation.findFirst({
      where: {
        environmentId: environment.id,
        kind: { in: [...HOLDS_ENVIRONMENT] },
        status: { in: ['pending', 'running'] },
      },
      orderBy: { id: 'asc' },
    });
    if (!holder) return;
    throw new OperationError(
      'operation.environment_busy',
      `${environment.name} is held by a ${holder.kind} that ${holder.actorName} started`,
      { hint: `Wait for it, or cancel it: /api/v1/progress/${holder.id}` },
    );
  }

  private async startWorkflow(request: StartRequest<OperationKind>, operation: Operation): Promise<void> {
    const { kind, environment, requester, input } = request;
    const start: OperationStart<OperationKind> = { operationId: operation.id, input };
    try {
      await this.temporal.start(kind, {
        workflowId: operation.workflowId,
        args: [start],
        memo: { environment: environment.name, actor: requester.name },
        typedSearchAttributes: [
          { key: ENVIRONMENT_ID, value: environment.id },
          { key: OPERATION_KIND, value: kind },
          { key: ACTOR_ID, value: requester.id },
        ],
      });
    } catch (error) {
      await this.recordNotStarted(request, operation, error);
      throw error;
    }
  }

  private async recordNotStarted(
    request: StartRequest<OperationKind>,
    operation: Operation,
    error: unknown,
  ): Promise<void> {
    const known = error instanceof OperationError ? error : null;
    await finishOperation(this.database, operation, {
      status: 'failed',
      code: known?.code ?? 'internal.error',
      message: known?.message ?? 'The workflow could not be started',
      hint: known?.hint,
    });
    if (request.idempotency === null) return;
    await this.database.idempotencyKey.deleteMany({
      where: { accountId: request.requester.id, key: request.idempotency.key },
    });
  }
}
