import type { CoverageGap } from '@holdfast/contracts';
import { createHash } from 'node:crypto';
import type { ArtifactWriter } from '../backup/artifact-writer.ts';
import type { PendingArtifact } from '../backup/capture-rows.ts';
import type { Meter } from '../run.ts';
import { Names } from '../storage/names.ts';
import { NO_ENTRYPOINT, type FunctionEntry, type FunctionFile } from './function-list.ts';
import { entriesOfDirectory, likelyEntrypoint } from './directory-entries.ts';
import { isSlug } from './function-paths.ts';
import { listDirectory, MOST_FILES, openFile, readVariables, tooManyFiles } from './functions-directory.ts';
import { ManagementClient, type ListedFunction, type ManagementEndpoint } from './management-client.ts';

/** Where a project's functions are: behind the Management API, or in a directory. */
export type FunctionsPlace = { management: ManagementEndpoint } | { directory: string };

export interface CaptureFunctionsInput {
  place: FunctionsPlace;
  /** The instant of the backup's rows, ISO 8601. */
  takenAt: string;
  writer: ArtifactWriter;
  meter: Meter;
  signal: AbortSignal;
}

export interface CapturedFunctions {
  artifact: PendingArtifact;
  gaps: CoverageGap[];
  functions: number;
  /** False: of what there may be nothing could be read. */
  read: boolean;
}

type Placed = () => FunctionFile;
type Pending = Omit<FunctionEntry, 'files'> & { files: Placed[] | null };

class FunctionCapture {
  private readonly input: CaptureFunctionsInput;
  private readonly entries: Pending[] = [];
  private readonly unreadable = new Names();
  private readonly undeployable = new Names();
  private readonly changed = new Names();
  private readonly refused = new Names();
  private readonly unnamable = new Names();
  private readonly variables = new Names();
  private count = 0;
  private bytes = 0;

  constructor(input: CaptureFunctionsInput) {
    this.input = input;
  }

  async run(): Promise<CapturedFunctions> {
    const { place, writer } = this.input;
    if ('management' in place) await this.fromManagement(place.management);
    else await this.fromDirectory(place.directory);
    // what is packed with others has its place only then
    await writer.settle();
    const list = writer.begin();
    for (const { files, ...entry } of this.entries) {
      const line = { ...entry, files: files && files.map((placed) => placed()) };
      await list.write(Buffer.from(`${JSON.stringify(line)}\n`));
    }
    const stored = list.end();
    const functions = this.entries.filter(({ slug }) => slug !== null).length;
    const origin = 'management' in place ? ('management' as const) : ('directory' as const);
    const figures = { origin, functions, files: this.count, fileBytes: this.bytes };
    return {
      functions,
      read: this.count > 0 || this.unreadable.count + this.unnamable.count === 0,
      gaps: this.gaps(),
      artifact: () => ({ kind: 'functions', name: 'functions', ...figures, ...stored() }),
    };
  }

  private gaps(): CoverageGap[] {
    return [
      ...this.unreadable.asGap('functions-unreadable', 'Their sources could not be read.'),
      ...this.undeployable.asGap('functions-entrypoint', NO_ENTRYPOINT),
      ...this.unnamable.asGap('function-names', 'No function can have such a name: they are not read.'),
      ...this.refused.asGap('function-links', 'Links that lead out of the directory, or no files: they are not read.'),
      ...this.changed.asGap(
        'functions-changed',
        'Deployed after the instant of the backup, before they were read: the newer sources are inside.',
      ),
      ...this.variables.asGap(
        'function-variables',
        'Of variables in .env files there are names and digests, no values.',
      ),
    ];
  }

  private async fromManagement(endpoint: ManagementEndpoint): Promise<void> {
    const { meter, signal, takenAt } = this.input;
    const client = new ManagementClient(endpoint);
    try {
      const answer = await client.functions(signal);
      if ('refused' in answer) return this.unreadable.add(`all functions (${answer.refused})`);
      for (const { slug } of answer.value) if (!isSlug(slug)) this.unnamable.add(slug);
      const functions = answer.value.filter(({ slug }) => isSlug(slug)).sort((a, b) => (a.slug < b.slug ? -1 : 1));
      meter.step('functions', 'artifacts', functions.length);
      for (const listed of functions) {
        await this.download(client, listed);
        meter.add(1);
      }
      const after = await client.functions(signal);
      const versions = new Map('value' in after ? after.value.map(({ slug, version }) => [slug, version]) : []);
      for (const { slug, version, updated_at = 0 } of functions) {
        if (updated_at > Date.parse(takenAt) || versions.get(slug) !== version) this.changed.add(slug);
      }
    } finally {
      await client.close();
    }
  }

  private async download(client: ManagementClient, listed: ListedFunction): Promise<void> {
    const { slug } = listed;
    const taken: { path: string; placed: Placed }[] = [];
    const take = async (sent: string, bytes: AsyncIterable<Buffer>): Promise<void> => {
      const path = bareSource(sent);
      taken.push({ path, placed: await this.keep(`functions/${slug}/${path}`, path, bytes) });
    };
    const refused = await client.sources(slug, take, this.input.signal);
    const paths = taken.map(({ path }) => path);
    const empty = refused !== null || paths.length === 0;
    if (empty) this.unreadable.add(`${slug} (${refused?.refused ?? 'no files'})`);
    const entrypointPath = fileAt(paths, listed.entrypoint_path) ?? likelyEntrypoint(paths, slug);
    if (!empty && entrypointPath === null) this.undeployable.add(slug);
    const { updated_at, verify_jwt, import_map_path } = listed;
    this.entries.push({
      ...{ slug, name: listed.name, status: listed.status ?? null, version: listed.version ?? null },
      updatedAt: updated_at === undefined ? null : new Date(updated_at).toISOString(),
      verifyJwt: verify_jwt ?? null,
      entrypointPath,
      importMapPath: fileAt(paths, import_map_path),
      digest: listed.ezbr_sha256 ?? null,
      files: empty ? null : taken.map(({ placed }) => placed),
      variables: [],
    });
  }

  private async fromDirectory(root: string): Promise<void> {
    const { meter, signal } = this.input;
    const list = await listDirectory(root, signal);
    for (const path of list.refused) this.refused.add(path);
    meter.step('functions', 'artifacts', list.files.length);
    for (const { files, variables, ...entry } of entriesOfDirectory(list)) {
      const placed: Placed[] = [];
      for (const file of files) {
        signal.throwIfAborted();
        const bytes = await openFile(file);
        if (bytes) placed.push(await this.keep(`functions/${file.path}`, file.path, bytes));
        else this.unreadable.add(file.path);
        meter.add(1);
      }
      const read = await Promise.all(variables.map(readVariables));
      for (const [n, found] of read.entries()) if (found === null) this.unreadable.add(variables[n]?.path ?? '');
      const digests = read.flatMap((found) => found ?? []);
      for (const { file, name } of digests) this.variables.add(`${file}: ${name}`);
      this.entries.push({ ...entry, files: placed, variables: digests });
    }
  }

  private async keep(name: string, path: string, source: AsyncIterable<Buffer>): Promise<Placed> {
    const { writer, meter } = this.input;
    // the list of them is held in memory until their places are known
    if (++this.count > MOST_FILES) throw tooManyFiles('The project', 'Deploy functions without what is no source.');
    const bytes = writer.beginPacked(name);
    const sha256 = createHash('sha256');
    for await (const part of source) {
      writer.check();
      sha256.update(part);
      await bytes.write(part);
      meter.add(0, part.length);
    }
    this.bytes += bytes.size;
    const stored = bytes.end();
    const digest = sha256.digest('hex');
    return () => {
      const { size, pieces } = stored();
      return { path, size, sha256: digest, pieces: pieces.map(({ chunk, offset, length }) => [chunk, offset, length]) };
    };
  }
}

/** A file's path as it was deployed: the API puts `source/` before it, and some servers a folder of their own. */
export const bareSource = (path: string): string => path.replace(/^(?:\/tmp\/[^/]+\/)?source\//, '');

/** Of the files the one that a path or `file:` address of the API ends with. */
function fileAt(files: string[], address: string | null | undefined): string | null {
  if (!address) return null;
  const path =
    address.startsWith('file:') && URL.canParse(address) ? decodeURIComponent(new URL(address).pathname) : address;
  const fits = files.filter((file) => path === file || path.endsWith(`/${file}`));
  return fits.sort((a, b) => b.length - a.length)[0] ?? null;
}

/**
 * Reads a project's functions with their sources, and lists them. They have no snapshot: what was deployed since the
 * backup's instant is named. What a token may not see is a gap. Throws `management.unreachable`, `management.refused`,
 * `functions.directory_missing`, `functions.too_many`.
 */
export const captureFunctions = (input: CaptureFunctionsInput): Promise<CapturedFunctions> =>
  new FunctionCapture(input).run();
