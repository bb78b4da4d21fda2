import { asJson } from './json.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { lockOperation } from './operation.activities.ts';
import { trackProgress } from './progress-tracker.ts';
import { operationEnded } from './progress-writer.ts';
import type { RecordSafetyBackupInput } from './signatures.ts';

/**
 * Records the backup that a running restore takes first as an operation of its own, in the name of whoever asked for the
 * restore, and tells it as an event of the restore. A second call changes nothing. Throws `operation.already_ended` for a
 * restore that somebody ended.
 */
export async function recordSafetyBackup(
  { database }: Pick<ActivityDependencies, 'database'>,
  { operationId, safetyBackup }: RecordSafetyBackupInput,
): Promise<void> {
  const { operationId: id, workflowId, input } = safetyBackup;
  await database.$transaction(async (transaction) => {
    const restore = await lockOperation(transaction, operationId);
    if (restore.status !== 'running') throw operationEnded(operationId);
    if (await transaction.operation.findUnique({ where: { id }, select: { id: true } })) return;
    const { actorId, actorName } = restore;
    const { environmentId, repositoryId, backupId } = input;
    await transaction.operation.create({
      data: {
        ...{ id, kind: 'backup', environmentId, repositoryId, backupId, actorId, actorName, workflowId },
        ...{ input: asJson(input), progress: asJson(trackProgress('backup').at(0)) },
      },
    });
    await transaction.operation.update({
      where: { id: operationId },
      data: {
        sequence: { increment: 1 },
        events: {
          create: {
            ...{ type: 'safety-backup', message: `Backing up the target first: ${input.name}` },
            data: { operationId: id, backupId },
          },
        },
      },
    });
  });
}
