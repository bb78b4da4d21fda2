import type { OperationStart, RestoreReport } from '@holdfast/contracts';
import { restore } from '@holdfast/engine';
import type { ActivityDependencies } from './dependencies.ts';
import { runEngine } from './engine-run.ts';
import { loadEnvironment, manifestSha256Of, openRegisteredRepository } from './sources.ts';

/** Gives a backup back to the environment that a running operation names, or reports what that would do. */
export const runRestore = (
  dependencies: ActivityDependencies,
  { operationId, input }: OperationStart<'restore'>,
): Promise<RestoreReport> =>
  runEngine(dependencies, 'restore', operationId, async (run) => {
    const { target } = await loadEnvironment(dependencies, input.environmentId);
    const repository = await openRegisteredRepository(dependencies, input.repositoryId);
    const { backupId, sourceEnvironmentId, newDatabase, schemas, tables, content, dryRun, overwrite } = input;
    const manifestSha256 = await manifestSha256Of(dependencies, backupId);
    const what = { backupId, sourceEnvironmentId, manifestSha256, schemas, tables, content };
    const where = { target, newDatabase, dryRun, overwrite };
    return restore({ repository, ...what, ...where, operationId, parallel: dependencies.parallel }, run);
  });
