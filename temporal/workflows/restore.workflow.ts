// Keyed by:  restore/<environment>/<operation>, one workflow an operation; the environment is the one that receives.
// Steps:     begin (the target environment alone, the repository beside others) -> the safety backup, where the request
//            has one: checkRestore, so that none is taken for a restore that would be refused, recordSafetyBackup, then
//            the workflow `backup` as a child, under the leases of this one -> runRestore -> finish.
// Undone:    by the activity itself: it works beside what is there and switches last, so that an error or a cancel
//            leaves the target as it was where Postgres allows it. A safety backup stays: it is a backup like any other.
// A crash:   of the worker ends its attempt after ten seconds without a heartbeat; the next one removes what the one
//            before left, which it knows by the operation's id, and starts again. Before the child's row: the same row
//            is written again, by its id. Between row and child: the child starts. In the child: it tries again itself.
//            After the child: its result is in the history, so that no attempt of the restore takes a second one. The
//            target is touched only once the backup is in the catalog. A terminated restore ends its child with it.
import type { OperationStart, RestoreReport, SafetyBackup } from '@holdfast/contracts';
import {
  ApplicationFailure,
  ChildWorkflowCancellationType,
  executeChild,
  isCancellation,
  patched,
} from '@temporalio/workflow';
import { checkRestore, recordSafetyBackup, runRestore } from './asked-activities.ts';
import { backup } from './backup.workflow.ts';
import { failedOutcome } from './failed-outcome.ts';
import { recordedOperation } from './recorded-operation.ts';

/** Gives a backup back to an environment; with `dryRun`, reports what that would do. */
export function restore(start: OperationStart<'restore'>): Promise<RestoreReport> {
  const { environmentId, repositoryId, dryRun, safetyBackup = null } = start.input;
  return recordedOperation(
    'restore',
    start,
    [
      { resource: `environment:${environmentId}`, mode: 'exclusive' },
      { resource: `repository:${repositoryId}`, mode: 'shared' },
    ],
    async () => {
      if (safetyBackup === null || dryRun || !patched('safety-backup')) return runRestore(start);
      await checkRestore(start);
      await takeSafetyBackup(start.operationId, safetyBackup);
      return { ...(await runRestore(start)), safetyBackupId: safetyBackup.input.backupId };
    },
  );
}

/** Throws what the backup failed with, so that the target is not touched. */
async function takeSafetyBackup(restoreId: string, given: SafetyBackup): Promise<void> {
  const safetyBackup = { ...given, input: { ...given.input, heldBy: restoreId } };
  await recordSafetyBackup({ operationId: restoreId, safetyBackup });
  const { workflowId, operationId, input } = safetyBackup;
  try {
    await executeChild(backup, {
      workflowId,
      args: [{ operationId, input }],
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    });
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { code, message } = failedOutcome(error);
    throw ApplicationFailure.create({
      type: code,
      message: `The safety backup failed: ${message}`,
      nonRetryable: true,
      details: [`The target was not touched. See /api/v1/progress/${operationId}, or decline it: safetyBackup: false.`],
    });
  }
}
