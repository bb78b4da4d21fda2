import type { OperationStart } from '@holdfast/contracts';
import { backUp } from '@holdfast/engine';
import type { ActivityDependencies } from './dependencies.ts';
import { runEngine } from './engine-run.ts';
import type { BackupSummary } from './signatures.ts';
import { loadEnvironment, openRegisteredRepository } from './sources.ts';

/** Takes the backup that a running operation asks for. */
export const runBackup = (
  dependencies: ActivityDependencies,
  { operationId, input }: OperationStart<'backup'>,
): Promise<BackupSummary> =>
  runEngine(dependencies, 'backup', operationId, async (run) => {
    const { environment, target } = await loadEnvironment(dependencies, input.environmentId);
    const repository = await openRegisteredRepository(dependencies, input.repositoryId);
    const { backupId: id, name, description, tags, components, lockTimeoutSeconds } = input;
    const { toolsDir, parallel } = dependencies;
    const backup = { id, name, description, tags, components };
    return backUp({ environment, source: target, repository, backup, toolsDir, lockTimeoutSeconds, parallel }, run);
  });
