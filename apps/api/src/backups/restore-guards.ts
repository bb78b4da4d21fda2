import { OperationError, type ErrorCode } from '@holdfast/contracts';
import type { Backup, Environment } from '@holdfast/prisma';
import type { RestoreBackup } from './backup.dto.ts';

type Target = Pick<Environment, 'id' | 'name' | 'production'>;

/**
 * Refuses, before anything is recorded, what the worker's pre-flight would refuse for certain: to replace what another
 * environment holds without its name typed (`restore.wrong_target`), to touch production without a backup of it or the name
 * (`restore.safety_backup_declined`), and a name that is not the target's (`request.invalid`). Whether the server behind the same environment is another one, only the worker sees.
 */
export function requireConfirmed(
  given: Pick<RestoreBackup, 'newDatabase' | 'dryRun' | 'overwrite' | 'confirm' | 'safetyBackup'>,
  backup: Pick<Backup, 'environmentId'>,
  target: Target,
): void {
  // a dry run tells all of this as findings
  if (given.dryRun) return;
  if (given.confirm !== null && given.confirm !== target.name) {
    throw new OperationError('request.invalid', 'What was typed is not the name of the target', {
      errors: [{ at: 'confirm', message: `expected ${target.name}` }],
    });
  }
  if (given.newDatabase !== null || given.confirm !== null) return;
  if (given.overwrite && target.id !== backup.environmentId) {
    throw unconfirmed('restore.wrong_target', `The backup is not of ${target.name}, whose database it would replace`, {
      ...{ name: target.name, otherwise: 'restore into a new database' },
    });
  }
  if (target.production && given.safetyBackup === false) {
    const message = `${target.name} is production: it is backed up before it is touched`;
    throw unconfirmed('restore.safety_backup_declined', message, {
      ...{ name: target.name, otherwise: 'leave safetyBackup out' },
    });
  }
}

const unconfirmed = (code: ErrorCode, message: string, to: { name: string; otherwise: string }): OperationError =>
  new OperationError(code, message, {
    hint: `Send confirm: ${JSON.stringify(to.name)} to do it all the same, or ${to.otherwise}.`,
    errors: [{ at: 'confirm', message: "expected the target's name" }],
  });
