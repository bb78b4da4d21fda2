import type { Problem } from '@holdfast/api-client';
import type { PreflightFinding, RestoreReport } from '@holdfast/contracts';
import type { Schemas } from '../ui/api.ts';
import type { RestoreChoices } from './restore-choices.ts';

type Operation = Schemas['OperationDetail'];

/** The report of a restore or of its dry run; null where there is none (yet). The API passes it on as the worker wrote it. */
export function reportOf(operation: Operation | undefined): RestoreReport | null {
  const result = operation?.kind === 'restore' ? operation.result : null;
  // One that failed after its database was in place has the report of its release alone.
  return result && 'database' in result ? (result as unknown as RestoreReport) : null;
}

/** What an operation tells of the restore that it looked at. */
type Checked = Pick<Operation, 'kind' | 'dryRun' | 'backupId' | 'environmentId' | 'newDatabase'>;

/** Whether a dry run looked at what is chosen now; an edited address may name another. */
export const isCheckOf = (
  { kind, dryRun, backupId, environmentId, newDatabase }: Checked,
  wanted: { backupId: string; environmentId: string | undefined; newDatabase: string | null },
): boolean =>
  kind === 'restore' &&
  dryRun &&
  backupId === wanted.backupId &&
  environmentId === wanted.environmentId &&
  newDatabase === wanted.newDatabase;

export interface SortedFindings {
  /** What no name helps against. */
  blockers: PreflightFinding[];
  warnings: PreflightFinding[];
  notes: PreflightFinding[];
}

/** Findings by severity. What a typed name settles is no blocker here: it is asked for. */
export function sortedFindings({ findings }: RestoreReport): SortedFindings {
  const of = (wanted: PreflightFinding['severity'][], settled: boolean) =>
    findings.filter(({ severity, code }) => wanted.includes(severity) && isSettledByName(severity, code) === settled);
  return {
    blockers: of(['blocker'], false),
    warnings: [...of(['blocker'], true), ...of(['warning'], false)],
    notes: of(['note'], false),
  };
}

const isSettledByName = (severity: string, code: string): boolean =>
  severity === 'blocker' && code === 'restore.wrong_target';

/** Whether the target's name is typed first: where the API wants it, and wherever something is replaced. */
export function needsName(
  report: RestoreReport,
  { where, safetyBackup }: Pick<RestoreChoices, 'where' | 'safetyBackup'>,
  production: boolean,
): boolean {
  if (where === 'new') return false;
  const strange = report.findings.some(({ code }) => code === 'restore.wrong_target');
  return strange || report.overwrittenCount > 0 || (production && safetyBackup === false);
}

/** Whether a restore's database is in its place, also where something after that failed. */
export const isSwitched = ({ progress }: Operation): boolean =>
  progress.steps.some(({ name, status }) => name === 'switch' && status === 'done');

/**
 * What the API said of chosen tables and schemas, or a check that did not find them in the backup; undefined where they
 * are all right, as far as is known.
 */
export function refusedNamesOf(
  refusal: Pick<Problem, 'errors'> | null,
  check: Pick<Operation, 'error'> | undefined,
): string | undefined {
  const said = refusal?.errors?.filter(({ at }) => /^(tables|schemas)\b/.test(at)).map(({ message }) => message) ?? [];
  const { code, message, hint } = check?.error ?? { code: '', message: '', hint: null };
  if (code === 'restore.selection_unknown') said.push(`${message}. ${hint ?? ''}`.trim());
  return said.length > 0 ? [...new Set(said)].join('; ') : undefined;
}
