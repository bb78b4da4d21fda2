import type { BackupInput, RestoreInput } from '@holdfast/contracts';
import type { CreateBackup, RestoreBackup } from './backup.dto.ts';
import { isUnnamed } from './backup-name.ts';

/** The request that an operation's stored input came from; its ids are its own, and a name that nobody chose is told anew. */
export function backupRequestOf(input: BackupInput, environmentName: string): CreateBackup {
  const { environmentId, repositoryId, name, description, tags, components, storage, lockTimeoutSeconds } = input;
  return {
    ...{ environmentId, repositoryId, description, tags, components, storage: storage ?? null, lockTimeoutSeconds },
    ...(isUnnamed(name, environmentName) ? {} : { name }),
  };
}

/**
 * As `backupRequestOf`. A safety backup is planned anew unless it was declined. The typed name is not part of it: who asks
 * again types it again (ADR 0020).
 */
export function restoreRequestOf(input: RestoreInput): Omit<RestoreBackup, 'confirm'> {
  const { environmentId, newDatabase, schemas, tables, content, dryRun, overwrite } = input;
  const asked = input.safetyBackup ? true : null;
  return {
    ...{ environmentId, newDatabase, schemas, tables, content, dryRun, overwrite },
    // absent in operations of earlier versions
    components: input.components ?? null,
    storage: input.storage ?? null,
    functions: input.functions ?? [],
    applySettings: input.applySettings ?? false,
    quarantine: input.quarantine ?? null,
    compareRows: input.compareRows ?? null,
    safetyBackup: input.safetyBackupDeclined ? false : asked,
  };
}
