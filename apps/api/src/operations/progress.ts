import { OPERATION_STEPS, type OperationKind, type Progress, type ProgressSnapshot } from '@holdfast/contracts';
import type { Operation } from '@holdfast/prisma';

/** The progress of an operation that has not begun. */
export const firstProgress = (kind: OperationKind): Progress => ({
  steps: OPERATION_STEPS[kind].map((name) => ({ name, status: 'waiting' })),
  step: null,
  done: 0,
  total: null,
  unit: 'bytes',
  bytes: 0,
  rows: 0,
  rate: null,
  etaSeconds: null,
});

/** The progress of an operation that ended before its last step: what ran has failed, what waited is skipped. */
export const endedProgress = (progress: Progress): Progress => ({
  ...progress,
  steps: progress.steps.map(({ name, status }) => ({
    name,
    status: status === 'running' ? 'failed' : status === 'waiting' ? 'skipped' : status,
  })),
  step: null,
  rate: null,
  etaSeconds: null,
});

/** A row's progress; the column holds what contracts say. */
export const progressOf = (operation: Pick<Operation, 'progress'>): Progress =>
  operation.progress as unknown as Progress;

/** What sockets are told about an operation now. */
export const snapshotOf = (operation: Operation): ProgressSnapshot => ({
  operationId: operation.id,
  environmentId: operation.environmentId,
  kind: operation.kind,
  status: operation.status,
  sequence: operation.sequence,
  at: new Date().toISOString(),
  progress: progressOf(operation),
});
