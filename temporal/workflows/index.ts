import type {
  AttachInput,
  AttachReport,
  OperationWorkflows,
  ProbeInput,
  ProbeReport,
  ProbeRepositoryInput,
  ReleaseInput,
  ReleaseReport,
  RepositoryProbeReport,
} from '@holdfast/contracts';
import { attach } from './attach.workflow.ts';
import { backup } from './backup.workflow.ts';
import { expire } from './expire.workflow.ts';
import { probe } from './probe.workflow.ts';
import { probeRepository } from './probe-repository.workflow.ts';
import { release } from './release.workflow.ts';
import { restore } from './restore.workflow.ts';
import { verify } from './verify.workflow.ts';

export { attach, backup, expire, probe, probeRepository, release, restore, verify };

/** All workflows by name; the compiler checks each one's argument and result against the contracts. */
export const workflows = {
  ...{ backup, verify, restore, expire },
  ...{ probe, probeRepository, attach, release },
} satisfies OperationWorkflows & {
  probe: (input: ProbeInput) => Promise<ProbeReport>;
  probeRepository: (input: ProbeRepositoryInput) => Promise<RepositoryProbeReport>;
  attach: (input: AttachInput) => Promise<AttachReport>;
  release: (input: ReleaseInput) => Promise<ReleaseReport>;
};
