import { Inject, Injectable } from '@nestjs/common';
import { isFinal, OperationError } from '@holdfast/contracts';
import { Prisma, type Operation, type OperationEvent, type PrismaClient } from '@holdfast/prisma';
import { z } from 'zod';
import { writeAudit } from '../audit/write-audit.ts';
import type { Config } from '../config.ts';
import { CONFIG, DATABASE, type Transaction } from '../database/database.module.ts';
import { cutPage, decodeCursor } from '../http/paging.ts';
import type { Requester } from '../http/requester.ts';
import { finishOperation } from './finish-operation.ts';
import type {
  CleanOperations,
  EventQuery,
  OperationDetail,
  OperationEventPage,
  OperationEventView,
  OperationPage,
  OperationQuery,
  OperationsCleaned,
  OperationStarted,
} from './operation.dto.ts';
import { operationDetail, operationView } from './operation.view.ts';
import { TemporalClient } from './temporal-client.ts';

const DAY_MS = 86_400_000;
const withEnvironment = { environment: { select: { name: true } } } as const;
const operationPlace = z.strictObject({ id: z.uuid() });
const eventPlace = z.strictObject({ id: z.string().regex(/^\d{1,19}$/) });

const eventView = (event: OperationEvent): OperationEventView => ({
  id: String(event.id),
  at: event.at.toISOString(),
  type: event.type,
  step: event.step,
  message: event.message,
  ...(event.data === null ? {} : { data: event.data }),
});

const whereOf = (query: OperationQuery): Prisma.OperationWhereInput => ({
  ...(query.status === undefined ? {} : { status: { in: query.status } }),
  ...(query.kind === undefined ? {} : { kind: { in: query.kind } }),
  ...(query.environmentId === undefined ? {} : { environmentId: query.environmentId }),
  ...(query.backupId === undefined ? {} : { backupId: query.backupId }),
  createdAt: {
    ...(query.after === undefined ? {} : { gte: new Date(query.after) }),
    ...(query.before === undefined ? {} : { lt: new Date(query.before) }),
  },
});

/** Reads, cancels and cleans operations. */
@Injectable()
export class ProgressService {
  constructor(
    @Inject(DATABASE) private readonly database: PrismaClient,
    @Inject(CONFIG) private readonly config: Config,
    private readonly temporal: TemporalClient,
  ) {}

  /** Newest first: ids are UUIDs of version 7, so their order is that of creation. */
  async list(query: OperationQuery): Promise<OperationPage> {
    const from = decodeCursor(query.cursor, operationPlace);
    const rows = await this.database.operation.findMany({
      where: { ...whereOf(query), ...(from === null ? {} : { id: { lt: from.id } }) },
      include: withEnvironment,
      orderBy: { id: 'desc' },
      take: query.limit + 1,
    });
    return cutPage(
      rows,
      query.limit,
      (row) => operationView(row, this.config),
      ({ id }) => ({ id }),
    );
  }

  async get(id: string): Promise<OperationDetail> {
    const row = await this.database.operation.findUnique({ where: { id }, include: withEnvironment });
    if (!row) throw notFound(id);
    return operationDetail(row, this.config);
  }

  async events(id: string, query: EventQuery): Promise<OperationEventPage> {
    const from = decodeCursor(query.cursor, eventPlace);
    await this.require(id);
    const rows = await this.database.operationEvent.findMany({
      where: { operationId: id, ...(from === null ? {} : { id: { gt: BigInt(from.id) } }) },
      orderBy: { id: 'asc' },
      take: query.limit + 1,
    });
    return cutPage(rows, query.limit, eventView, (row) => ({ id: String(row.id) }));
  }

  /**
   * Asks an operation to stop. One that has not begun is cancelled at once; a running one undoes its work first.
   * Throws `operation.not_cancellable` for one that has ended.
   */
  async cancel(id: string, requester: Requester): Promise<OperationStarted> {
    const operation = await this.require(id);
    if (isFinal(operation.status)) throw ended(operation);
    await this.recordRequest(operation, requester);
    const message = `Cancelled by ${requester.name} before it began`;
    // Beginning takes the row's lock and refuses what has ended, so exactly one of the two happens.
    await finishOperation(this.database, operation, { status: 'cancelled', code: 'operation.cancelled', message }, [
      'pending',
    ]);
    await this.tellWorkflow(operation);
    return { operationId: operation.id, workflowId: operation.workflowId };
  }

  private async recordRequest(operation: Operation, requester: Requester): Promise<void> {
    await this.database.$transaction(async (transaction) => {
      const { count } = await transaction.operation.updateMany({
        where: { id: operation.id, status: { in: ['pending', 'running'] } },
        data: { cancelRequestedAt: operation.cancelRequestedAt ?? new Date(), sequence: { increment: 1 } },
      });
      if (count === 0) throw ended(operation);
      await transaction.operationEvent.create({
        data: {
          operationId: operation.id,
          type: 'cancel-requested',
          message: `${requester.name} asked to cancel it`,
        },
      });
      await writeAudit(transaction, requester, {
        action: `${operation.kind}.cancel_requested`,
        resourceKind: 'operation',
        resourceId: operation.id,
        environmentId: operation.environmentId,
      });
    });
  }

  // The request is on record: with Temporal away, the reconciler passes it on once Temporal is back.
  private async tellWorkflow(operation: Operation): Promise<void> {
    try {
      await this.temporal.cancel(operation.workflowId);
    } catch (error) {
      if (!(error instanceof OperationError && error.code === 'temporal.unavailable')) throw error;
    }
  }

  /** Deletes operations that ended long ago; one that made a backup still listed, or a copy still in quarantine, stays. */
  async clean(request: CleanOperations, requester: Requester): Promise<OperationsCleaned> {
    const before = new Date(Date.now() - request.olderThanDays * DAY_MS);
    return this.database.$transaction(async (transaction) => {
      const kept = [...(await ofListedBackups(transaction)), ...(await ofQuarantines(transaction))];
      const where: Prisma.OperationWhereInput = {
        status: { in: ['completed', 'failed', 'cancelled'] },
        finishedAt: { lt: before },
        id: { notIn: kept },
      };
      if (request.dryRun) return { dryRun: true, operations: await transaction.operation.count({ where }) };
      const { count } = await transaction.operation.deleteMany({ where });
      // A key must not lead to an operation that is gone.
      await transaction.idempotencyKey.deleteMany({ where: { createdAt: { lt: before } } });
      await writeAudit(transaction, requester, {
        action: 'operation.cleaned',
        resourceKind: 'operation',
        after: { olderThanDays: request.olderThanDays, operations: count },
      });
      return { dryRun: false, operations: count };
    });
  }

  private async require(id: string): Promise<Operation> {
    const operation = await this.database.operation.findUnique({ where: { id } });
    if (!operation) throw notFound(id);
    return operation;
  }
}

const ofListedBackups = async (transaction: Transaction): Promise<string[]> =>
  (await transaction.backup.findMany({ select: { operationId: true } })).map(({ operationId }) => operationId);

/** From which step on a restore may have left a quarantine, also where it has no result that says so. */
const MAY_BE_QUARANTINED = ['compare', 'switch', 'storage', 'functions', 'settings'];

/** Without its operation a quarantine could not be released any more. In doubt it stays: only the target knows. */
const ofQuarantines = async (transaction: Transaction): Promise<string[]> => {
  const completed: Prisma.OperationWhereInput = {
    ...{ status: 'completed', result: { path: ['quarantine', 'count'], gt: 0 } },
    AND: { result: { path: ['quarantine', 'releasedAt'], equals: Prisma.JsonNull } },
  };
  // a release leaves a result
  const others: Prisma.OperationWhereInput = {
    ...{ status: { in: ['failed', 'cancelled'] }, dryRun: false, result: { equals: Prisma.DbNull } },
    ...{ environment: { deletedAt: null }, events: { some: { step: { in: MAY_BE_QUARANTINED } } } },
  };
  const rows = await transaction.operation.findMany({
    where: { kind: 'restore', OR: [completed, others] },
    select: { id: true },
  });
  return rows.map(({ id }) => id);
};

const notFound = (id: string): OperationError =>
  new OperationError('resource.not_found', `There is no operation ${id}`);

const ended = (operation: Operation): OperationError =>
  new OperationError('operation.not_cancellable', `The ${operation.kind} has ended already`);
