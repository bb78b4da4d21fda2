import type {
  AttachInput,
  AttachReport,
  OperationWorkflows,
  ProbeInput,
  ProbeReport,
  ReleaseInput,
  ReleaseReport,
} from '@holdfast/contracts';
import { attach } from './attach.workflow.ts';
import { backup } from './backup.workflow.ts';
import { expire } from './expire.workflow.ts';
import { probe } from './probe.workflow.ts';
import { release } from './release.workflow.ts';
import { restore } from './restore.workflow.ts';
import { verify } from './verify.workflow.ts';

export { attach, backup, expire, probe, release, restore, verify };

/** All workflows by name; the compiler checks each one's argument and result against the contracts. */
export const workflows = { backup, verify, restore, expire, probe, attach, release } satisfies OperationWorkflows & {
  probe: (input: ProbeInput) => Promise<ProbeReport>;
  attach: (input: AttachInput) => Promise<AttachReport>;
  release: (input: ReleaseInput) => Promise<ReleaseReport>;
};
