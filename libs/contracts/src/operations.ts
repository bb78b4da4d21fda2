import type { Coverage, RestoreReport, VerificationResult, VerifyLevel } from './reports.ts';

export const OPERATION_KINDS = ['backup', 'verify', 'restore', 'expire'] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

export const COMPONENTS = ['database', 'storage', 'functions', 'settings'] as const;
/** A part of a project that a backup can hold; every backup holds the database, whose instant it is. */
export type Component = (typeof COMPONENTS)[number];

/** Storage objects by bucket and by the beginning of their name, `bucket/key`; an empty list: all. */
export interface StorageChoice {
  buckets: string[];
  prefixes: string[];
}

export const RESTORE_CONTENTS = ['all', 'schema', 'data'] as const;
export type RestoreContent = (typeof RESTORE_CONTENTS)[number];

/** All fields are references or choices: a secret never enters an operation's input. */
export interface BackupInput {
  backupId: string;
  environmentId: string;
  repositoryId: string;
  name: string;
  description: string;
  tags: string[];
  components: Component[];
  /** Null or absent: all of the storage. */
  storage?: StorageChoice | null;
  /** How long to wait for a table that someone else holds locked. */
  lockTimeoutSeconds: number;
  /** The operation whose leases cover this one: a safety backup takes none of its own. */
  heldBy?: string;
}

/** The backup of a target that a restore takes first: an operation of its own, fixed when the restore was asked for. */
export interface SafetyBackup {
  operationId: string;
  workflowId: string;
  input: BackupInput;
}

export interface BackupOutput {
  backupId: string;
  tables: number;
  rows: number;
  /** Storage objects in its list. Absent in results of earlier versions. */
  objects?: number;
  /** Objects whose bytes were read from the project; those of the others stood in an earlier backup. */
  objectsRead?: number;
  /** Plain bytes of all artifacts and objects. */
  sizeBytes: number;
  /** Bytes that this backup added to the repository. */
  storedBytes: number;
  /** How many functions; absent: they are not part of it. */
  functions?: number;
  coverage: Coverage;
}

export interface VerifyInput {
  backupId: string;
  environmentId: string;
  repositoryId: string;
  level: VerifyLevel;
}

export interface RestoreInput {
  backupId: string;
  /** The environment the backup was taken of. */
  sourceEnvironmentId: string;
  repositoryId: string;
  /** The environment that receives it. */
  environmentId: string;
  /** A database to create on the target's server; null: the environment's own database. */
  newDatabase: string | null;
  /** Empty: all. Table names are `schema.table`, quoted as SQL does where needed. */
  schemas: string[];
  tables: string[];
  content: RestoreContent;
  /** Null or absent: all that the backup holds and the target can take. */
  components?: Component[] | null;
  /** Null or absent: all of the backup's storage. */
  storage?: StorageChoice | null;
  /** Slugs of functions; empty or absent: all where the whole backup is restored over an environment, else none. */
  functions?: string[];
  /** Whether settings that differ are changed; absent: they are only compared. */
  applySettings?: boolean;
  /** The pre-flight report only; nothing is changed. */
  dryRun: boolean;
  /** Required when the target holds anything. */
  overwrite: boolean;
  /** The target environment's name, typed by whoever asks. Absent in operations of earlier versions. */
  confirm?: string | null;
  /** Whether what acts by itself is switched off in what was restored; null or absent: in copies. */
  quarantine?: boolean | null;
  /** Whether every row that was restored is read again; null or absent: unless this backup was proven before. */
  compareRows?: boolean | null;
  /** Taken of the target before it is touched; null or absent: none. */
  safetyBackup?: SafetyBackup | null;
  /** Whether whoever asked declined it; absent: not, or an operation of an earlier version. */
  safetyBackupDeclined?: boolean;
}

export interface ExpireInput {
  backupId: string;
  environmentId: string;
  repositoryId: string;
}

export interface ExpireOutput {
  removedChunks: number;
  freedBytes: number;
}

/** kind -> what goes in and what comes out; the one place to add a verb. */
export interface OperationTypes {
  backup: { input: BackupInput; output: BackupOutput };
  verify: { input: VerifyInput; output: VerificationResult };
  restore: { input: RestoreInput; output: RestoreReport };
  expire: { input: ExpireInput; output: ExpireOutput };
}

/** The one argument of every operation's workflow. */
export interface OperationStart<K extends OperationKind> {
  operationId: string;
  input: OperationTypes[K]['input'];
}

/** The workflows by name; `temporal/workflows/index.ts` must satisfy it. */
export type OperationWorkflows = {
  [K in OperationKind]: (start: OperationStart<K>) => Promise<OperationTypes[K]['output']>;
};

/** The steps of each kind, in order; what progress shows. */
export const OPERATION_STEPS = {
  backup: ['connect', 'schema', 'rows', 'storage', 'functions', 'settings', 'check', 'manifest', 'record'],
  verify: ['presence', 'checksum', 'content', 'restore', 'compare', 'record'],
  restore: [
    ...['preflight', 'prepare', 'pre-data', 'rows', 'post-data', 'compare', 'switch'],
    ...['storage', 'functions', 'settings', 'record'],
  ],
  expire: ['manifest', 'sweep', 'record'],
} as const satisfies Record<OperationKind, readonly string[]>;

export const TASK_QUEUE = 'holdfast';

/** Workflow ids that an operator can read: `backup/<environment>/<operation>`. */
export const workflowId = (kind: OperationKind, environmentName: string, operationId: string): string =>
  `${kind}/${environmentName}/${operationId}`;

/** The workflow that asks a worker to connect to an environment and report; short, no operation row. */
export const PROBE_WORKFLOW = 'probe';
export interface ProbeInput {
  environmentId: string;
}

/** Opens a repository, writes a small file and reports; short, no operation row. */
export const PROBE_REPOSITORY_WORKFLOW = 'probeRepository';
export interface ProbeRepositoryInput {
  repositoryId: string;
}

/** Registers or creates a repository at its place; short, no operation row. */
export const ATTACH_WORKFLOW = 'attach';
export interface AttachInput {
  repositoryId: string;
}

/** Releases the quarantine of a restored copy; short, no operation row of its own. */
export const RELEASE_WORKFLOW = 'release';
export interface ReleaseInput {
  /** The restore's. */
  operationId: string;
}
