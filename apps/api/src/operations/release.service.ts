import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  isFinal,
  OperationError,
  RELEASE_WORKFLOW,
  type ReleaseInput,
  type ReleaseReport,
  type RestoreReport,
} from '@holdfast/contracts';
import type { Environment, Operation, PrismaClient } from '@holdfast/prisma';
import { writeAudit } from '../audit/write-audit.ts';
import type { Config } from '../config.ts';
import { CONFIG, DATABASE } from '../database/database.module.ts';
import { guardAddress } from '../http/address-guard.ts';
import type { Requester } from '../http/requester.ts';
import { subjectOf } from './operation-subject.ts';
import { TemporalClient } from './temporal-client.ts';

/** Jobs and triggers may be locked by whoever uses the copy. */
const RELEASE_MS = 40_000;

type Restored = Operation & { environment: Environment };

/** Releases what restores quarantined. */
@Injectable()
export class ReleaseService {
  constructor(
    @Inject(DATABASE) private readonly database: PrismaClient,
    @Inject(CONFIG) private readonly config: Config,
    private readonly temporal: TemporalClient,
  ) {}

  /**
   * Lets a worker switch on again what a restore switched off; a second call answers what the first one did. Throws
   * `restore.not_quarantined`, `operation.environment_busy`, what stood in the worker's way, or `worker.unavailable`.
   */
  async release(id: string, requester: Requester): Promise<ReleaseReport> {
    const operation = await this.requireQuarantined(id);
    const before = resultOf(operation)?.release;
    if (before) return before;
    await this.refuseBusy(operation);
    await guardAddress(operation.environment.host, this.config.HOLDFAST_ALLOW_PRIVATE_ADDRESSES);
    await this.recordRequest(operation, requester);
    const input: ReleaseInput = { operationId: id };
    const workflowId = `${RELEASE_WORKFLOW}/${operation.environment.name}/${id}/${randomUUID()}`;
    return this.temporal.execute<ReleaseReport>(RELEASE_WORKFLOW, workflowId, input, RELEASE_MS);
  }

  private async requireQuarantined(id: string): Promise<Restored> {
    const operation = await this.database.operation.findUnique({ where: { id }, include: { environment: true } });
    if (!operation) throw new OperationError('resource.not_found', `There is no operation ${id}`);
    const { environment, kind, status, dryRun } = operation;
    // one that failed, or was cancelled, after its database was in place has no result: the target remembers
    const quarantined = status === 'completed' ? Boolean(resultOf(operation)?.quarantine) : isFinal(status);
    if (kind === 'restore' && !dryRun && quarantined && environment) return { ...operation, environment };
    throw new OperationError('restore.not_quarantined', `The ${kind} quarantined nothing`, {
      hint: 'Only a restore of a copy that has ended has a quarantine; `result.quarantine` of the operation shows it.',
    });
  }

  // A restore may be about to put another database in this one's place.
  private async refuseBusy({ environment }: Restored): Promise<void> {
    const holder = await this.database.operation.findFirst({
      where: { environmentId: environment.id, kind: 'restore', status: { in: ['pending', 'running'] } },
    });
    if (!holder) return;
    throw new OperationError('operation.environment_busy', `${environment.name} is being restored`, {
      hint: `Wait for it, or cancel it: /api/v1/progress/${holder.id}`,
    });
  }

  // What was asked is on record before a worker is told; what came of it is an event of the restore.
  private async recordRequest(operation: Restored, requester: Requester): Promise<void> {
    await this.database.$transaction(async (transaction) => {
      await transaction.operationEvent.create({
        data: {
          operationId: operation.id,
          type: 'release-requested',
          message: `${requester.name} asked to release it`,
        },
      });
      await writeAudit(transaction, requester, {
        action: 'restore.release_requested',
        resourceKind: 'operation',
        resourceId: operation.id,
        environmentId: operation.environmentId,
        after: await subjectOf(transaction, operation),
      });
    });
  }
}

/** The report of a restore; a worker wrote the column. */
const resultOf = ({ result }: Operation): RestoreReport | null => result as unknown as RestoreReport | null;
