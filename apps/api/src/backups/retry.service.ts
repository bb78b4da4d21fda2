import { Inject, Injectable } from '@nestjs/common';
import { OperationError, START_PERMISSIONS, type OperationKind, type OperationTypes } from '@holdfast/contracts';
import type { Operation, PrismaClient } from '@holdfast/prisma';
import { DATABASE } from '../database/database.module.ts';
import { requirePermission } from '../http/access.ts';
import { invalidFields } from '../http/all-checks.ts';
import type { OperationStarted } from '../operations/operation.dto.ts';
import { BackupVerbsService, type Starter } from './backup-verbs.service.ts';
import type { RetryOperation } from './retry.dto.ts';
import { backupRequestOf, restoreRequestOf } from './stored-requests.ts';

type Ended = Operation & { environment: { name: string } | null };

/** Tries again what failed or was cancelled: a new operation, asked for with the stored input of the earlier one. */
@Injectable()
export class RetryService {
  constructor(
    @Inject(DATABASE) private readonly database: PrismaClient,
    private readonly verbs: BackupVerbsService,
  ) {}

  /**
   * Starts the operation anew, past every guard of its kind: target, backup and permissions may have changed meanwhile.
   * Throws `auth.forbidden` without the permission of the verb, `operation.not_retryable`, and what its start throws.
   */
  async retry(id: string, { confirm }: RetryOperation, starter: Starter): Promise<OperationStarted> {
    const operation = await this.require(id);
    requirePermission(starter.requester, START_PERMISSIONS[operation.kind]);
    requireRetryable(operation);
    if (confirm !== null && operation.kind !== 'restore') {
      throw invalidFields([{ at: 'confirm', message: `is typed for a restore, and this is a ${operation.kind}` }]);
    }
    return this.startAgain(operation, confirm, { ...starter, retryOfId: id });
  }

  private startAgain(operation: Ended, confirm: string | null, starter: Starter): Promise<OperationStarted> {
    switch (operation.kind) {
      case 'backup': {
        const request = backupRequestOf(inputOf<'backup'>(operation), operation.environment?.name ?? '');
        return this.verbs.backup(request, starter);
      }
      case 'verify': {
        const { backupId, level } = inputOf<'verify'>(operation);
        return this.verbs.verify(backupId, { level }, starter);
      }
      case 'restore': {
        const input = inputOf<'restore'>(operation);
        return this.verbs.restore(input.backupId, { ...restoreRequestOf(input), confirm }, starter);
      }
      case 'expire':
        return this.verbs.expire(inputOf<'expire'>(operation).backupId, starter);
    }
  }

  private async require(id: string): Promise<Ended> {
    const operation = await this.database.operation.findUnique({
      where: { id },
      include: { environment: { select: { name: true } } },
    });
    if (!operation) throw new OperationError('resource.not_found', `There is no operation ${id}`);
    return operation;
  }
}

function requireRetryable(operation: Operation): void {
  const { kind, status } = operation;
  const ended = status === 'failed' || status === 'cancelled';
  const { heldBy } = kind === 'backup' ? inputOf<'backup'>(operation) : {};
  if (ended && heldBy === undefined) return;
  if (ended) {
    throw new OperationError('operation.not_retryable', 'It is the safety backup of a restore, which takes its own', {
      hint: `Retry the restore: POST /api/v1/progress/${heldBy}/retry`,
    });
  }
  const [message, hint] =
    status === 'completed'
      ? [`The ${kind} completed`, 'Start a new one.']
      : [`The ${kind} has not ended`, 'Wait for it, or cancel it first.'];
  throw new OperationError('operation.not_retryable', message, { hint });
}

/** The column holds what the API wrote from the contracts, maybe of an earlier version. */
const inputOf = <K extends OperationKind>({ input }: Operation): OperationTypes[K]['input'] =>
  input as unknown as OperationTypes[K]['input'];
