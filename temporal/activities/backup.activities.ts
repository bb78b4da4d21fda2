import { OperationError } from '@holdfast/contracts';
import type { BackupInput, OperationStart } from '@holdfast/contracts';
import { backUp } from '@holdfast/engine';
import type { StorageEndpoint, StorageSource } from '@holdfast/engine';
import type { ActivityDependencies } from './dependencies.ts';
import { runEngine } from './engine-run.ts';
import { parentBackup } from './parent-backup.ts';
import { capturedParts } from './project-parts.ts';
import type { BackupSummary } from './signatures.ts';
import { loadEnvironment, openRegisteredRepository } from './sources.ts';

/** Most objects are small: what takes time is the way there and back. */
export const OBJECTS_AT_ONCE = 8;

async function storageOf(
  dependencies: ActivityDependencies,
  input: BackupInput,
  endpoint: StorageEndpoint | null,
): Promise<{ storage?: StorageSource }> {
  if (!input.components.includes('storage')) return {};
  if (endpoint === null) {
    // it had both when the backup was asked for
    throw new OperationError('backup.component_unavailable', 'The environment has no project address or service key', {
      hint: 'Give the environment projectUrl and serviceKey, or back up without its storage.',
    });
  }
  const parentBackupId = await parentBackup(dependencies, input);
  const choice = input.storage ? { choice: input.storage } : {};
  return { storage: { endpoint, parentBackupId, parallel: OBJECTS_AT_ONCE, ...choice } };
}

/** Takes the backup that a running operation asks for. */
export const runBackup = (
  dependencies: ActivityDependencies,
  { operationId, input }: OperationStart<'backup'>,
): Promise<BackupSummary> =>
  runEngine(dependencies, 'backup', operationId, async (run) => {
    const loaded = await loadEnvironment(dependencies, input.environmentId);
    const { environment, target, endpoint } = loaded;
    const repository = await openRegisteredRepository(dependencies, input.repositoryId);
    const { backupId: id, name, description, tags, components, lockTimeoutSeconds } = input;
    const { toolsDir, parallel } = dependencies;
    const backup = { id, name, description, tags, components };
    const parts = {
      ...(await storageOf(dependencies, input, endpoint)),
      ...(await capturedParts(dependencies, loaded, components)),
    };
    const how = { toolsDir, lockTimeoutSeconds, parallel };
    const taken = await backUp({ environment, source: target, repository, backup, ...how, ...parts }, run);
    const { storage = { objects: 0, objectsRead: 0 }, ...summary } = taken;
    return { ...summary, ...storage };
  });
