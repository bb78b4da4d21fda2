import { OperationError, sealedFor } from '@holdfast/contracts';
import type { EnvironmentKind, EnvironmentSecret, TlsMode, VerificationResult } from '@holdfast/contracts';
import { openSecret } from '@holdfast/crypto';
import { MANAGEMENT_URL, openRepository } from '@holdfast/engine';
import type { EnvironmentRef, ManagementEndpoint, PostgresTarget, Repository, StorageEndpoint } from '@holdfast/engine';
import type { Environment } from '@holdfast/prisma';
import type { ActivityDependencies } from './dependencies.ts';

type OwnDatabase = Pick<ActivityDependencies, 'database'>;

// Prisma names the values of mapped enums by their identifiers; everybody else by what the database holds.
const KINDS: Record<Environment['kind'], EnvironmentKind> = {
  postgres: 'postgres',
  supabase_selfhosted: 'supabase-selfhosted',
  supabase_cloud: 'supabase-cloud',
};
const TLS_MODES: Record<Environment['tlsMode'], TlsMode> = {
  disable: 'disable',
  prefer: 'prefer',
  require: 'require',
  verify_ca: 'verify-ca',
  verify_full: 'verify-full',
};

/** An environment and how to connect to each part of it; null: it has not told us how. */
export interface LoadedEnvironment {
  environment: EnvironmentRef;
  target: PostgresTarget;
  projectRef: string | null;
  production: boolean;
  endpoint: StorageEndpoint | null;
  management: ManagementEndpoint | null;
  /** As it was given; below one of the worker's roots only as far as its text tells. */
  functionsDirectory: string | null;
}

/**
 * An environment and how to connect to it. The secrets are opened here, inside the activity, so that they are in no
 * payload; whoever connects looks at the addresses again. Throws `resource.not_found` and `secret.unreadable`.
 */
export async function loadEnvironment(
  { database, masterKey, allowance }: Pick<ActivityDependencies, 'database' | 'masterKey' | 'allowance'>,
  id: string,
): Promise<LoadedEnvironment> {
  const row = await database.environment.findUnique({ where: { id } });
  if (row === null || row.deletedAt !== null) {
    throw new OperationError('resource.not_found', `There is no environment ${id}`);
  }
  const [endpoint, management] = [endpointOf(masterKey, row), managementOf(masterKey, row)];
  return {
    environment: { id, name: row.name, kind: KINDS[row.kind] },
    projectRef: row.projectRef,
    production: row.production,
    target: {
      host: row.host,
      port: row.port,
      database: row.database,
      user: row.username,
      password: open(masterKey, row, row.sealedPassword, 'password'),
      tlsMode: TLS_MODES[row.tlsMode],
      caCertificate: row.caCertificate,
      allowance,
    },
    endpoint: endpoint && { ...endpoint, allowance },
    management: management && { ...management, allowance },
    functionsDirectory: row.functionsDirectory,
  };
}

/** What people call each secret. */
const WORDS = {
  password: 'password',
  serviceKey: 'service key',
  accessToken: 'access token',
} as const satisfies Record<EnvironmentSecret, string>;

function endpointOf(masterKey: Uint8Array, row: Environment): StorageEndpoint | null {
  const { projectUrl: url, sealedServiceKey: sealed } = row;
  if (url === null || sealed === null) return null;
  return { url, serviceKey: open(masterKey, row, sealed, 'serviceKey') };
}

function managementOf(masterKey: Uint8Array, row: Environment): ManagementEndpoint | null {
  const { managementUrl, projectRef, sealedAccessToken: sealed } = row;
  if (projectRef === null || sealed === null) return null;
  const accessToken = open(masterKey, row, sealed, 'accessToken');
  return { url: managementUrl ?? MANAGEMENT_URL, projectRef, accessToken };
}

function open(masterKey: Uint8Array, { id, name }: Environment, sealed: string, secret: EnvironmentSecret): string {
  try {
    return openSecret(masterKey, sealed, sealedFor(id, secret));
  } catch (cause) {
    const words = WORDS[secret];
    throw new OperationError('secret.unreadable', `The ${words} of environment ${name} cannot be opened`, {
      hint: `The master key is not the one it was saved with. Give this worker the same key, or save the ${words} again.`,
      cause,
    });
  }
}

/** A repository's registration: where it is, and which one it must be (null until a worker has opened it). */
export async function findRepository(
  { database }: OwnDatabase,
  id: string,
): Promise<{ path: string; uid: string | null }> {
  const row = await database.repository.findUnique({ where: { id } });
  if (row === null) throw new OperationError('resource.not_found', `There is no repository ${id}`);
  return { path: row.path, uid: row.repositoryUid };
}

/** Opens a registered repository; throws `resource.not_found` and what the engine's `openRepository` throws. */
export async function openRegisteredRepository(dependencies: OwnDatabase, id: string): Promise<Repository> {
  const { path, uid } = await findRepository(dependencies, id);
  return openRepository(path, uid);
}

/** The manifest's digest as the catalog has it, null for a backup that is not in the catalog. */
export async function manifestSha256Of({ database }: OwnDatabase, backupId: string): Promise<string | null> {
  const backup = await database.backup.findUnique({ where: { id: backupId }, select: { manifestSha256: true } });
  return backup?.manifestSha256 ?? null;
}

/** Whether the newest verification gave all of a backup back, and found it equal. */
export async function isProvenByTrial({ database }: OwnDatabase, backupId: string): Promise<boolean> {
  const where = { id: backupId, status: 'complete', verifiedLevel: 'restore' } as const;
  const backup = await database.backup.findFirst({ where, select: { verification: true } });
  // written by `recordVerification`
  const result = backup?.verification as Pick<VerificationResult, 'verdict'> | null | undefined;
  return result?.verdict === 'proven';
}

/** The Supabase project of an environment, also of one that was deleted; null where it has none. */
export async function projectRefOf({ database }: OwnDatabase, environmentId: string): Promise<string | null> {
  const row = await database.environment.findUnique({ where: { id: environmentId }, select: { projectRef: true } });
  return row?.projectRef ?? null;
}
