import { OperationError } from '@holdfast/contracts';
import { createHash } from 'node:crypto';
import { constants, type Dirent } from 'node:fs';
import { open, opendir, readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { parseEnv } from './env-file.ts';
import type { VariableDigest } from './function-list.ts';
import { isEnv } from './function-paths.ts';

/** A file of a functions directory, found but not read. */
export interface DirectoryFile {
  /** Below the directory, with `/` between names. */
  path: string;
  /** Where it really lies. */
  at: string;
}

/** What the names in a directory come to. */
export interface DirectoryList {
  /** In the order of their names. */
  files: DirectoryFile[];
  /** `.env` files: read only for the names in them. */
  variables: DirectoryFile[];
  /** Links that lead out of the directory or nowhere, and what is neither file nor folder: not read. */
  refused: string[];
}

/** More than any project has; a list of them stays small in memory. */
export const MOST_FILES = 10_000;
const MOST_ENV_BYTES = 1 << 20;
/** Left by a restore that was killed. */
export const TEMPORARY = '.holdfast-tmp';

/** Where a functions directory really lies, once it was opened. Throws `functions.directory_missing`. */
export async function openDirectory(root: string): Promise<string> {
  try {
    const real = await realpath(root);
    await (await opendir(real)).close();
    return real;
  } catch (error) {
    throw missing(root, error);
  }
}

/**
 * Lists a self-hosted project's functions directory. Links are followed while they stay inside it. Throws
 * `functions.directory_missing`, `functions.too_many`.
 */
export async function listDirectory(root: string, signal: AbortSignal): Promise<DirectoryList> {
  const real = await openDirectory(root);
  const list: DirectoryList = { files: [], variables: [], refused: [] };
  await walk({ real, list, signal }, '', real, [real]);
  return list;
}

interface Walk {
  real: string;
  list: DirectoryList;
  signal: AbortSignal;
}

/** `above` are the folders we are in: a link to one of them would never end. */
async function walk(context: Walk, below: string, at: string, above: string[]): Promise<void> {
  const { real, list, signal } = context;
  signal.throwIfAborted();
  const entries = await readdir(at, { withFileTypes: true }).catch((error: unknown) => {
    throw missing(at, error);
  });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.name.endsWith(TEMPORARY)) continue;
    const found = await kindOf(real, join(at, entry.name), entry);
    if (found?.kind === 'folder' && !above.includes(found.at))
      await walk(context, path, found.at, [...above, found.at]);
    else if (found?.kind !== 'file') list.refused.push(path);
    else (isEnv(entry.name) ? list.variables : list.files).push({ path, at: found.at });
    if (list.files.length + list.variables.length + list.refused.length > MOST_FILES)
      throw tooManyFiles(real, 'Leave out what is no source, such as node_modules.');
  }
}

async function kindOf(
  real: string,
  at: string,
  entry: Dirent,
): Promise<{ kind: 'file' | 'folder'; at: string } | null> {
  if (entry.isFile()) return { kind: 'file', at };
  if (entry.isDirectory()) return { kind: 'folder', at };
  if (!entry.isSymbolicLink()) return null;
  const target = await realpath(at).catch(() => null);
  if (target === null || !(target === real || target.startsWith(real + sep))) return null;
  const handle = await open(target, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW).catch(() => null);
  if (!handle) return null;
  try {
    const stat = await handle.stat();
    if (stat.isFile()) return { kind: 'file', at: target };
    return stat.isDirectory() ? { kind: 'folder', at: target } : null;
  } finally {
    await handle.close();
  }
}

/** Streams a file; one that was replaced by a link or is gone since it was listed is not read: null. */
export async function openFile({ at }: DirectoryFile): Promise<AsyncIterable<Buffer> | null> {
  const handle = await open(at, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW).catch(() => null);
  if (!handle) return null;
  if ((await handle.stat()).isFile()) return handle.createReadStream() as AsyncIterable<Buffer>;
  await handle.close();
  return null;
}

/** The names in an `.env` file with a digest of each value; null: it cannot be read, or a quote in it never closes. */
export async function readVariables(file: DirectoryFile): Promise<VariableDigest[] | null> {
  const stream = await openFile(file);
  if (!stream) return null;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream) {
    size += part.length;
    if (size > MOST_ENV_BYTES) return null;
    parts.push(part);
  }
  const variables = parseEnv(Buffer.concat(parts).toString('utf8'));
  if (!variables) return null;
  return variables.map(({ name, value }) => ({
    ...{ file: file.path, name, sha256: createHash('sha256').update(value).digest('hex') },
  }));
}

const missing = (path: string, cause: unknown): OperationError =>
  new OperationError('functions.directory_missing', `The functions directory ${path} cannot be read`, {
    hint: "Check the environment's functions directory, and that the worker may read it.",
    cause,
  });

export const tooManyFiles = (where: string, hint: string): OperationError =>
  new OperationError('functions.too_many', `${where} holds more than ${MOST_FILES} files`, { hint });
