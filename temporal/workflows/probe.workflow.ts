// Keyed by:  an id of the caller's choice; nothing is recorded, the answer is the workflow's result.
// Steps:     probeEnvironment, once.
// Undone:    nothing: it only reads.
// A crash:   of the worker ends it with a timeout within a minute; the caller asks again.
import type { ProbeInput, ProbeReport } from '@holdfast/contracts';
import { probeEnvironment } from './asked-activities.ts';

/** Connects to an environment and reports what is there. */
export function probe(input: ProbeInput): Promise<ProbeReport> {
  return probeEnvironment(input);
}
