import type { ExpireOutput, OperationStart } from '@holdfast/contracts';
import { expire } from '@holdfast/engine';
import type { ActivityDependencies } from './dependencies.ts';
import { runEngine } from './engine-run.ts';
import { openRegisteredRepository } from './sources.ts';

/** Removes a backup from its repository. */
export const runExpire = (
  dependencies: ActivityDependencies,
  { operationId, input }: OperationStart<'expire'>,
): Promise<ExpireOutput> =>
  runEngine(dependencies, 'expire', operationId, async (run) => {
    const { backupId, environmentId, repositoryId } = input;
    const repository = await openRegisteredRepository(dependencies, repositoryId);
    // Marked before the first byte goes: from here on nobody may count on it, whatever happens next.
    await dependencies.database.backup.updateMany({ where: { id: backupId }, data: { status: 'expiring' } });
    return expire({ repository, environmentId, backupId }, run);
  });
