import { OperationError, type ErrorCode, type FieldError } from '@holdfast/contracts';
import type { Backup, Environment } from '@holdfast/prisma';
import { invalidFields } from '../http/all-checks.ts';
import type { RestoreBackup } from './backup.dto.ts';
import { LACKS, storageErrors, type ProjectAccess } from './components.ts';

type Target = ProjectAccess & Pick<Environment, 'id' | 'production'>;
type Given = Omit<RestoreBackup, 'environmentId'>;

/** Refuses fields that do not go together, and a name that is not the target's (`request.invalid`, naming all of them). */
export function requireFitting(given: Given, target: Target): void {
  const { dryRun, confirm, components, storage, newDatabase } = given;
  const errors = [...storageErrors(components, storage), ...(newDatabase === null ? [] : projectErrors(given))];
  const mistyped = !dryRun && confirm !== null && confirm !== target.name;
  if (mistyped) errors.push({ at: 'confirm', message: `expected ${target.name}` });
  if (errors.length > 0) throw invalidFields(errors);
}

/** Functions and settings are those of an environment: nothing of a restore into a new database may change them. */
function projectErrors({ components, functions, applySettings }: Given): FieldError[] {
  const named = {
    components: components?.includes('functions') === true,
    functions: functions.length > 0,
    applySettings,
  };
  const message = 'would change the environment itself: leave it out, or newDatabase';
  return Object.entries(named).flatMap(([at, wrong]) => (wrong ? [{ at, message }] : []));
}

/** Whether a restore may deploy functions or change settings: what no count of what a database holds can tell. */
function changesProject(given: Given, backup: Pick<Backup, 'components'>, target: Target): boolean {
  const { components, functions, applySettings, schemas, tables, content, newDatabase } = given;
  if (applySettings || functions.length > 0 || components?.includes('functions')) return true;
  const whole = schemas.length + tables.length === 0 && content === 'all' && newDatabase === null;
  return components === null && whole && backup.components.includes('functions') && LACKS.functions(target) === null;
}

/**
 * Refuses, before anything is recorded, what the worker's pre-flight would refuse for certain: to replace or change what
 * another environment holds without its name typed (`restore.wrong_target`), and to touch production without a backup of it
 * or the name (`restore.safety_backup_declined`). Whether the server behind the same environment is another one, only the
 * worker sees.
 */
export function requireConfirmed(
  given: Given,
  backup: Pick<Backup, 'environmentId' | 'components'>,
  target: Target,
): void {
  // a dry run tells all of this as findings
  if (given.dryRun || given.newDatabase !== null || given.confirm !== null) return;
  const touches = given.overwrite ? 'database it would replace' : 'functions or settings it would change';
  if (target.id !== backup.environmentId && (given.overwrite || changesProject(given, backup, target))) {
    throw unconfirmed('restore.wrong_target', `The backup is not of ${target.name}, whose ${touches}`, {
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
