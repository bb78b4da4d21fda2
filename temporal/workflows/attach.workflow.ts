// Keyed by:  an id of the caller's choice; the repository's row is what it leaves behind.
// Steps:     attachRepository, once.
// Undone:    nothing: an empty directory that became a repository may be attached again.
// A crash:   of the worker ends it with a timeout within a minute; the caller asks again.
import type { AttachInput, AttachReport } from '@holdfast/contracts';
import { attachRepository } from './asked-activities.ts';

/** Opens a repository at its registered place, creating it in an empty one. */
export function attach(input: AttachInput): Promise<AttachReport> {
  return attachRepository(input);
}
