import { OperationError } from '@holdfast/contracts';
import { randomBytes } from 'node:crypto';
import { mkdir, open, opendir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { RepositoryDriver, StoredFile } from './driver.ts';

const UNFINISHED = '.unfinished-';
const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;

/** Turns a file system's error into ours, naming the place. */
function translate(error: unknown, location: string, path: string): OperationError {
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new OperationError('repository.full', `There is no space left in ${location}`, {
      hint: 'Free space or move the repository; nothing that was listed is damaged.',
      cause: error,
    });
  }
  return new OperationError(
    'repository.unreachable',
    `${location} cannot be used: ${code ?? String(error)} at ${path}`,
    {
      hint: 'Check that the directory is there, mounted and writable for the worker.',
      cause: error,
    },
  );
}

/** A directory on the worker's machine (or mounted there). */
export class LocalDirectory implements RepositoryDriver {
  readonly location: string;
  private readonly folders = new Set<string>();

  constructor(location: string) {
    this.location = location;
  }

  private at(path: string): string {
    if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) {
      throw new OperationError('repository.path_refused', `Not a path inside a repository: ${JSON.stringify(path)}`);
    }
    return join(this.location, ...path.split('/'));
  }

  async write(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const final = this.at(path);
    const folder = dirname(final);
    const unfinished = join(folder, `${UNFINISHED}${randomBytes(8).toString('hex')}`);
    try {
      if (!this.folders.has(folder)) await mkdir(folder, { recursive: true });
      const file = await open(unfinished, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        // Data before the name: a name that is there after a crash stands for bytes that are there.
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(unfinished, final);
      await this.syncFolder(folder);
      this.folders.add(folder);
    } catch (error) {
      await rm(unfinished, { force: true }).catch((left: unknown) => {
        throw new AggregateError([error, left], 'writing failed, and what it left could not be removed');
      });
      throw translate(error, this.location, path);
    }
  }

  private async syncFolder(folder: string): Promise<void> {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async read(path: string, signal?: AbortSignal): Promise<Buffer | null> {
    try {
      return await readFile(this.at(path), { signal });
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return this.absent();
      if (signal?.aborted) throw error;
      throw translate(error, this.location, path);
    }
  }

  async size(path: string): Promise<number | null> {
    try {
      return (await stat(this.at(path))).size;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return this.absent();
      throw translate(error, this.location, path);
    }
  }

  /** A missing file is an answer only while the place itself is there. */
  private async absent(): Promise<null> {
    try {
      await stat(this.location);
      return null;
    } catch (error) {
      throw translate(error, this.location, '.');
    }
  }

  async remove(path: string): Promise<void> {
    try {
      await rm(this.at(path), { force: true });
    } catch (error) {
      throw translate(error, this.location, path);
    }
  }

  async *list(folder: string): AsyncIterable<StoredFile> {
    for await (const file of this.walk(folder)) {
      if (!file.name.startsWith(UNFINISHED)) yield { path: file.path, sizeBytes: file.sizeBytes };
    }
  }

  private async *walk(folder: string): AsyncIterable<StoredFile & { name: string; full: string; changedMs: number }> {
    const start = folder === '' ? this.location : this.at(folder);
    try {
      await stat(this.location);
      const entries = await opendir(start, { recursive: true }).catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return null;
        throw error;
      });
      if (!entries) return;
      for await (const entry of entries) {
        if (!entry.isFile()) continue;
        const full = join(entry.parentPath, entry.name);
        const found = await stat(full).catch((error: unknown) => {
          if (codeOf(error) === 'ENOENT') return null;
          throw error;
        });
        const path = relative(this.location, full).split(sep).join('/');
        if (found) yield { path, sizeBytes: found.size, name: entry.name, full, changedMs: found.mtimeMs };
      }
    } catch (error) {
      throw translate(error, this.location, folder);
    }
  }

  async sweepUnfinished(olderThanMs: number): Promise<number> {
    let removed = 0;
    for await (const file of this.walk('')) {
      if (!file.name.startsWith(UNFINISHED) || Date.now() - file.changedMs < olderThanMs) continue;
      await rm(file.full, { force: true });
      removed++;
    }
    return removed;
  }
}
