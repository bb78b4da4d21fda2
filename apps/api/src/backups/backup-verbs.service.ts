import { randomUUIDv7 } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { OperationError } from '@holdfast/contracts';
import type { Environment } from '@holdfast/prisma';
import type { Config } from '../config.ts';
import { CONFIG, type Transaction } from '../database/database.module.ts';
import { takeLock } from '../database/take-lock.ts';
import { EnvironmentsService } from '../environments/environments.service.ts';
import { guardAddress, hostOf } from '../http/address-guard.ts';
import { allChecks, invalidFields } from '../http/all-checks.ts';
import type { Idempotency } from '../http/idempotency.ts';
import type { Requester } from '../http/requester.ts';
import type { OperationStarted } from '../operations/operation.dto.ts';
import { OperationsService } from '../operations/operations.service.ts';
import { RepositoriesService } from '../repositories/repositories.service.ts';
import { unnamed } from './backup-name.ts';
import type { CreateBackup, RestoreBackup } from './backup.dto.ts';
import { BackupsService } from './backups.service.ts';
import { chosenComponents, storageErrors } from './components.ts';
import { requireConfirmed, requireFitting } from './restore-guards.ts';
import { safetyBackupOf } from './safety-backup.ts';
import type { ValidateBackup } from './verification.dto.ts';

/** Who starts it, under which key, and which operation it tries again. */
export interface Starter {
  requester: Requester;
  idempotency: Idempotency | null;
  retryOfId?: string;
}

/** Turns requests into operations on backups. */
@Injectable()
export class BackupVerbsService {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly backups: BackupsService,
    private readonly environments: EnvironmentsService,
    private readonly repositories: RepositoriesService,
    private readonly operations: OperationsService,
  ) {}

  backup(given: CreateBackup, starter: Starter): Promise<OperationStarted> {
    return this.operations.once(starter, () => this.startBackup(given, starter));
  }

  private async startBackup(given: CreateBackup, starter: Starter): Promise<OperationStarted> {
    const environment = await this.environments.require(given.environmentId, 'environmentId');
    const repository = await this.repositories.choose(given.repositoryId);
    const components = chosenComponents(given.components, environment);
    const errors = storageErrors(components, given.storage);
    if (errors.length > 0) throw invalidFields(errors);
    await this.guard(environment);
    const backupId = randomUUIDv7();
    const { description, tags, storage, lockTimeoutSeconds } = given;
    return this.operations.start({
      kind: 'backup',
      environment,
      repositoryId: repository.id,
      backupId,
      input: {
        backupId,
        environmentId: environment.id,
        repositoryId: repository.id,
        name: given.name ?? unnamed(environment.name, new Date()),
        ...{ description, tags, components, storage, lockTimeoutSeconds },
      },
      ...starter,
    });
  }

  restore(id: string, given: RestoreBackup, starter: Starter): Promise<OperationStarted> {
    return this.operations.once(starter, () => this.startRestore(id, given, starter));
  }

  private async startRestore(id: string, given: RestoreBackup, starter: Starter): Promise<OperationStarted> {
    const backup = await this.backups.requireWhole(id);
    const { environmentId, ...choices } = given;
    const target = await this.environments.require(environmentId ?? backup.environmentId, 'environmentId');
    requireFitting(given, target);
    requireConfirmed(given, backup, target);
    await this.guard(target);
    return this.operations.start({
      kind: 'restore',
      environment: target,
      repositoryId: backup.repositoryId,
      backupId: id,
      dryRun: given.dryRun,
      input: {
        backupId: id,
        sourceEnvironmentId: backup.environmentId,
        repositoryId: backup.repositoryId,
        environmentId: target.id,
        ...choices,
        safetyBackup: safetyBackupOf(given, backup, target),
        ...(given.safetyBackup === false ? { safetyBackupDeclined: true } : {}),
      },
      ...starter,
    });
  }

  verify(id: string, { level }: ValidateBackup, starter: Starter): Promise<OperationStarted> {
    return this.operations.once(starter, () => this.startVerify(id, level, starter));
  }

  private async startVerify(id: string, level: ValidateBackup['level'], starter: Starter): Promise<OperationStarted> {
    const { environmentId, repositoryId, environment } = await this.backups.requireWhole(id);
    return this.operations.start({
      kind: 'verify',
      environment: { id: environmentId, name: environment.name },
      repositoryId,
      backupId: id,
      input: { backupId: id, environmentId, repositoryId, level },
      ...starter,
    });
  }

  /** Removes a backup; one that a removal is on its way for already is refused with `resource.in_use`. */
  expire(id: string, starter: Starter): Promise<OperationStarted> {
    return this.operations.once(starter, () => this.startExpire(id, starter));
  }

  private async startExpire(id: string, starter: Starter): Promise<OperationStarted> {
    const { environmentId, repositoryId, environment, name } = await this.backups.require(id);
    return this.operations.start({
      kind: 'expire',
      guard: (transaction) => refuseTwice(transaction, id, name),
      environment: { id: environmentId, name: environment.name },
      repositoryId,
      backupId: id,
      input: { backupId: id, environmentId, repositoryId },
      ...starter,
    });
  }

  // Again at each start: a name may resolve to something else by now.
  private async guard({ host, projectUrl, managementUrl }: Environment): Promise<void> {
    const allowance = this.config.HOLDFAST_ALLOW_PRIVATE_ADDRESSES;
    const addressOf = (at: string, url: string | null) => async (): Promise<void> => {
      if (url !== null) await guardAddress(hostOf(url), allowance, { at });
    };
    await allChecks(
      () => guardAddress(host, allowance),
      addressOf('projectUrl', projectUrl),
      addressOf('managementUrl', managementUrl),
    );
  }
}

/** Of two requests at once one is refused: the second waits for what the first has recorded. */
async function refuseTwice(transaction: Transaction, id: string, name: string): Promise<void> {
  await takeLock(transaction, `backup:${id}`);
  const open = await transaction.operation.findFirst({
    where: { backupId: id, kind: 'expire', status: { in: ['pending', 'running'] } },
  });
  if (!open) return;
  throw new OperationError('resource.in_use', `${name} is being removed`, { hint: `See /api/v1/progress/${open.id}` });
}
