import { randomUUIDv7 } from 'node:crypto';
import { workflowId, type SafetyBackup } from '@holdfast/contracts';
import type { Backup, Environment } from '@holdfast/prisma';
import type { RestoreBackup } from './backup.dto.ts';
import { availableComponents, type ProjectAccess } from './components.ts';

const LOCK_TIMEOUT_SECONDS = 30;
const NAME_LENGTH = 200;

/**
 * The backup of the target that a restore takes first: in production unless it was declined, elsewhere when asked for. A
 * new database replaces nothing. Its ids are fixed here, so that no attempt of the restore takes another one.
 */
export function safetyBackupOf(
  given: Pick<RestoreBackup, 'newDatabase' | 'safetyBackup'>,
  backup: Pick<Backup, 'id' | 'name' | 'repositoryId'>,
  target: ProjectAccess & Pick<Environment, 'id' | 'production'>,
): SafetyBackup | null {
  if (given.newDatabase !== null || !(given.safetyBackup ?? target.production)) return null;
  const [operationId, backupId] = [randomUUIDv7(), randomUUIDv7()];
  return {
    operationId,
    workflowId: workflowId('backup', target.name, operationId),
    input: {
      ...{ backupId, environmentId: target.id, repositoryId: backup.repositoryId },
      name: `before the restore of ${backup.name}`.slice(0, NAME_LENGTH),
      description: `Taken of ${target.name} before backup ${backup.id} was restored over it`,
      ...{ tags: ['safety'], components: availableComponents(target), lockTimeoutSeconds: LOCK_TIMEOUT_SECONDS },
    },
  };
}
