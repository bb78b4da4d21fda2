// Keyed by:  an id of the caller's choice; nothing is recorded, the answer is the workflow's result.
// Steps:     probeRepository, once.
// Undone:    nothing: the activity removes the small file that it wrote.
// A crash:   of the worker ends it with a timeout within a minute; the caller asks again. A small file that is left over
//            is removed by a later probe.
import type { ProbeRepositoryInput, RepositoryProbeReport } from '@holdfast/contracts';
import { probeRepository as askProbe } from './asked-activities.ts';

/** Opens a repository, writes to it, and reports what is there. */
export function probeRepository(input: ProbeRepositoryInput): Promise<RepositoryProbeReport> {
  return askProbe(input);
}
