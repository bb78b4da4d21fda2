import { isFinal, OPERATION_STATUSES } from '@holdfast/contracts';
import type { OperationStart, RestoreInput, RestoreReport } from '@holdfast/contracts';
import { dropLeftovers, restore, settleRestore } from '@holdfast/engine';
import type { PostgresTarget } from '@holdfast/engine';
import { Context } from '@temporalio/activity';
import type { ActivityDependencies } from './dependencies.ts';
import { runEngine } from './engine-run.ts';
import { withoutSecrets } from './failures.ts';
import { loadEnvironment, manifestSha256Of, openRegisteredRepository, projectRefOf } from './sources.ts';

/** Well within what the recording of an outcome may take. */
const SETTLE_WITHIN_MS = 4_000;
const SWEEP_WITHIN_MS = 10_000;
const FINAL = OPERATION_STATUSES.filter(isFinal);

/** Gives a backup back to the environment that a running operation names, or reports what that would do. */
export const runRestore = (
  dependencies: ActivityDependencies,
  { operationId, input }: OperationStart<'restore'>,
): Promise<RestoreReport> =>
  runEngine(dependencies, 'restore', operationId, async (run) => {
    const { target, environment, projectRef } = await loadEnvironment(dependencies, input.environmentId);
    const repository = await openRegisteredRepository(dependencies, input.repositoryId);
    const { backupId, sourceEnvironmentId, newDatabase, schemas, tables, content, dryRun, overwrite } = input;
    const manifestSha256 = await manifestSha256Of(dependencies, backupId);
    const what = { backupId, sourceEnvironmentId, manifestSha256, schemas, tables, content };
    const guard = {
      ...{ environmentId: environment.id, environmentName: environment.name, projectRef },
      ...{ sourceProjectRef: await projectRefOf(dependencies, sourceEnvironmentId), confirm: input.confirm ?? null },
    };
    const where = {
      target,
      newDatabase,
      dryRun,
      overwrite,
      guard,
      quarantine: input.quarantine ?? ('copies' as const),
    };
    // Kept until this activity's result is in the workflow's history: an attempt after a kill must not restore twice.
    const keepsMark = true;
    if (!dryRun) await sweep(dependencies, target, run.signal);
    return restore({ repository, ...what, ...where, operationId, parallel: dependencies.parallel, keepsMark }, run);
  });

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
