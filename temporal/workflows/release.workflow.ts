// Keyed by:  an id of the caller's choice; the restore's operation row and the target are what it leaves behind.
// Steps:     releaseQuarantine, once: switches on in one transaction of the target, then records it on the restore.
// Undone:    nothing: what failed was rolled back by the target.
// A crash:   of the worker ends it with a timeout within a minute; the caller asks again. Between the target's commit
//            and our record, the next call finds nothing left to switch on, and records that if it is the same database.
import type { ReleaseInput, ReleaseReport } from '@holdfast/contracts';
import { releaseQuarantine } from './asked-activities.ts';

/** Switches on again what a restore switched off in its copy. */
export function release(input: ReleaseInput): Promise<ReleaseReport> {
  return releaseQuarantine(input);
}
