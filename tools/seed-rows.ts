import {
  BACKUP_STATUSES,
  OPERATION_STEPS,
  workflowId,
  type BackupOutput,
  type OperationKind,
  type VerificationResult,
} from '@holdfast/contracts';

/** Names and host of all that is made here: what says so, and nothing else, is removed again. */
export const SEED_PREFIX = 'seed-';
export const SEED_HOST = 'seed.invalid';

const DAY_MS = 86_400_000;
const MONTHS_14_MS = 425 * DAY_MS;
const PROJECTS = ['orders', 'billing', 'catalog', 'media', 'search', 'crm', 'events', 'reports', 'chat', 'maps'];
const STAGES = ['production', 'staging', 'preview'];
const FAILURES = [
  ['environment.unreachable', 'The server cannot be reached'],
  ['postgres.lock_timeout', 'A table is locked by someone else'],
  ['repository.full', 'The repository is full'],
] as const;

/** A row by its columns. */
export type Row = Record<string, unknown>;

/** Numbers from 0 to 1 that are the same at every run. */
export type Dice = () => number;

/** Marsaglia's xorshift over 32 bits: plenty for rows that only have to look different. */
export function dice(seed: number): Dice {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A UUID of version 7 of an instant: our lists take the order of ids for that of creation. */
function uuidAt(at: number, roll: Dice): string {
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(roll() * 16).toString(16)).join('');
  const time = Math.floor(at).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${'89ab'[Math.floor(roll() * 4)]}${hex(3)}-${hex(12)}`;
}

const instant = (at: number): string => new Date(at).toISOString();

export interface SeedEnvironment {
  row: Row & { id: string; name: string };
  /** Plain bytes of its newest backup. */
  sizeBytes: number;
  tables: number;
}

/** An environment on a host that cannot exist. */
export function environmentRow(number: number, now: number, roll: Dice): SeedEnvironment {
  const [project, stage] = [PROJECTS[number % PROJECTS.length], STAGES[Math.floor(number / PROJECTS.length) % 3]];
  const at = now - MONTHS_14_MS - number * 1_000;
  const production = stage === 'production';
  const name = `${SEED_PREFIX}${project}-${stage}-${String(number).padStart(3, '0')}`;
  return {
    row: {
      ...{ id: uuidAt(at, roll), name, kind: number % 3 === 0 ? 'postgres' : 'supabase-cloud', host: SEED_HOST },
      ...{ port: 5432, database: 'postgres', username: 'backup', sealed_password: '', tls_mode: 'require' },
      ...{ color: production ? '#c62828' : '#1565c0', production, created_at: instant(at), updated_at: instant(at) },
    },
    sizeBytes: Math.round(2e7 * 10 ** (roll() * 3.5)),
    tables: 10 + Math.floor(roll() * 200),
  };
}

/** A repository at a path that cannot exist. */
export function repositoryRow(name: string, now: number, roll: Dice): Row & { id: string } {
  const at = now - MONTHS_14_MS - DAY_MS;
  return {
    ...{ id: uuidAt(at, roll), name: `${SEED_PREFIX}${name}`, driver: 'local', path: `/${SEED_HOST}/${name}` },
    ...{ created_at: instant(at), updated_at: instant(at) },
  };
}

function operationRow(
  kind: OperationKind,
  environment: SeedEnvironment['row'],
  { at, seconds, ...more }: { at: number; seconds: number } & Row,
  roll: Dice,
): Row & { id: string } {
  const id = uuidAt(at, roll);
  const failed = more['status'] === 'failed';
  const steps = OPERATION_STEPS[kind].map((name, index) => ({
    ...{ name, status: failed && index > 0 ? 'skipped' : failed ? 'failed' : 'done' },
  }));
  return {
    ...{ id, kind, environment_id: environment.id, actor_id: uuidAt(0, () => 0), actor_name: 'Seed', input: {} },
    ...{ status: 'completed', workflow_id: workflowId(kind, environment.name, id), sequence: 20, result: null },
    ...{ created_at: instant(at), started_at: instant(at + 200), finished_at: instant(at + seconds * 1_000) },
    ...{ backup_id: null, error_code: null, error_message: null },
    progress: {
      ...{ steps, step: null, done: 0, total: null, unit: 'bytes', bytes: 0, rows: 0, rate: null, etaSeconds: null },
    },
    ...more,
  };
}

function verificationOf(output: BackupOutput, seconds: number, roll: Dice): VerificationResult | null {
  const fate = roll();
  if (fate > 0.65) return null;
  const verdict = fate < 0.015 ? 'damaged' : fate < 0.025 ? 'different' : fate < 0.2 ? 'proven' : 'proven-with-gaps';
  const level = verdict === 'damaged' ? 'checksum' : verdict === 'different' || fate < 0.35 ? 'restore' : 'content';
  const damaged = { artifact: 'public.orders', problem: 'checksum', cost: 'All rows of public.orders' };
  const different = { kind: 'rows', subject: 'public.orders', expected: '2 rows', found: '1 rows', protection: false };
  return {
    ...{ level, verdict, gaps: output.coverage.gaps, artifacts: output.tables + 9, bytes: output.sizeBytes },
    ...{ damaged: verdict === 'damaged' ? [damaged] : [], damagedCount: verdict === 'damaged' ? 1 : 0 },
    ...{ differences: verdict === 'different' ? [different] : [], differenceCount: verdict === 'different' ? 1 : 0 },
    ...{ tables: output.tables, rows: output.rows, objects: output.objects ?? 0, seconds },
  };
}

/** What one backup leaves behind: its row and its operations. */
export interface SeedBackup {
  backup: Row | null;
  operations: Row[];
}

/** The backup of an environment at an instant, or the failure of one. */
export function backupRows(
  { row: environment, sizeBytes: newest, tables }: SeedEnvironment,
  { at, repositoryId, first, now }: { at: number; repositoryId: string; first: boolean; now: number },
  roll: Dice,
): SeedBackup {
  const sizeBytes = Math.round(newest * (1 - (now - at) / (2 * MONTHS_14_MS)) * (0.97 + roll() * 0.06));
  const seconds = 5 + sizeBytes / 8e7;
  if (roll() < 0.03) {
    const [error_code, error_message] = FAILURES[Math.floor(roll() * FAILURES.length)] ?? FAILURES[0];
    const failure = { at, seconds: 3, status: 'failed', error_code, error_message, repository_id: repositoryId };
    return { backup: null, operations: [operationRow('backup', environment, failure, roll)] };
  }
  const id = uuidAt(at, roll);
  const output = outputOf(id, { sizeBytes, tables, first }, roll);
  const made = operationRow(
    'backup',
    environment,
    { at, seconds, backup_id: id, repository_id: repositoryId, result: output },
    roll,
  );
  const verification = verificationOf(output, seconds * 1.5, roll);
  const verifiedAt = at + 3_600_000;
  const proven = verification?.level === 'restore' && verification.verdict !== 'different';
  const backup = {
    ...{ id, environment_id: environment.id, repository_id: repositoryId, operation_id: made.id, kind: 'full' },
    ...wordsOf(environment.name, at, roll),
    ...{ components: ['database', 'storage'], server_version: '17.6', database: 'postgres', size_bytes: sizeBytes },
    ...{ stored_bytes: output.storedBytes, tables, rows: output.rows, objects: output.objects },
    ...{ manifest_sha256: '', coverage: output.coverage, version: 1 },
    ...{ status: BACKUP_STATUSES[verification?.verdict === 'damaged' ? 1 : 0], verification },
    ...{ verified_level: verification?.level ?? null, verified_at: verification && instant(verifiedAt) },
    ...{ proven_at: proven ? instant(verifiedAt) : null, proven_seconds: proven ? seconds * 1.5 : null },
    ...{ taken_at: instant(at + 500), completed_at: instant(at + seconds * 1_000) },
  };
  if (!verification) return { backup, operations: [made] };
  const checked = { at: verifiedAt, seconds: seconds * 1.5, backup_id: id, result: verification };
  const verify = operationRow('verify', environment, { ...checked, repository_id: repositoryId }, roll);
  return { backup, operations: [made, verify] };
}

function outputOf(
  backupId: string,
  { sizeBytes, tables, first }: { sizeBytes: number; tables: number; first: boolean },
  roll: Dice,
): BackupOutput {
  const passwords = { code: 'role-passwords', subjects: ['app'], count: 1, reason: 'Passwords of roles are not read' };
  const missing = { code: 'objects-missing', subjects: ['files/a'], count: 1, reason: 'The storage has no bytes' };
  return {
    ...{ backupId, tables, rows: Math.round(sizeBytes / 180), objects: Math.round(sizeBytes / 4e5), sizeBytes },
    storedBytes: Math.round(sizeBytes * (first ? 0.35 : 0.004 + roll() * 0.03)),
    coverage: { included: [`${tables} tables`], gaps: roll() < 0.05 ? [passwords, missing] : [passwords] },
  };
}

function wordsOf(environment: string, at: number, roll: Dice): Row {
  const minute = `${instant(at).slice(0, 16)}Z`;
  if (roll() > 0.1) {
    return {
      name: `${environment} ${minute}`,
      description: '',
      tags: roll() < 0.2 ? ['nightly', 'weekly'] : ['nightly'],
    };
  }
  const release = Math.floor(roll() * 900) + 100;
  return {
    ...{ name: `before release ${release}`, tags: ['release', roll() < 0.3 ? 'keep' : 'safety'] },
    description: `Taken by hand before release ${release} went out; keep until its tables are migrated.`,
  };
}

/** When an environment was backed up: nightly of late, and ever more seldom the longer ago. */
export function instantsOf(count: number, now: number, roll: Dice): number[] {
  // One in twenty has been silent for a while.
  const newest = roll() < 0.05 ? (4 + roll() * 20) * DAY_MS : roll() * DAY_MS;
  return Array.from({ length: count }, (_, index) => {
    const part = count === 1 ? 0 : index / (count - 1);
    return Math.floor(now - newest - (MONTHS_14_MS - newest) * part ** 2.2);
  }).reverse();
}
