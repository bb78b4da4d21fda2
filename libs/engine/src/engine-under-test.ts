import { connectionUrl } from '@holdfast/testing';
import type { OperationError, RestoreReport, VerificationResult, VerifyLevel } from '@holdfast/contracts';
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { backUp, type BackUpInput, type BackupSummary } from './backup/backup.ts';
import { defaultToolsDir } from './postgres/binaries.ts';
import type { PostgresTarget } from './postgres/target.ts';
import { LocalDirectory } from './repository/local-directory.ts';
import { openDriver, type Repository } from './repository/repository.ts';
import { restore } from './restore/restore.ts';
import type { Run } from './run.ts';
import { scratchServers } from './verify/scratch.ts';
import { verify } from './verify/verify.ts';

/** A run that nobody stops. */
export const calm: Run = { signal: new AbortController().signal };

export const environment = { id: randomUUID(), name: 'spec', kind: 'postgres' as const };

/** Backs up as an operation would; a spec gives only what it is about. */
export function takeBackup(
  source: PostgresTarget,
  repository: Repository,
  more: Partial<BackUpInput> & { id?: string } = {},
  run: Run = calm,
): Promise<BackupSummary> {
  const { id = randomUUID(), ...rest } = more;
  const backup = { id, name: source.database, description: '', tags: [], components: ['database' as const] };
  const toolsDir = defaultToolsDir();
  return backUp(
    { environment, source, repository, backup, toolsDir, lockTimeoutSeconds: 10, parallel: 2, ...rest },
    run,
  );
}

/** Verifies; `server` is where a trial restore goes. */
export function prove(
  repository: Repository,
  backup: Pick<BackupSummary, 'backupId'> & { manifestSha256?: string | null },
  level: VerifyLevel = 'content',
  server: PostgresTarget | null = null,
): Promise<VerificationResult> {
  const url = server && connectionUrl(server);
  return verify(
    {
      repositoryPath: repository.driver.location,
      repositoryUid: repository.uid,
      environmentId: environment.id,
      backupId: backup.backupId,
      manifestSha256: backup.manifestSha256 ?? null,
      level,
      scratch: scratchServers({ toolsDir: defaultToolsDir(), url, workDir: '' }),
      parallel: 2,
    },
    calm,
  );
}

/** Restores into a new database beside the target's. */
export function giveBack(
  repository: Repository,
  backupId: string,
  target: PostgresTarget,
  newDatabase: string,
  how: { compareRows?: boolean } = {},
  run: Run = calm,
): Promise<RestoreReport> {
  return restore(
    {
      ...{ repository, ...how, sourceEnvironmentId: environment.id, backupId, target, newDatabase },
      ...{ schemas: [], tables: [], content: 'all', dryRun: false, overwrite: false },
      ...{ operationId: randomUUID(), parallel: 2 },
    },
    run,
  );
}

/** The ids of the backups whose manifests stand in a repository. */
export async function listed(repository: Repository): Promise<string[]> {
  const ids: string[] = [];
  for await (const { path } of repository.driver.list('backups')) ids.push(path.split('/')[2] ?? '');
  return ids.sort();
}

/** What a promise is rejected with. */
export const failureOf = (promise: Promise<unknown>): Promise<OperationError> =>
  promise.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error: OperationError) => error,
  );

/** How many sessions of ours a database has, those of pg_dump among them. */
export async function sessionsOf(client: pg.Client, database: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = $1 AND application_name = 'holdfast'`,
    [database],
  );
  return rows[0]?.count ?? 0;
}

/** A directory in which the storing of chunks can be held up or made to fail; everything else is the real thing. */
class TroubledDirectory extends LocalDirectory {
  private readonly asked = new Set<string>();
  /** Called before a chunk is looked for, which is the first that is done to store it, with how many came before it. */
  beforeStore: (earlier: number) => Promise<void> | void = () => undefined;
  /** Given what was read before anybody sees it. */
  afterRead: (path: string, bytes: Uint8Array) => void = () => undefined;
  /** Called before a file is written; what it throws, the write throws. */
  beforeWrite: (path: string) => Promise<void> | void = () => undefined;
  /** Called before what was put is made durable; what it throws, that throws. */
  beforeSettle: () => Promise<void> | void = () => undefined;
  /** Called before a file is removed. */
  beforeRemove: (path: string) => Promise<void> | void = () => undefined;

  override async readInto(path: string, into: Uint8Array, signal?: AbortSignal): Promise<number | null> {
    if (path.startsWith('chunks/') && !this.asked.has(path)) {
      this.asked.add(path);
      await this.beforeStore(this.asked.size - 1);
    }
    const length = await super.readInto(path, into, signal);
    if (length !== null) this.afterRead(path, into.subarray(0, length));
    return length;
  }

  override async write(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.beforeWrite(path);
    await super.write(path, bytes, signal);
  }

  override async put(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.beforeWrite(path);
    await super.put(path, bytes, signal);
  }

  override async settle(signal?: AbortSignal): Promise<void> {
    await this.beforeSettle();
    await super.settle(signal);
  }

  override async remove(path: string, durable?: boolean): Promise<void> {
    await this.beforeRemove(path);
    await super.remove(path, durable);
  }
}

/** Opens a repository through a directory that can be troubled. */
export async function troubled(repository: Repository): Promise<Repository & { driver: TroubledDirectory }> {
  const driver = new TroubledDirectory(repository.driver.location);
  return { ...(await openDriver(driver, repository.uid)), driver };
}

/** Holds up every chunk from the nth on; `arrived` resolves when the first is held, `open` lets all go on. */
export function gateAt(driver: TroubledDirectory, chunk: number): { arrived: Promise<void>; open: () => void } {
  const arrived = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  driver.beforeStore = async (earlier) => {
    if (earlier < chunk) return;
    arrived.resolve();
    await opened.promise;
  };
  return { arrived: arrived.promise, open: opened.resolve };
}
