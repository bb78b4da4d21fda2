import type { AttachInput, AttachReport, OperationWorkflows, ProbeInput, ProbeReport } from '@holdfast/contracts';
import { attach } from './attach.workflow.ts';
import { backup } from './backup.workflow.ts';
import { expire } from './expire.workflow.ts';
import { probe } from './probe.workflow.ts';
import { restore } from './restore.workflow.ts';
import { verify } from './verify.workflow.ts';

export { attach, backup, expire, probe, restore, verify };

/** All workflows by name; the compiler checks each one's argument and result against the contracts. */
export const workflows = { backup, verify, restore, expire, probe, attach } satisfies OperationWorkflows & {
  probe: (input: ProbeInput) => Promise<ProbeReport>;
  attach: (input: AttachInput) => Promise<AttachReport>;
};
