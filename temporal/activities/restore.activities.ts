import { isFinal, OPERATION_STATUSES } from '@holdfast/contracts';
import type { OperationStart, PreflightFinding, RestoreInput, RestoreReport } from '@holdfast/contracts';
import {
  afterDatabase,
  dropLeftovers,
  isBlocked,
  isRestored,
  refuseBlockers,
  restore,
  restoreProjectParts,
  settleRestore,
} from '@holdfast/engine';
import type { PostgresTarget, ProjectParts, RestoreArguments, RestoredParts } from '@holdfast/engine';
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
  type LoadedEnvironment,
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

/**
 * The order is what makes a crash harmless. Each line, and what it leaves when the worker is killed in it:
 * 1. Leftovers are swept, then functions and settings are only looked at. Nothing was changed; the next attempt begins anew.
 * 2. The database, then storage. Until the switch (or commit) the target is as it was; after it the operation's mark is on
 *    the database, by which the next attempt skips it. Storage uploads only what is missing.
 * 3. Functions and settings, which call what the database holds: each is compared before it is changed.
 * So what stands in the way of 3 is told by 1, unless an earlier attempt has done 2: then only 3 may say it, with the words
 * that the database is restored.
 */
async function giveBack(
  dependencies: ActivityDependencies,
  { operationId, input }: OperationStart<'restore'>,
  run: EngineRun,
): Promise<RestoreReport> {
  const loaded = await loadEnvironment(dependencies, input.environmentId);
  const { database, parts } = await argumentsOf(dependencies, loaded, operationId, input);
  if (!input.dryRun) await sweep(dependencies, loaded.target, run.signal);
  const looked = await restoreProjectParts({ ...parts, dryRun: true }, { signal: run.signal });
  const blocked = !input.dryRun && isBlocked(looked);
  if (blocked && !(wantsDatabase(input) && (await isRestored(database, run.signal)))) refuseBlockers(looked);
  const report = await restore(database, run);
  const given = input.dryRun ? looked : await partsAfter(wantsDatabase(input) ? report : null, parts, run);
  return reportOf(report, safetyFindings(input, loaded.production), given);
}

const wantsDatabase = ({ components }: RestoreInput): boolean => components?.includes('database') ?? true;

/** What goes into the engine's two calls: what both take, then what only one does. */
async function argumentsOf(
  dependencies: ActivityDependencies,
  { target, environment, projectRef, endpoint, ...places }: LoadedEnvironment,
  operationId: string,
  input: RestoreInput,
): Promise<{ database: RestoreArguments; parts: ProjectParts }> {
  const { backupId, sourceEnvironmentId, newDatabase, schemas, tables, content, dryRun, overwrite } = input;
  const both = {
    repository: await openRegisteredRepository(dependencies, input.repositoryId),
    ...{ backupId, sourceEnvironmentId },
    manifestSha256: await manifestSha256Of(dependencies, backupId),
    guard: {
      ...{ environmentId: environment.id, environmentName: environment.name, projectRef },
      ...{ sourceProjectRef: await projectRefOf(dependencies, sourceEnvironmentId), confirm: input.confirm ?? null },
    },
  };
  const parts = { ...both, ...partsOf(dependencies, { environment, ...places }, input) };
  const proven = await isProvenByTrial(dependencies, backupId);
  const database: RestoreArguments = {
    ...{ ...both, target, newDatabase, schemas, tables, content, dryRun, overwrite, operationId },
    components: input.components ?? null,
    storage: { endpoint, choice: input.storage ?? null, parallel: OBJECTS_AT_ONCE },
    changesProject: parts.applySettings || parts.wanted.includes('functions'),
    quarantine: input.quarantine ?? 'copies',
    compareRows: input.compareRows ?? (proven ? 'unproven' : true),
    parallel: dependencies.parallel,
    // until this activity's result is in the workflow's history: an attempt after a kill must not restore twice
    keepsMark: true,
  };
  return { database, parts };
}

/** `restored`: the database was, before this. */
function partsAfter(restored: RestoreReport | null, parts: ProjectParts, run: EngineRun): Promise<RestoredParts> {
  const give = (): Promise<RestoredParts> => restoreProjectParts(parts, run);
  return restored ? afterDatabase(restored, 'functions and settings are', run.signal, give) : give();
}

function reportOf(
  report: RestoreReport,
  safety: PreflightFinding[],
  { findings, gaps, ...parts }: RestoredParts,
): RestoreReport {
  const guarded = report.findings.some(({ code }) => code === 'restore.wrong_target');
  // the guard of the database has said all that the other one says
  const told = findings.filter(({ code }) => !(guarded && code === 'restore.wrong_target'));
  return {
    ...{ ...report, ...parts, gaps: [...report.gaps, ...gaps] },
    findings: [...report.findings, ...safety, ...told],
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
