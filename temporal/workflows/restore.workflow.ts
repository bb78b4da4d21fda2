// Keyed by:  restore/<environment>/<operation>, one workflow an operation; the environment is the one that receives.
// Steps:     begin (the target environment alone, the repository beside others) -> runRestore -> finish.
// Undone:    by the activity itself: it works beside what is there and switches last, so that an error or a cancel
//            leaves the target as it was where Postgres allows it.
// A crash:   of the worker ends its attempt after ten seconds without a heartbeat; the next one removes what the one
//            before left, which it knows by the operation's id, and starts again.
import type { OperationStart, RestoreReport } from '@holdfast/contracts';
import { runRestore } from './asked-activities.ts';
import { recordedOperation } from './recorded-operation.ts';

/** Gives a backup back to an environment; with `dryRun`, reports what that would do. */
export function restore(start: OperationStart<'restore'>): Promise<RestoreReport> {
  const { environmentId, repositoryId } = start.input;
  return recordedOperation(
    'restore',
    start,
    [
      { resource: `environment:${environmentId}`, mode: 'exclusive' },
      { resource: `repository:${repositoryId}`, mode: 'shared' },
    ],
    () => runRestore(start),
  );
}
