import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { OperationError, type BackupInput } from '@holdfast/contracts';
import type { Operation, PrismaClient } from '@holdfast/prisma';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import pg from 'pg';
import type { Config } from '../config.ts';
import { CONFIG, DATABASE } from '../database/database.module.ts';
import { loggableError } from '../http/loggable-error.ts';
import { finishOperation, type Ending } from './finish-operation.ts';
import { endingOf, isClosed, lastSignOf } from './reconciliation.ts';
import { TemporalClient } from './temporal-client.ts';

const EVERY_MS = 5_000;
/** The start of a workflow follows its row by at most the deadline of the call. */
const NOT_YET_MS = 10_000;
const HOUSEKEEPING_MS = 3_600_000;
const KEY_LIFE_MS = 86_400_000;
/** Any number that nothing else locks. */
const LOCK = 7_106_001;

/** Ends operations that no workflow will end, on one API instance at a time. */
@Injectable()
export class Reconciler implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('reconciler');
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> = Promise.resolve();
  private cleanedAt = 0;
  private stopped = false;

  constructor(
    @Inject(DATABASE) private readonly database: PrismaClient,
    @Inject(CONFIG) private readonly config: Config,
    private readonly temporal: TemporalClient,
  ) {}

  onApplicationBootstrap(): void {
    this.later();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    await this.running;
  }

  private later(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.tick().finally(() => this.later());
    }, EVERY_MS);
  }

  private async tick(): Promise<void> {
    try {
      await this.alone(() => this.reconcile());
    } catch (error) {
      this.log.warn({ err: loggableError(error), msg: 'Not reconciled this time' });
    }
  }

  // A session of its own holds the lock: it is free again as soon as this process or its connection dies.
  private async alone(act: () => Promise<void>): Promise<void> {
    const open = await this.database.operation.count({ where: { status: { in: ['pending', 'running'] } } });
    if (open === 0 && Date.now() - this.cleanedAt < HOUSEKEEPING_MS) return;
    const client = new pg.Client({ connectionString: this.config.DATABASE_URL, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [LOCK]);
      if (rows[0]?.mine) await act();
    } finally {
      await client.end();
    }
  }

  /** One pass over all operations that have not ended. */
  async reconcile(): Promise<void> {
    await this.housekeeping();
    const open = await this.database.operation.findMany({
      where: { status: { in: ['pending', 'running'] }, createdAt: { lt: new Date(Date.now() - NOT_YET_MS) } },
      orderBy: { id: 'asc' },
    });
    const lastPoll = open.length > 0 ? await this.lastPoll() : null;
    for (const operation of open) {
      if (this.stopped) return;
      await this.tryOne(operation, lastPoll);
    }
  }

  // One that cannot be judged must not keep the others from it.
  private async tryOne(operation: Operation, lastPoll: Date | null): Promise<void> {
    try {
      await this.reconcileOne(operation, lastPoll);
    } catch (error) {
      if (error instanceof OperationError) throw error;
      this.log.error({ err: loggableError(error), msg: `${operation.workflowId} could not be reconciled` });
    }
  }

  private async reconcileOne(operation: Operation, lastPoll: Date | null): Promise<void> {
    const workflow = await this.temporal.describe(operation.workflowId);
    if (workflow === null && operation.status === 'pending' && (await this.isHeld(operation))) return;
    if (workflow === null || isClosed(workflow.status.name)) {
      const failure = workflow?.status.name === 'FAILED' ? await this.temporal.failureOf(operation.workflowId) : null;
      await this.end(operation, endingOf(operation.status, workflow?.status.name ?? null, failure));
      return;
    }
    // A cancel that was asked for while Temporal was away.
    if (operation.cancelRequestedAt !== null) await this.temporal.cancel(operation.workflowId);
    await this.endIfLost(operation, workflow, lastPoll);
  }

  // The restore starts the workflow of its safety backup, however late: between the two its worker may have died.
  private async isHeld({ input }: Operation): Promise<boolean> {
    // Written by the API and the worker from the inputs of the contracts; only a backup's has it.
    const { heldBy } = input as Pick<BackupInput, 'heldBy'>;
    if (heldBy === undefined) return false;
    const where = { id: heldBy, status: { in: ['pending' as const, 'running' as const] } };
    return (await this.database.operation.count({ where })) > 0;
  }

  private async endIfLost(
    operation: Operation,
    workflow: WorkflowExecutionDescription,
    lastPoll: Date | null,
  ): Promise<void> {
    const seconds = this.config.HOLDFAST_WORKER_LOST_AFTER_SECONDS;
    const lastEvent = await this.database.operationEvent.findFirst({
      where: { operationId: operation.id },
      orderBy: { id: 'desc' },
    });
    const sign = lastSignOf(operation, workflow, [lastPoll, lastEvent?.at ?? null]);
    if (Date.now() - sign.getTime() < seconds * 1000) return;
    const message = `No worker has given a sign of life for ${seconds} seconds`;
    // The workflow first: a worker that comes back late must find nothing to go on with.
    await this.temporal.terminate(operation.workflowId, message);
    await this.end(operation, {
      status: 'failed',
      code: 'operation.worker_lost',
      message,
      hint: 'Start a worker, and start the operation again.',
    });
  }

  private async lastPoll(): Promise<Date | null> {
    const times = (await this.temporal.pollers()).map(({ lastSeenAt }) => lastSeenAt?.getTime() ?? 0);
    return times.length === 0 ? null : new Date(Math.max(...times));
  }

  private async end(operation: Operation, ending: Ending): Promise<void> {
    if (await finishOperation(this.database, operation, ending)) {
      this.log.warn(`${operation.workflowId} was ended as ${ending.status}: ${ending.code}`);
    }
  }

  private async housekeeping(): Promise<void> {
    if (Date.now() - this.cleanedAt < HOUSEKEEPING_MS) return;
    const now = new Date();
    await this.database.session.deleteMany({ where: { expiresAt: { lt: now } } });
    await this.database.rateHit.deleteMany({ where: { expiresAt: { lt: now } } });
    await this.database.idempotencyKey.deleteMany({ where: { createdAt: { lt: new Date(Date.now() - KEY_LIFE_MS) } } });
    this.cleanedAt = Date.now();
  }
}
