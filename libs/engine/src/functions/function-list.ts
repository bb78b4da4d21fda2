import { createHash } from 'node:crypto';
import { artifactOf, readLines } from '../manifest/artifact-reader.ts';
import type { FunctionListArtifact, Manifest } from '../manifest/manifest.ts';
import type { Repository } from '../repository/repository.ts';

/** A file of a function. */
export interface FunctionFile {
  /** Relative, as it was deployed (`supabase/functions/greet/index.ts`) or below the directory (`greet/index.ts`). */
  path: string;
  size: number;
  sha256: string;
  /** Where the bytes lie: chunk (an index into the manifest's `chunks`), offset and length. */
  pieces: [chunk: number, offset: number, length: number][];
}

/** A variable of an `.env` file: never its value. */
export interface VariableDigest {
  /** The file's path below the directory. */
  file: string;
  name: string;
  /** SHA-256 of the value, in hex. */
  sha256: string;
}

/** A line of the list of functions. */
export interface FunctionEntry {
  /** Null: what lies beside the functions of a directory and is shared by them. */
  slug: string | null;
  name: string;
  status: string | null;
  version: number | null;
  /** When it was deployed, ISO 8601; null where only files are known. */
  updatedAt: string | null;
  /** Whether it is called with a token only; null: a directory does not say. */
  verifyJwt: boolean | null;
  /** Paths of the list of files; without an entrypoint a function cannot be deployed. */
  entrypointPath: string | null;
  importMapPath: string | null;
  /** As the API gives it; null: it gives none. */
  digest: string | null;
  /** Null: the sources could not be read, see the coverage statement. */
  files: FunctionFile[] | null;
  variables: VariableDigest[];
}

/** Why a function with sources is not deployed. */
export const NO_ENTRYPOINT = 'Which of their files is the entrypoint is not known, so they cannot be deployed.';

/** Whether a backup has anything of a function; a server may give a function without a single file. */
export const hasSources = ({ files }: Pick<FunctionEntry, 'files'>): boolean => files !== null && files.length > 0;

/** What makes two functions the same to whoever calls them. */
export function contentDigest(
  entry: Pick<FunctionEntry, 'entrypointPath' | 'importMapPath'>,
  files: Pick<FunctionFile, 'path' | 'sha256'>[],
): string {
  const lines = files.map(({ path, sha256 }) => `${sha256} ${path}`).sort();
  return createHash('sha256')
    .update(JSON.stringify([entry.entrypointPath, entry.importMapPath, lines]))
    .digest('hex');
}

/** Streams the functions of a backup. Throws `backup.damaged` when the list itself is damaged. */
export async function* readFunctionList(
  repository: Repository,
  manifest: Manifest,
  artifact: FunctionListArtifact,
  signal: AbortSignal,
): AsyncGenerator<FunctionEntry> {
  for await (const line of readLines(repository, manifest, artifact, signal)) yield JSON.parse(line) as FunctionEntry;
}

/** What people call a file of a function. */
export const fileName = (slug: string | null, { path }: Pick<FunctionFile, 'path'>): string =>
  `functions/${slug ?? 'shared'}/${path}`;

/** Where a file's bytes lie, as readers of artifacts want it. */
export const artifactOfFile = ({ path, pieces }: Pick<FunctionFile, 'path' | 'pieces'>) =>
  artifactOf({ name: path, pieces });
