import type { OperationKind } from './operations.ts';

export const OPERATION_STATUSES = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
/** `pending`: recorded, not begun; the last three are final. */
export type OperationStatus = (typeof OPERATION_STATUSES)[number];
export const isFinal = (status: OperationStatus): boolean => status !== 'pending' && status !== 'running';

export const STEP_STATUSES = ['waiting', 'running', 'done', 'failed', 'skipped'] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

export interface ProgressStep {
  name: string;
  status: StepStatus;
}

/** What `done` and `total` count. */
export type ProgressUnit = 'bytes' | 'rows' | 'tables' | 'statements' | 'artifacts';

/** How far an operation is. `total` and `etaSeconds` are null while they would be a guess. */
export interface Progress {
  steps: ProgressStep[];
  /** The running step's name, null before the first and after the last. */
  step: string | null;
  done: number;
  total: number | null;
  unit: ProgressUnit;
  /** Plain bytes and rows handled so far in this operation. */
  bytes: number;
  rows: number;
  /** `unit` per second over the last seconds. */
  rate: number | null;
  etaSeconds: number | null;
}

/** What a step tells while it runs; the rest of `Progress` is computed from it. */
export interface StepProgress {
  step: string;
  done: number;
  total: number | null;
  unit: ProgressUnit;
  bytes: number;
  rows: number;
}

/** The Socket.IO event and the snapshot it carries. A lower `sequence` than one already seen is old news. */
export const PROGRESS_EVENT = 'progress';
export interface ProgressSnapshot {
  operationId: string;
  environmentId: string | null;
  kind: OperationKind;
  status: OperationStatus;
  sequence: number;
  at: string;
  progress: Progress;
}

/** Postgres channel on which a change of an operation's row is told; the payload is the operation's id. */
export const OPERATION_CHANNEL = 'holdfast_operation';
