import type {
  AttachInput,
  AttachReport,
  BackupOutput,
  ErrorCode,
  ExpireOutput,
  OperationKind,
  OperationStart,
  ProbeInput,
  ProbeReport,
  ProbeRepositoryInput,
  ReleaseInput,
  ReleaseReport,
  RepositoryProbeReport,
  RestoreReport,
  SafetyBackup,
  VerificationResult,
} from '@holdfast/contracts';

/** What an operation wants to hold: `environment:<id>` or `repository:<id>`, alone or beside other readers. */
export interface LeaseRequest {
  resource: string;
  mode: 'shared' | 'exclusive';
}

export interface BeginInput {
  operationId: string;
  leases: LeaseRequest[];
}

/** A backup as its activity reports it: what the operation answers, and what only the catalog keeps. */
export interface BackupSummary extends BackupOutput {
  /** The instant of the snapshot, ISO 8601. */
  takenAt: string;
  serverVersion: string;
  database: string;
  manifestSha256: string;
}

/** kind -> what its engine activity returns. */
export interface OperationResults {
  backup: BackupSummary;
  verify: VerificationResult;
  restore: RestoreReport;
  expire: ExpireOutput;
}

/** How an operation ended. */
export type Outcome<K extends OperationKind> =
  | { status: 'completed'; result: OperationResults[K] }
  | { status: 'failed'; code: ErrorCode; message: string; hint: string | null }
  | { status: 'cancelled'; message: string };

export interface FinishInput<K extends OperationKind> {
  operationId: string;
  kind: K;
  outcome: Outcome<K>;
}

export interface RecordSafetyBackupInput {
  /** The restore that asks for it. */
  operationId: string;
  safetyBackup: SafetyBackup;
}

/**
 * The side effects that workflows may ask for. It stands apart from the activities' code so that workflows can name
 * it without Node's types coming along.
 */
export interface Activities {
  beginOperation(input: BeginInput): Promise<void>;
  finishOperation<K extends OperationKind>(input: FinishInput<K>): Promise<void>;
  checkRestore(start: OperationStart<'restore'>): Promise<void>;
  recordSafetyBackup(input: RecordSafetyBackupInput): Promise<void>;
  runBackup(start: OperationStart<'backup'>): Promise<BackupSummary>;
  runVerify(start: OperationStart<'verify'>): Promise<VerificationResult>;
  runRestore(start: OperationStart<'restore'>): Promise<RestoreReport>;
  runExpire(start: OperationStart<'expire'>): Promise<ExpireOutput>;
  probeEnvironment(input: ProbeInput): Promise<ProbeReport>;
  probeRepository(input: ProbeRepositoryInput): Promise<RepositoryProbeReport>;
  attachRepository(input: AttachInput): Promise<AttachReport>;
  releaseQuarantine(input: ReleaseInput): Promise<ReleaseReport>;
}
