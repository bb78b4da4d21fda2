import { isFinal, OPERATION_STATUSES } from '@holdfast/contracts';
import type { OperationStart, PreflightFinding, RestoreInput, RestoreReport } from '@holdfast/contracts';
import { dropLeftovers, refuseBlockers, restore, restoreProjectParts, settleRestore } from '@holdfast/engine';
import type { PostgresTarget } from '@holdfast/engine';
import { Context } from '@temporalio/activity';
import { OBJECTS_AT_ONCE } from './backup.activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runEngine, type EngineRun } from './engine-run.ts';
import { withoutSecrets } from './failures.ts';
import { partsOf } from './project-parts.ts';
import {
  loadEnvironment,
  isProvenByTrial,
  manifestSha256Of,
  openRegisteredRepository,
  projectRefOf,
} from './sources.ts';

/** Well within what the recording of an outcome may take. */
const SETTLE_WITHIN_MS = 4_000;
const SWEEP_WITHIN_MS = 10_000;
const FINAL = OPERATION_STATUSES.filter(isFinal);

/** Gives a backup back to the environment that a running operation names, or reports what that would do. */
export const runRestore = (
  dependencies: ActivityDependencies,
  start: OperationStart<'restore'>,
): Promise<RestoreReport> =>
  runEngine(dependencies, 'restore', start.operationId, (run) => giveBack(dependencies, start, run));

/** The pre-flight alone; throws what would stop the restore, so that nothing is prepared for one that cannot be. */
export const checkRestore = (
  dependencies: ActivityDependencies,
  { operationId, input }: OperationStart<'restore'>,
): Promise<void> =>
  runEngine(
    dependencies,
    'restore',
    operationId,
    async (run) => {
      const asked = { operationId, input: { ...input, dryRun: true } };
      refuseBlockers(await giveBack(dependencies, asked, run));
    },
    { isLast: false },
  );

async function giveBack(
  dependencies: ActivityDependencies,
  { operationId, input }: OperationStart<'restore'>,
  run: EngineRun,
): Promise<RestoreReport> {
  const loaded = await loadEnvironment(dependencies, input.environmentId);
  const { target, environment, projectRef, production, endpoint } = loaded;
  const repository = await openRegisteredRepository(dependencies, input.repositoryId);
  const { backupId, sourceEnvironmentId, newDatabase, schemas, tables, content, dryRun, overwrite } = input;
  const manifestSha256 = await manifestSha256Of(dependencies, backupId);
  const what = { backupId, sourceEnvironmentId, manifestSha256, schemas, tables, content };
  const proven = await isProvenByTrial(dependencies, backupId);
  const compareRows = input.compareRows ?? (proven ? ('unproven' as const) : true);
  const storage = { endpoint, choice: input.storage ?? null, parallel: OBJECTS_AT_ONCE };
  const guard = {
    ...{ environmentId: environment.id, environmentName: environment.name, projectRef },
    ...{ sourceProjectRef: await projectRefOf(dependencies, sourceEnvironmentId), confirm: input.confirm ?? null },
  };
  const quarantine = input.quarantine ?? ('copies' as const);
  const parts = { components: input.components ?? null, storage };
  const where = { target, newDatabase, dryRun, overwrite, guard, quarantine, compareRows };
  // Kept until this activity's result is in the workflow's history: an attempt after a kill must not restore twice.
  const keepsMark = true;
  if (!dryRun) await sweep(dependencies, target, run.signal);
  const { parallel } = dependencies;
  const project = { repository, ...what, ...(await partsOf(dependencies, loaded, input)) };
  // what has no place, or a name that leads out of it, is told before the database is touched
  const looked = await restoreProjectParts({ ...project, dryRun: true }, { signal: run.signal });
  const report = await restore({ repository, ...what, ...parts, ...where, operationId, parallel, keepsMark }, run);
  const { findings, gaps, ...restored } = dryRun ? looked : await restoreProjectParts(project, run);
  return {
    ...{ ...report, ...restored, gaps: [...report.gaps, ...gaps] },
    findings: [...report.findings, ...safetyFindings(input, production), ...findings],
  };
}

/** What the report says of the backup that is taken of the target first. */
function safetyFindings({ newDatabase, safetyBackup }: RestoreInput, production: boolean): PreflightFinding[] {
  if (newDatabase !== null) return [];
  if (safetyBackup) {
    const message = 'The target is backed up before it is touched';
    return [{ severity: 'note', code: 'restore.safety_backup', message }];
  }
  if (!production) return [];
  const message = 'The target is production, and no backup of it is taken before it is touched';
  return [{ severity: 'warning', code: 'restore.safety_backup_declined', message }];
}

/** Removes what earlier restores had to leave on the server; nobody's restore waits or fails for it. */
async function sweep({ database }: ActivityDependencies, target: PostgresTarget, signal: AbortSignal): Promise<void> {
  const whichEnded = async (ids: string[]): Promise<string[]> => {
    const where = { id: { in: ids }, status: { in: FINAL } };
    return (await database.operation.findMany({ where, select: { id: true } })).map(({ id }) => id);
  };
  try {
    await dropLeftovers(target, whichEnded, AbortSignal.any([signal, AbortSignal.timeout(SWEEP_WITHIN_MS)]));
  } catch (error) {
    signal.throwIfAborted();
    Context.current().log.warn('what earlier restores left stays for now', { reason: withoutSecrets(error) });
  }
}

/**
 * Takes the mark of a completed restore off its target. It is asked for once and not waited for: a mark that stays
 * where the target is away says which operation restored it, and harms nobody.
 */
export async function settle(dependencies: ActivityDependencies, operationId: string): Promise<void> {
  const operation = await dependencies.database.operation.findUniqueOrThrow({ where: { id: operationId } });
  // The API wrote it from a checked request.
  const { environmentId, newDatabase } = operation.input as unknown as RestoreInput;
  try {
    const { target } = await loadEnvironment(dependencies, environmentId);
    await settleRestore({ target, newDatabase, operationId }, AbortSignal.timeout(SETTLE_WITHIN_MS));
  } catch (error) {
    Context.current().log.warn('the mark of a restore stays on its target', { reason: withoutSecrets(error) });
  }
}
