import type { ServerResponse } from 'node:http';
import { OperationError } from '@holdfast/contracts';
import type { writeBackupTar } from '@holdfast/engine';
import type { Backup } from '@holdfast/prisma';
import { openRegisteredRepository } from '@holdfast/temporal/activities';
import type { ActivityDependencies } from '@holdfast/temporal/activities';

/** The catalog's row of a backup; throws `resource.not_found`. */
export async function findBackup({ database }: Pick<ActivityDependencies, 'database'>, id: string): Promise<Backup> {
  const backup = await database.backup.findUnique({ where: { id } });
  if (backup === null) throw new OperationError('resource.not_found', `There is no backup ${id}`);
  return backup;
}

/** Streams a backup's tar into a response. */
export async function streamBackup(
  dependencies: Pick<ActivityDependencies, 'database'> & { writeTar: typeof writeBackupTar },
  backupId: string,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const { environmentId, repositoryId, manifestSha256 } = await findBackup(dependencies, backupId);
  const repository = await openRegisteredRepository(dependencies, repositoryId);
  response.setHeader('content-type', 'application/x-tar');
  await dependencies.writeTar({ repository, environmentId, backupId, manifestSha256 }, response, { signal });
  response.end();
}
