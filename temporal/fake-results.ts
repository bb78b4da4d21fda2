import type {
  AttachReport,
  OperationKind,
  OperationTypes,
  ProbeReport,
  ReleaseReport,
  RepositoryProbeReport,
} from '@holdfast/contracts';
import type { OperationResults } from './activities/signatures.ts';

/** What the fake engine answers, by kind. */
export const FAKE_RESULTS: OperationResults = {
  backup: {
    backupId: '01930000-0000-7000-8000-0000000000b1',
    tables: 3,
    rows: 1_200,
    objects: 40,
    objectsRead: 2,
    functions: 3,
    sizeBytes: 90_000,
    storedBytes: 30_000,
    coverage: {
      included: ['schema', 'rows'],
      gaps: [{ code: 'role-passwords', subjects: ['app'], count: 1, reason: 'Passwords of roles are not readable.' }],
    },
    takenAt: '2026-01-01T00:00:00.000Z',
    serverVersion: '17.10',
    database: 'app',
    manifestSha256: 'ab'.repeat(32),
  },
  verify: {
    level: 'restore',
    verdict: 'proven',
    damaged: [],
    damagedCount: 0,
    differences: [],
    differenceCount: 0,
    gaps: [],
    artifacts: 9,
    bytes: 90_000,
    tables: 3,
    rows: 1_200,
    seconds: 2,
  },
  restore: {
    dryRun: false,
    database: 'app',
    serverVersion: '17.10',
    findings: [],
    overwritten: [],
    overwrittenCount: 0,
    tables: 3,
    rows: 1_200,
    bytes: 90_000,
    keptDatabase: null,
    differences: [],
    differenceCount: 0,
    gaps: [],
    quarantine: null,
    rowsCompared: true,
    seconds: 4,
  },
  expire: { removedChunks: 5, freedBytes: 30_000 },
};

export const FAKE_ATTACHED: AttachReport = { repositoryUid: 'r1', formatVersion: 1, created: true, backups: 0 };

export const FAKE_REPOSITORY_PROBE: RepositoryProbeReport = {
  ...{ repositoryUid: 'r1', formatVersion: 1, backups: 2, writable: true },
  ...{ freeBytes: 500_000, totalBytes: 900_000, latencyMs: 4, blockers: [] },
};

export const FAKE_RELEASED: ReleaseReport = {
  released: [{ kind: 'cron job', name: '1 nightly', state: 'active' }],
  releasedCount: 1,
  skipped: [],
  skippedCount: 0,
  releasedAt: '2026-01-01T00:00:00.000Z',
};

export const FAKE_PROBE: ProbeReport = {
  serverVersion: '17.10',
  serverMajor: 17,
  database: 'app',
  systemIdentifier: '7300000000000000000',
  sizeBytes: 8_000_000,
  tables: 3,
  latencyMs: 2,
  tls: { used: false, version: null },
  role: { name: 'app', superuser: false, bypassRls: true, replication: false, createDatabase: true },
  extensions: [{ name: 'plpgsql', version: '1.0' }],
  roles: ['app'],
  dumpClient: '17.11',
  skipped: [],
  blockers: [],
};

const BACKUP_ID = FAKE_RESULTS.backup.backupId;
const ENVIRONMENT_ID = '01930000-0000-7000-8000-0000000000e1';
const REPOSITORY_ID = '01930000-0000-7000-8000-0000000000a1';

/** What an operation of each kind is asked to do. */
export const FAKE_INPUTS: { [K in OperationKind]: OperationTypes[K]['input'] } = {
  backup: {
    backupId: BACKUP_ID,
    environmentId: ENVIRONMENT_ID,
    repositoryId: REPOSITORY_ID,
    name: 'nightly',
    description: '',
    tags: ['nightly'],
    components: ['database'],
    lockTimeoutSeconds: 30,
  },
  verify: { backupId: BACKUP_ID, environmentId: ENVIRONMENT_ID, repositoryId: REPOSITORY_ID, level: 'restore' },
  restore: {
    backupId: BACKUP_ID,
    sourceEnvironmentId: ENVIRONMENT_ID,
    repositoryId: REPOSITORY_ID,
    environmentId: ENVIRONMENT_ID,
    newDatabase: 'app_copy',
    schemas: [],
    tables: [],
    content: 'all',
    dryRun: false,
    overwrite: false,
  },
  expire: { backupId: BACKUP_ID, environmentId: ENVIRONMENT_ID, repositoryId: REPOSITORY_ID },
};

/** What a restore of this input does first: a backup of its own id, which the caller expects in the world. */
export const withSafetyBackup = (
  input: OperationTypes['restore']['input'],
  operationId: string,
): OperationTypes['restore']['input'] => ({
  ...{ ...input, newDatabase: null, overwrite: true },
  safetyBackup: { operationId, workflowId: `backup/shop/${operationId}`, input: FAKE_INPUTS.backup },
});
