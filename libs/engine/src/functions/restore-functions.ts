import { OperationError, type CoverageGap } from '@holdfast/contracts';
import { createHash } from 'node:crypto';
import { readArtifact } from '../manifest/artifact-reader.ts';
import { functionListOf, type Manifest } from '../manifest/manifest.ts';
import type { Repository } from '../repository/repository.ts';
import type { Meter } from '../run.ts';
import { bareSource, type FunctionsPlace } from './capture-functions.ts';
import { deploysOf, type Deploy } from './deploy-plan.ts';
import { directoryPlan } from './directory-plan.ts';
import { artifactOfFile, contentDigest, hasSources, readFunctionList, type FunctionEntry } from './function-list.ts';
import { ManagementClient, type ListedFunction } from './management-client.ts';
import { writeDirectory } from './write-directory.ts';

export interface RestoreFunctionsInput {
  repository: Repository;
  manifest: Manifest;
  place: FunctionsPlace;
  /** Only these slugs; empty: all. */
  functions: string[];
  /** True: only look what would be done. */
  dryRun: boolean;
  meter: Meter;
  signal: AbortSignal;
}

export interface RestoredFunctions {
  /** Slugs that were deployed or written, or would be. */
  deployed: string[];
  /** Slugs that were there with the same sources and settings. */
  kept: string[];
  gaps: CoverageGap[];
}

/**
 * Gives a backup's functions back to a project: those that are there already with the same sources are left alone, so a
 * second run does nothing, and so are functions that the backup does not have. Throws `restore.selection_unknown`,
 * `functions.path_refused`, `management.refused` where they may not be listed before anything is changed, `management.unreachable`,
 * `functions.directory_missing`, `backup.damaged`.
 */
export async function restoreFunctions(input: RestoreFunctionsInput): Promise<RestoredFunctions> {
  const entries = await chosenEntries(input);
  return 'directory' in input.place
    ? restoreIntoDirectory(input, input.place.directory, entries)
    : deployAll(input, new ManagementClient(input.place.management), entries);
}

async function chosenEntries({
  repository,
  manifest,
  functions,
  signal,
}: RestoreFunctionsInput): Promise<FunctionEntry[]> {
  const list = functionListOf(manifest);
  const entries: FunctionEntry[] = [];
  if (list) for await (const entry of readFunctionList(repository, manifest, list, signal)) entries.push(entry);
  const unknown = functions.find((slug) => !entries.some((entry) => entry.slug === slug));
  if (unknown !== undefined) {
    throw new OperationError('restore.selection_unknown', `The backup holds no function ${JSON.stringify(unknown)}`, {
      hint: 'Choose among the functions of the backup.',
    });
  }
  for (const entry of entries) if (entry.slug !== null && functions.includes(entry.slug)) mustBeDeployable(entry);
  // what functions share comes with any of them
  return entries.filter(({ slug }) => functions.length === 0 || slug === null || functions.includes(slug));
}

/** One that was asked for by name is not left out with a word on the side. */
function mustBeDeployable(entry: FunctionEntry): void {
  const { slug, entrypointPath } = entry;
  const why = !hasSources(entry)
    ? `The backup has no sources of the function ${slug}`
    : entrypointPath === null
      ? `Which file of the function ${slug} is its entrypoint is not known, so it cannot be deployed`
      : null;
  if (why === null) return;
  const hint = hasSources(entry)
    ? "Download the backup and deploy the function's files with the Supabase command line."
    : 'Its coverage statement says why.';
  throw new OperationError('restore.selection_unknown', why, { hint });
}

async function restoreIntoDirectory(
  input: RestoreFunctionsInput,
  directory: string,
  entries: FunctionEntry[],
): Promise<RestoredFunctions> {
  const plan = directoryPlan(entries, functionListOf(input.manifest)?.origin === 'directory');
  input.meter.step('functions', 'artifacts', plan.files.length);
  const written = await writeDirectory({ ...input, directory, plan });
  const touched = new Set(written.map((path) => path.split('/')[0]));
  // what is shared is part of each
  const shared = written.some((path) => !plan.slugs.includes(path.split('/')[0] ?? ''));
  const isNew = (slug: string): boolean => shared || touched.has(slug);
  return { deployed: plan.slugs.filter(isNew), kept: plan.slugs.filter((slug) => !isNew(slug)), gaps: plan.gaps };
}

async function deployAll(
  input: RestoreFunctionsInput,
  client: ManagementClient,
  entries: FunctionEntry[],
): Promise<RestoredFunctions> {
  const { meter, signal, dryRun } = input;
  try {
    const { deploys, gaps } = deploysOf(entries, functionListOf(input.manifest)?.origin === 'directory');
    meter.step('functions', 'artifacts', deploys.length);
    const answer = await client.functions(signal);
    if ('refused' in answer) throw unreadable(answer.refused);
    const there = new Map(answer.value.map((listed) => [listed.slug, listed]));
    const deployed: string[] = [];
    const kept: string[] = [];
    for (const deploy of deploys) {
      const same = await isDeployed(client, deploy, there.get(deploy.slug), signal);
      if (!same && !dryRun) await deployOne(input, client, deploy);
      (same ? kept : deployed).push(deploy.slug);
      meter.add(1);
    }
    return { deployed, kept, gaps };
  } finally {
    await client.close();
  }
}

function deployOne(
  { repository, manifest, signal }: RestoreFunctionsInput,
  client: ManagementClient,
  { slug, metadata, files }: Deploy,
): Promise<void> {
  const sent = files.map((file) => ({
    ...{ path: file.path, size: file.size },
    body: async function* (): AsyncGenerator<Buffer> {
      // what is sent waits in queues, where it must not change
      for await (const part of readArtifact(repository, manifest, artifactOfFile(file), signal))
        yield Buffer.from(part);
    },
  }));
  return client.deploy(slug, metadata, sent, signal);
}

/** By the digest that the API gives, or else by the sources themselves: a digest may hold more than the sources. */
async function isDeployed(
  client: ManagementClient,
  { slug, metadata, files, digest }: Deploy,
  there: ListedFunction | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (!there || there.name !== metadata.name || there.verify_jwt !== metadata.verify_jwt) return false;
  const same = (path: string | null | undefined, wanted: string): boolean => (path ?? '').endsWith(`/${wanted}`);
  if (!same(there.entrypoint_path, metadata.entrypoint_path)) return false;
  const map = metadata.import_map_path;
  if (map === undefined ? Boolean(there.import_map_path) : !same(there.import_map_path, map)) return false;
  if (digest !== null && there.ezbr_sha256 === digest) return true;
  const paths = { entrypointPath: metadata.entrypoint_path, importMapPath: map ?? null };
  const found: { path: string; sha256: string }[] = [];
  const take = async (path: string, bytes: AsyncIterable<Buffer>): Promise<void> => {
    const sha256 = createHash('sha256');
    for await (const part of bytes) sha256.update(part);
    found.push({ path: bareSource(path), sha256: sha256.digest('hex') });
  };
  if (await client.sources(slug, take, signal)) return false;
  return contentDigest(paths, found) === contentDigest(paths, files);
}

const unreadable = (status: number): OperationError =>
  new OperationError('management.refused', `The access token may not list the functions of the target (${status})`, {
    hint: 'Give the environment a token that may read and deploy functions, and check its project ref.',
  });
