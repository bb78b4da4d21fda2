import { OperationError } from '@holdfast/contracts';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { readArtifact } from '../manifest/artifact-reader.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { Repository } from '../repository/repository.ts';
import type { Meter } from '../run.ts';
import type { DirectoryPlan, PlacedFile } from './directory-plan.ts';
import { artifactOfFile } from './function-list.ts';
import { baseOf, dirOf, refusedPath } from './function-paths.ts';
import { TEMPORARY } from './functions-directory.ts';

export interface WriteDirectoryInput {
  repository: Repository;
  manifest: Manifest;
  /** The functions directory of a self-hosted project; it must be there. */
  directory: string;
  plan: DirectoryPlan;
  /** True: only look what would be written. */
  dryRun: boolean;
  meter: Meter;
  signal: AbortSignal;
}

/**
 * Writes files of functions below a directory, and leaves all others alone. Each is written beside its place, synced and
 * renamed over it, so that a function never sees half of one; files with the same bytes stay. Order: what is shared, then
 * each function's files, entrypoints last: killed in between, an entrypoint is not newer than what it imports, and a
 * second run does the rest. Answers the paths that were written. Throws `functions.path_refused` where a link in the
 * directory leads out of it, `functions.directory_missing`.
 */
export async function writeDirectory(input: WriteDirectoryInput): Promise<string[]> {
  const { directory, plan, dryRun, meter, signal } = input;
  const root = await realpath(directory).catch((cause: unknown) => {
    throw unwritable(directory, cause);
  });
  // before anything is written
  for (const { to } of plan.files) await folderOf(root, to, false);
  const written: string[] = [];
  for (const placed of plan.files) {
    signal.throwIfAborted();
    const there = await isThere(root, placed);
    if (!there) written.push(placed.to);
    if (!there && !dryRun) {
      await writeOne(input, root, placed).catch((cause: unknown) => {
        if (cause instanceof OperationError || signal.aborted) throw cause;
        throw unwritable(join(directory, placed.to), cause);
      });
    }
    meter.add(1, there ? 0 : placed.file.size);
  }
  return written;
}

async function isThere(root: string, { to, file }: PlacedFile): Promise<boolean> {
  const path = join(root, to);
  const stat = await lstat(path).catch(() => null);
  if (!stat?.isFile() || stat.size !== file.size) return false;
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => null);
  if (!handle) return false;
  const sha256 = createHash('sha256');
  for await (const part of handle.createReadStream()) sha256.update(part as Buffer);
  return sha256.digest('hex') === file.sha256;
}

/** The folder of a file, made where it is missing; a link on the way must stay inside. Null: it is not there. */
async function folderOf(root: string, to: string, make: boolean): Promise<string | null> {
  let at = root;
  for (const name of dirOf(to)
    .split('/')
    .filter((part) => part !== '')) {
    const next = join(at, name);
    const stat = await lstat(next).catch(() => null);
    if (!stat && !make) return null;
    if (!stat) await mkdir(next);
    at = stat?.isSymbolicLink() ? await realpath(next).catch(() => next) : next;
    if (at !== root && !at.startsWith(root + sep)) throw refusedPath(to);
    if (stat && !(await lstat(at)).isDirectory()) throw refusedPath(to, 'lies below what is no folder');
  }
  return at;
}

async function writeOne(
  { repository, manifest, signal }: WriteDirectoryInput,
  root: string,
  placed: PlacedFile,
): Promise<void> {
  const { to, file } = placed;
  const folder = (await folderOf(root, to, true)) ?? root;
  const temporary = join(folder, `.${baseOf(to)}${TEMPORARY}`);
  // of an earlier run that was killed
  await rm(temporary, { force: true });
  const handle = await open(temporary, 'wx', 0o644);
  try {
    const sha256 = createHash('sha256');
    for await (const part of readArtifact(repository, manifest, artifactOfFile(file), signal)) {
      sha256.update(part);
      await handle.writeFile(part);
    }
    if (sha256.digest('hex') !== file.sha256) throw new OperationError('backup.damaged', `${file.path} is damaged`);
    await handle.sync();
    await handle.close();
    await rename(temporary, join(folder, baseOf(to)));
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

const unwritable = (path: string, cause: unknown): OperationError =>
  new OperationError('functions.directory_missing', `${path} cannot be written`, {
    hint: "Check the environment's functions directory, and that the worker may write into it.",
    cause,
  });
