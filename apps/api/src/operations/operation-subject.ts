import type { Operation } from '@holdfast/prisma';
import type { Transaction } from '../database/database.module.ts';
import { nameOf } from './operation.view.ts';

/** What an operation is about, in the words of the audit. */
export interface OperationSubject {
  /** Of the backup that is taken: it is not in the catalog yet, and its start tells it under this name too. */
  name?: string;
  /** Of the backup that is verified, given back or removed. */
  backupName?: string;
  environmentName?: string;
}

/**
 * The names that an operation's backup and environment have now: who reads the audit knows no ids, and either may be gone
 * by then. What is gone already is left out.
 */
export async function subjectOf(
  transaction: Transaction,
  { kind, input, backupId, environmentId }: Pick<Operation, 'kind' | 'input' | 'backupId' | 'environmentId'>,
): Promise<OperationSubject> {
  const named = { select: { name: true } } as const;
  const environment =
    environmentId && (await transaction.environment.findUnique({ where: { id: environmentId }, ...named }));
  const told = environment ? { environmentName: nameOf(environment) } : {};
  if (kind === 'backup') {
    const { name } = input as { name?: string };
    return { ...(name === undefined ? {} : { name }), ...told };
  }
  const backup = backupId && (await transaction.backup.findUnique({ where: { id: backupId }, ...named }));
  return { ...(backup ? { backupName: backup.name } : {}), ...told };
}
