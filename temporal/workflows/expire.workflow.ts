// Keyed by:  expire/<environment>/<operation>, one workflow an operation.
// Steps:     begin (the repository alone; waits while others use it) -> runExpire -> finish, which removes the catalog row.
// Undone:    nothing: the backup is marked as expiring first and its manifest goes before its chunks, so a half-removed
//            backup is never listed as complete. A later expire goes on where this one stopped.
// A crash:   of the worker ends its attempt after ten seconds without a heartbeat; the next one sweeps again.
import type { ExpireOutput, OperationStart } from '@holdfast/contracts';
import { runExpire } from './asked-activities.ts';
import { recordedOperation } from './recorded-operation.ts';

/** Removes one backup and the chunks that only it needed. */
export function expire(start: OperationStart<'expire'>): Promise<ExpireOutput> {
  const leases = [{ resource: `repository:${start.input.repositoryId}`, mode: 'exclusive' as const }];
  return recordedOperation('expire', start, leases, () => runExpire(start));
}
