import type { ErrorCode } from './operation-error.ts';

export const VERIFY_LEVELS = ['presence', 'checksum', 'content', 'restore'] as const;
/** The ladder: each level does all that the ones before it do. */
export type VerifyLevel = (typeof VERIFY_LEVELS)[number];

/** One thing that is not inside a backup, and why. */
export interface CoverageGap {
  /** Stable word for the kind of gap, such as `role-passwords`. */
  code: string;
  /** What is missing: names, at most 20, and how many there are in all. */
  subjects: string[];
  count: number;
  reason: string;
}

/** Gaps that lie in the nature of a project: no backup of it is without them, whatever anybody does. */
export const ORDINARY_GAPS = [
  'role-passwords',
  'platform-schemas',
  'tablespaces',
  'subscriptions',
  'foreign-rows',
  'settings-secret',
  'function-secrets',
  'function-variables',
] as const;

/** The coverage statement: what a backup holds and what it does not. */
export interface Coverage {
  included: string[];
  gaps: CoverageGap[];
}

export const VERDICTS = ['proven', 'proven-with-gaps', 'damaged', 'different'] as const;
/** `damaged`: stored bytes are wrong or missing. `different`: the trial restore is not equal to the source. */
export type Verdict = (typeof VERDICTS)[number];

export interface DamagedArtifact {
  /** The artifact's name in the manifest, or `manifest`. */
  artifact: string;
  /** What was found: missing, size, checksum, content, rows. */
  problem: string;
  /** What losing it would cost, in words. */
  cost: string;
}

/** One difference between a backup and what was restored from it. */
export interface Difference {
  kind: string;
  subject: string;
  expected: string | null;
  found: string | null;
  /** True where protection shrank: a policy, RLS flag, or a grant that widened. */
  protection: boolean;
}

/** Lists are cut at 200; the counts are true. */
export interface VerificationResult {
  level: VerifyLevel;
  verdict: Verdict;
  damaged: DamagedArtifact[];
  damagedCount: number;
  differences: Difference[];
  differenceCount: number;
  gaps: CoverageGap[];
  artifacts: number;
  bytes: number;
  tables: number;
  rows: number;
  /** Storage objects in its list. Absent in results of earlier versions. */
  objects?: number;
  seconds: number;
}

export interface PreflightFinding {
  severity: 'blocker' | 'warning' | 'note';
  code: ErrorCode | string;
  message: string;
  hint?: string;
}

export const QUARANTINED_KINDS = ['cron job', 'trigger', 'event trigger', 'foreign-data wrapper'] as const;

/** Something that acts by itself or towards others, and the state that a release gives back to it. */
export interface QuarantinedItem {
  kind: (typeof QUARANTINED_KINDS)[number];
  name: string;
  state: string;
}

/** What a restore switched off in the copy that it made; all else in the copy is equal to the backup. */
export interface Quarantine {
  /** At most 200; the count is true. */
  items: QuarantinedItem[];
  count: number;
  /** What is still on, and why. */
  leftOn: (QuarantinedItem & { reason: string })[];
  /** When it was released, ISO 8601; null: it was not. */
  releasedAt: string | null;
  /** Of the server that it is on; null: not readable. Absent in results of earlier versions. */
  systemIdentifier?: string | null;
}

/** What a release switched on again. Lists are cut at 200; the counts are true. */
export interface ReleaseReport {
  released: QuarantinedItem[];
  releasedCount: number;
  /** Gone, or switched on by somebody else meanwhile. */
  skipped: QuarantinedItem[];
  skippedCount: number;
  releasedAt: string;
}

/** What a restore did to a project's storage. */
export interface RestoredStorage {
  /** Buckets that have the backup's settings now. */
  buckets: number;
  /** Objects that were written. */
  restored: number;
  /** Objects that were there with the same bytes already. */
  kept: number;
  /** Objects that the project did not take; the differences name them. */
  failed: number;
  /** Plain bytes that were written. */
  bytes: number;
}

/** What became of a backup's functions. */
export interface FunctionsReport {
  /** Slugs of those that were deployed or written, or would be. */
  deployed: string[];
  /** Slugs of those that were there with the same sources already. */
  kept: string[];
}

/** How the target's settings compare with the backup's. */
export interface SettingsReport {
  /** Settings that were changed, such as `auth.site_url`. */
  applied: string[];
  /** What is another still, at most 200; the count is true. Secrets are never changed. */
  differences: Difference[];
  differenceCount: number;
}

/** What a restore would do, or did. */
export interface RestoreReport {
  dryRun: boolean;
  database: string;
  serverVersion: string;
  findings: PreflightFinding[];
  /** Objects of the target that would be replaced, at most 200 names. */
  overwritten: string[];
  overwrittenCount: number;
  tables: number;
  rows: number;
  bytes: number;
  /** Whether every row was read again and compared. False: each table's count, and the catalogs. */
  rowsCompared: boolean;
  /** Where the replaced database was kept, if it was. */
  keptDatabase: string | null;
  differences: Difference[];
  differenceCount: number;
  gaps: CoverageGap[];
  /** Null or absent: no storage was given back. */
  storage?: RestoredStorage | null;
  /** Absent: functions were not part of it. */
  functions?: FunctionsReport;
  /** Absent: settings were not part of it. */
  settings?: SettingsReport;
  /** Null: the restore was not one of a copy, or was asked not to. */
  quarantine: Quarantine | null;
  /** The backup of the target that was taken first; null or absent: none. */
  safetyBackupId?: string | null;
  /** Absent until the quarantine is released. */
  release?: ReleaseReport;
  seconds: number;
}

/** What a connection to an environment shows; the same code path as a backup's connect. */
export interface ProbeReport {
  serverVersion: string;
  serverMajor: number;
  database: string;
  systemIdentifier: string | null;
  sizeBytes: number;
  tables: number;
  latencyMs: number;
  tls: { used: boolean; version: string | null };
  role: { name: string; superuser: boolean; bypassRls: boolean; replication: boolean; createDatabase: boolean };
  extensions: { name: string; version: string }[];
  roles: string[];
  /** The pg_dump that a backup would use; null: none found for this version. */
  dumpClient: string | null;
  /** Schemas and objects that a backup would leave out, and why. */
  skipped: CoverageGap[];
  /** Reasons for which a backup would fail now. */
  blockers: { code: ErrorCode; message: string }[];
}

/** What attaching a repository found there. */
export interface AttachReport {
  repositoryUid: string;
  formatVersion: number;
  created: boolean;
  backups: number;
}

/** What a look at a repository shows: it was opened as a backup opens it, and a small file was written. */
export interface RepositoryProbeReport {
  repositoryUid: string;
  formatVersion: number;
  /** Manifests that lie in it. */
  backups: number;
  /** Whether the small file could be written, was read back the same, and removed. */
  writable: boolean;
  /** Null where the place does not say. */
  freeBytes: number | null;
  totalBytes: number | null;
  /** How long the small file took, also where it failed. */
  latencyMs: number;
  /** Reasons for which a backup would fail now. */
  blockers: { code: ErrorCode; message: string; hint: string | null }[];
}

export const ENVIRONMENT_KINDS = ['postgres', 'supabase-selfhosted', 'supabase-cloud'] as const;
export type EnvironmentKind = (typeof ENVIRONMENT_KINDS)[number];

export const TLS_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
/** As libpq's sslmode. */
export type TlsMode = (typeof TLS_MODES)[number];

export const REPOSITORY_DRIVERS = ['local'] as const;
export type RepositoryDriverName = (typeof REPOSITORY_DRIVERS)[number];

export const BACKUP_STATUSES = ['complete', 'damaged', 'expiring'] as const;
/** A backup is listed only once it is complete; `damaged` after a verification said so, `expiring` while it is removed. */
export type BackupStatus = (typeof BACKUP_STATUSES)[number];
