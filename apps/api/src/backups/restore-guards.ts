import { OperationError } from '@holdfast/contracts';
import type { Backup, Environment } from '@holdfast/prisma';
import type { RestoreBackup } from './backup.dto.ts';

type Target = Pick<Environment, 'id' | 'name'>;

/**
 * Refuses, before anything is recorded, what the worker's pre-flight would refuse for certain: to replace what another
 * environment holds without its name typed (`restore.wrong_target`), and a name that is not the target's
 * (`request.invalid`). Whether the server behind the same environment is another one, only the worker sees.
 */
export function requireConfirmed(
  given: Pick<RestoreBackup, 'newDatabase' | 'dryRun' | 'overwrite' | 'confirm'>,
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
  const replaces = given.overwrite && given.newDatabase === null;
  if (!replaces || target.id === backup.environmentId || given.confirm !== null) return;
  throw new OperationError(
    'restore.wrong_target',
    `The backup is not of ${target.name}, whose database it would replace`,
    {
      hint: `Send confirm: ${JSON.stringify(target.name)} to replace it, or restore into a new database.`,
      errors: [{ at: 'confirm', message: "expected the target's name" }],
    },
  );
}
