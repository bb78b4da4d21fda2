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
import { subjectOf } from './operation-subject.ts';
import { afterPlace, directionOf, filtersOf, placeSchema } from './operation-search.ts';
import { operationDetail, operationView } from './operation.view.ts';
import { TemporalClient } from './temporal-client.ts';

const DAY_MS = 86_400_000;
/** Events of many operations go with them. */
const CLEANING_MS = 60_000;
const withEnvironment = { environment: { select: { name: true } } } as const;
/** Five of each activity of a restore at most. */
const ATTEMPTS = 20;
const eventPlace = z.strictObject({ id: z.string().regex(/^\d{1,18}$/) });

const eventView = (event: OperationEvent): OperationEventView => ({
  id: String(event.id),
  at: event.at.toISOString(),
  type: event.type,
  step: event.step,
  message: event.message,
  ...(event.data === null ? {} : { data: event.data }),
});

/** Reads, cancels and cleans operations. */
@Injectable()
export class ProgressService {
  constructor(
    @Inject(DATABASE) private readonly database: PrismaClient,
    @Inject(CONFIG) private readonly config: Config,
    private readonly temporal: TemporalClient,
  ) {}

  async list(query: OperationQuery): Promise<OperationPage> {
    const { sort, limit } = query;
    const rows = await this.database.operation.findMany({
      where: { ...filtersOf(query), ...afterPlace(sort, decodeCursor(query.cursor, placeSchema(sort))) },
      include: withEnvironment,
      orderBy: { id: directionOf(sort) },
      take: limit + 1,
    });
    return cutPage(
      rows,
      limit,
      (row) => operationView(row, this.config),
      ({ id }) => ({ sort, id }),
    );
  }

  async get(id: string): Promise<OperationDetail> {
    const row = await this.database.operation.findUnique({ where: { id }, include: withEnvironment });
    if (!row) throw notFound(id);
    const retries = await this.database.operationEvent.findMany({
      where: { operationId: id, type: 'retry' },
      orderBy: { id: 'asc' },
      take: ATTEMPTS,
    });
    return operationDetail(row, retries, this.config);
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
        after: await subjectOf(transaction, operation),
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
    const work = async (transaction: Transaction): Promise<OperationsCleaned> => {
      // Not in Prisma's words: the operations of all listed backups would have to be named one by one.
      const old = Prisma.sql`FROM operations o
        WHERE o.status IN ('completed', 'failed', 'cancelled') AND o.finished_at < ${before}
          AND o.id <> ALL (${await ofQuarantines(transaction)}::uuid[])
          AND NOT EXISTS (SELECT 1 FROM backups b WHERE b.operation_id = o.id)`;
      if (request.dryRun) {
        const [counted] = await transaction.$queryRaw<
          { operations: number }[]
        >`SELECT count(*)::int AS operations ${old}`;
        return { dryRun: true, operations: counted?.operations ?? 0 };
      }
      const count = await transaction.$executeRaw`DELETE ${old}`;
      // A key must not lead to an operation that is gone.
      await transaction.idempotencyKey.deleteMany({ where: { createdAt: { lt: before } } });
      await writeAudit(transaction, requester, {
        action: 'operation.cleaned',
        resourceKind: 'operation',
        after: { olderThanDays: request.olderThanDays, operations: count },
      });
      return { dryRun: false, operations: count };
    };
    return this.database.$transaction(work, { timeout: CLEANING_MS });
  }

  private async require(id: string): Promise<Operation> {
    const operation = await this.database.operation.findUnique({ where: { id } });
    if (!operation) throw notFound(id);
    return operation;
  }
}

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
