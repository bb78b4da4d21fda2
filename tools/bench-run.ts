import { join } from 'node:path';
import type { BackupOutput, RestoreReport } from '@holdfast/contracts';
import type { PostgresTarget } from '@holdfast/engine';
import type { ThrowawayPostgres } from '@holdfast/testing';
import { answered, type OperationsClient } from './operations-client.ts';

/** What every measurement works on. */
export interface Bench {
  /** Holds what is backed up, and receives what is restored. */
  server: ThrowawayPostgres;
  client: OperationsClient;
  /** Where repositories and dumps go. */
  dir: string;
  note: (line: string) => void;
}

/** A database that is measured, and its environment. */
export interface BenchSource {
  target: PostgresTarget;
  environmentId: string;
}

/** Seconds that some work takes. */
export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
};

/** To three places after the point. */
export const rounded = (value: number): number => Math.round(value * 1000) / 1000;

export async function register(
  { client }: Bench,
  target: PostgresTarget,
  project: { projectUrl?: string; serviceKey?: string } = {},
): Promise<BenchSource> {
  const { host, port, database, user, password } = target;
  const connection = { host, port, database, user, password, tlsMode: 'disable' as const };
  const body = { name: database, kind: 'postgres' as const, ...connection, ...project };
  return { target, environmentId: answered(await client.api.POST('/api/v1/environments', { body })).id };
}

export const repositoryPath = ({ dir }: Bench, name: string): string => join(dir, 'repositories', name);

/** Makes an empty repository; answers its id. */
export async function newRepository(bench: Bench, name: string): Promise<string> {
  const body = { name, driver: 'local' as const, path: repositoryPath(bench, name) };
  return answered(await bench.client.api.POST('/api/v1/repositories', { body })).id;
}

export async function backUp(
  { client }: Bench,
  { environmentId }: BenchSource,
  repositoryId: string,
): Promise<{ seconds: number; output: BackupOutput }> {
  const body = { environmentId, repositoryId };
  const { operationId } = answered(await client.api.POST('/api/v1/backup', { body }));
  const { seconds, result } = await client.follow(operationId, () => undefined);
  return { seconds, output: result as BackupOutput };
}

/** Proves a backup by a trial restore; answers the seconds it took. */
export async function prove({ client }: Bench, backupId: string): Promise<number> {
  const params = { path: { id: backupId } };
  const started = await client.api.POST('/api/v1/backup/{id}/validate', { params, body: { level: 'restore' } });
  return (await client.follow(answered(started).operationId, () => undefined)).seconds;
}

/** Restores into a new database; null leaves it to the product whether every row is read again. Answers the seconds. */
export async function giveBack(
  { client }: Bench,
  backupId: string,
  newDatabase: string,
  compareRows: boolean | null,
): Promise<number> {
  const params = { path: { id: backupId } };
  const body = { newDatabase, compareRows };
  const started = await client.api.POST('/api/v1/backup/{id}/restore', { params, body });
  const { seconds, result } = await client.follow(answered(started).operationId, () => undefined);
  const report = result as RestoreReport;
  if (report.differenceCount > 0) throw new Error('what was restored differs');
  if (report.rowsCompared !== (compareRows ?? false)) throw new Error('not what was to be measured');
  return seconds;
}

/** Restores a project's storage into another project. Answers the seconds. */
export async function giveStorageBack(
  { client }: Bench,
  backupId: string,
  into: { environmentId: string; name: string },
): Promise<number> {
  const params = { path: { id: backupId } };
  const { environmentId, name } = into;
  const body = { environmentId, components: ['storage' as const], overwrite: true, confirm: name };
  const started = await client.api.POST('/api/v1/backup/{id}/restore', { params, body });
  const { seconds, result } = await client.follow(answered(started).operationId, () => undefined);
  const { storage, differenceCount } = result as RestoreReport;
  if (differenceCount > 0 || !storage || storage.failed > 0) throw new Error('not every object came back');
  return seconds;
}
