// Keyed by:  verify/<environment>/<operation>, one workflow an operation.
// Steps:     begin (the repository beside others) -> runVerify, which climbs the ladder to the level asked for -> finish.
// Undone:    the scratch database of the trial restore, by the activity itself.
// A crash:   of the worker ends its attempt after ten seconds without a heartbeat; the next one starts from the first
//            level. Verifying changes nothing, so it may be repeated. Damage found is a result, not a failure.
import type { OperationStart, VerificationResult } from '@holdfast/contracts';
import { runVerify } from './asked-activities.ts';
import { recordedOperation } from './recorded-operation.ts';

/** Proves one backup up to a level of the ladder. */
export function verify(start: OperationStart<'verify'>): Promise<VerificationResult> {
  const leases = [{ resource: `repository:${start.input.repositoryId}`, mode: 'shared' as const }];
  return recordedOperation('verify', start, leases, () => runVerify(start));
}
