import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import {
  createProjectDatabase,
  fillFunctions,
  startProjectServer,
  type ProjectServer,
  type ProjectServerOptions,
} from '@holdfast/testing/supabase';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BackupSummary } from '../backup/backup.ts';
import { calm, environment, takeBackup } from '../engine-under-test.ts';
import { functionListOf, readManifest, type Manifest } from '../manifest/manifest.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { attachRepository, type Repository } from '../repository/repository.ts';
import { Meter } from '../run.ts';
import type { FunctionsPlace } from './capture-functions.ts';
import { readFunctionList, type FunctionEntry } from './function-list.ts';
import type { ManagementEndpoint } from './management-client.ts';
import { restoreFunctions, type RestoredFunctions } from './restore-functions.ts';

export const USER = '10000000-0000-4000-8000-000000000001';

/** A project's database, one cloud that serves it with the functions of the demo, and a repository; more clouds on demand. */
export class FunctionsUnderTest {
  private readonly servers: ProjectServer[] = [];
  readonly postgres: ThrowawayPostgres;
  readonly database: PostgresTarget;
  readonly dir: string;
  readonly repository: Repository;

  private constructor(postgres: ThrowawayPostgres, database: PostgresTarget, dir: string, repository: Repository) {
    this.postgres = postgres;
    this.database = database;
    this.dir = dir;
    this.repository = repository;
  }

  static async start(name: string): Promise<FunctionsUnderTest> {
    const postgres = await throwawayPostgres(17);
    const database = await postgres.createDatabase('project');
    await createProjectDatabase(database);
    const dir = await makeTempDir(name);
    const { repository } = await attachRepository(join(dir, 'repository'));
    return new FunctionsUnderTest(postgres, database, dir, repository);
  }

  async stop(): Promise<void> {
    for (const server of this.servers) await server.stop();
    await this.postgres.stop();
    await rm(this.dir, { recursive: true });
  }

  async serve(name: string, more: Partial<ProjectServerOptions> = {}): Promise<ProjectServer> {
    const server = await startProjectServer({ target: this.database, dir: join(this.dir, name), ...more });
    this.servers.push(server);
    return server;
  }

  /** A cloud that has the functions, settings and secrets of the demo. */
  async serveFilled(name: string): Promise<ProjectServer> {
    const server = await this.serve(name);
    await fillFunctions(server);
    return server;
  }

  backUp(functions: FunctionsPlace, settings?: ManagementEndpoint): Promise<BackupSummary> {
    return takeBackup(this.database, this.repository, {
      ...{ environment: { ...environment, kind: 'supabase-cloud' }, functions, ...(settings && { settings }) },
    });
  }

  manifestOf({ backupId }: BackupSummary): Promise<Manifest> {
    return readManifest(this.repository, environment.id, backupId, calm.signal);
  }

  async listOf(manifest: Manifest): Promise<FunctionEntry[]> {
    const list = functionListOf(manifest);
    const entries: FunctionEntry[] = [];
    if (!list) return entries;
    for await (const entry of readFunctionList(this.repository, manifest, list, calm.signal)) entries.push(entry);
    return entries;
  }

  giveBack(
    manifest: Manifest,
    place: FunctionsPlace,
    more: { functions?: string[]; dryRun?: boolean } = {},
  ): Promise<RestoredFunctions> {
    return restoreFunctions({
      ...{ repository: this.repository, manifest, place, functions: [], dryRun: false },
      ...{ meter: new Meter(calm), signal: calm.signal, ...more },
    });
  }
}

export const managementOf = ({ url, ref, managementToken }: ProjectServer): ManagementEndpoint => ({
  ...{ url, projectRef: ref, accessToken: managementToken },
});

/** What a function answers: status, type and text. */
export async function call({ url }: ProjectServer, slug: string, token: string | null = null): Promise<string> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(`${url}/functions/v1/${slug}`, { headers, signal: AbortSignal.timeout(30_000) });
  return `${answer.status} ${answer.headers.get('content-type')} ${await answer.text()}`;
}

/** Deploys a function of any files, also with names that no honest client sends. */
export async function deploy(
  { url, ref, managementToken }: ProjectServer,
  slug: string,
  files: Record<string, string>,
): Promise<void> {
  const form = new FormData();
  const [entrypoint] = Object.keys(files);
  form.set('metadata', JSON.stringify({ name: slug, entrypoint_path: entrypoint, verify_jwt: true }));
  for (const [path, text] of Object.entries(files)) form.append('file', new Blob([text]), path);
  const answer = await fetch(`${url}/v1/projects/${ref}/functions/deploy?slug=${slug}`, {
    ...{ method: 'POST', headers: { authorization: `Bearer ${managementToken}` }, body: form },
  });
  if (answer.status !== 201) throw new Error(`${slug} was not deployed: ${answer.status} ${await answer.text()}`);
}

/** Makes a cloud of this name list a function in other words, or give other files of it. */
export async function relist(
  { dir }: FunctionsUnderTest,
  cloud: string,
  slug: string,
  change: { record?: Record<string, unknown>; paths?: string[] },
): Promise<void> {
  const at = join(dir, cloud, 'management/functions', slug, 'function.json');
  const kept = JSON.parse(await readFile(at, 'utf8')) as { record: Record<string, unknown> };
  await writeFile(at, JSON.stringify({ ...kept, ...change, record: { ...kept.record, ...change.record } }));
}

/** Writes files below a directory. */
export async function write(root: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}
