import { OperationError } from '@holdfast/contracts';
import { randomBytes } from 'node:crypto';
import { mkdir, open, opendir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { RepositoryDriver, Space, StoredFile } from './driver.ts';
import { syncFolder, Unsettled } from './unsettled.ts';

const UNFINISHED = '.unfinished-';
const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;
/** No space, a user's quota, and a limit on the length of files. */
const FULL = ['ENOSPC', 'EDQUOT', 'EFBIG'];
/** What a file system says of one file that its disk cannot read any more, while the rest of it works. */
const UNREADABLE = ['EIO', 'EBADMSG', 'EUCLEAN', 'ENODATA'];

/** What a file system keeps for itself where a disk is mounted; only root may look into it. */
export const LOST_AND_FOUND = 'lost+found';

interface FoundFile extends StoredFile {
  name: string;
  full: string;
  changedMs: number;
}

/** Whether a name is that of a write which has not ended, or never will. */
export const isUnfinished = (name: string): boolean => name.startsWith(UNFINISHED);

/** Turns a file system's error into ours, naming the place. */
function translate(error: unknown, location: string, path: string, cause: unknown = error): OperationError {
  if (error instanceof OperationError) return error;
  const code = codeOf(error) ?? '';
  if (FULL.includes(code)) {
    return new OperationError('repository.full', `There is no space left in ${location} (${code} at ${path})`, {
      hint: 'Free space or move the repository; nothing that was listed is damaged.',
      cause,
    });
  }
  return new OperationError(
    'repository.unreachable',
    `${location} cannot be used: ${code || String(error)} at ${path}`,
    {
      hint: 'Check that the directory is there, mounted and writable for the worker.',
      cause,
    },
  );
}

/** A directory on the worker's machine (or mounted there). */
export class LocalDirectory implements RepositoryDriver {
  readonly location: string;
  private readonly root: string;
  private readonly folders = new Set<string>();
  private readonly unsettled = new Unsettled();
  private identity: string | undefined;

  constructor(location: string) {
    this.location = location;
    this.root = resolve(location);
  }

  private at(path: string): string {
    const hostile = (part: string): boolean => part === '' || part === '.' || part === '..' || isUnfinished(part);
    if (/[\\\0]/.test(path) || path.split('/').some(hostile)) {
      throw new OperationError('repository.path_refused', `Not a path inside a repository: ${JSON.stringify(path)}`);
    }
    return join(this.root, ...path.split('/'));
  }

  /**
   * Throws while the place is not there, or when another directory stands where it was: below an unmounted disk lies an
   * empty one, in which all would seem to be missing, and what is written would be lost from sight.
   */
  private async present(): Promise<void> {
    const { dev, ino } = await stat(this.root);
    this.identity ??= `${dev}:${ino}`;
    if (this.identity === `${dev}:${ino}`) return;
    throw new OperationError('repository.unreachable', `Another directory stands where ${this.location} was`, {
      hint: 'Was the disk unmounted?',
    });
  }

  async write(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.store(path, bytes, true, signal);
  }

  async put(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.store(path, bytes, false, signal);
    await this.note(path, true, signal);
  }

  keep(path: string, signal?: AbortSignal): Promise<void> {
    return this.note(path, false, signal);
  }

  private async note(path: string, written: boolean, signal?: AbortSignal): Promise<void> {
    const full = this.at(path);
    await this.settling(() => this.unsettled.add(full, written, signal), signal);
  }

  async settle(signal?: AbortSignal): Promise<void> {
    await this.settling(async () => {
      await this.unsettled.settle(signal);
      await this.present();
    }, signal);
  }

  private async settling(work: () => Promise<void>, signal?: AbortSignal): Promise<void> {
    try {
      await work();
    } catch (error) {
      signal?.throwIfAborted();
      const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
      const { path = this.root } = first as NodeJS.ErrnoException;
      throw translate(first, this.location, relative(this.root, path) || '.', error);
    }
  }

  private async store(path: string, bytes: Uint8Array, durable: boolean, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const final = this.at(path);
    const folder = dirname(final);
    const unfinished = join(folder, `${UNFINISHED}${randomBytes(8).toString('hex')}`);
    try {
      await this.present();
      await this.makeFolder(folder);
      const file = await open(unfinished, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        // Data before the name: a name that is there after a crash stands for bytes that are there.
        if (durable) await file.datasync();
      } finally {
        await file.close();
      }
      await rename(unfinished, final);
      if (durable) await syncFolder(folder);
    } catch (error) {
      this.folders.clear();
      const cause = await rm(unfinished, { force: true }).then(
        () => error,
        (left: unknown) => new AggregateError([error, left], 'writing failed, and what it left could not be removed'),
      );
      throw translate(error, this.location, path, cause);
    }
  }

  /** Makes folders from the root down, each durable before anything is put into it; never the root itself. */
  private async makeFolder(folder: string): Promise<void> {
    if (folder === this.root || this.folders.has(folder)) return;
    const parent = dirname(folder);
    await this.makeFolder(parent);
    await mkdir(folder).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    await syncFolder(parent);
    this.folders.add(folder);
  }

  read(path: string, signal?: AbortSignal): Promise<Buffer | null> {
    return this.reading(path, signal, (full) => readFile(full, { signal }));
  }

  readInto(path: string, into: Uint8Array, signal?: AbortSignal): Promise<number | null> {
    return this.reading(path, signal, async (full) => {
      const file = await open(full, 'r');
      try {
        let at = 0;
        for (let got = 1; got > 0 && at < into.length; at += got) {
          signal?.throwIfAborted();
          got = (await file.read(into, at, into.length - at, at)).bytesRead;
        }
        return at < into.length ? at : Math.max(at, (await file.stat()).size);
      } finally {
        await file.close();
      }
    });
  }

  private async reading<T>(
    path: string,
    signal: AbortSignal | undefined,
    read: (full: string) => Promise<T>,
  ): Promise<T | null> {
    const full = this.at(path);
    try {
      if (this.identity === undefined) await this.present();
      return await read(full);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return this.absent();
      signal?.throwIfAborted();
      if (UNREADABLE.includes(codeOf(error) ?? '')) {
        throw new OperationError('backup.damaged', `The disk cannot read ${path} in ${this.location} any more`, {
          hint: 'Replace the disk; verify every backup of this repository.',
          cause: error,
        });
      }
      throw translate(error, this.location, path);
    }
  }

  async size(path: string): Promise<number | null> {
    const full = this.at(path);
    try {
      if (this.identity === undefined) await this.present();
      return (await stat(full)).size;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return this.absent();
      throw translate(error, this.location, path);
    }
  }

  /** A missing file is an answer only while the place itself is there. */
  private async absent(): Promise<null> {
    try {
      await this.present();
      return null;
    } catch (error) {
      throw translate(error, this.location, '.');
    }
  }

  async remove(path: string, durable = false): Promise<void> {
    const full = this.at(path);
    try {
      await this.present();
      await rm(full).then(
        () => (durable ? syncFolder(dirname(full)) : undefined),
        (error: unknown) => {
          if (codeOf(error) !== 'ENOENT') throw error;
        },
      );
    } catch (error) {
      throw translate(error, this.location, path);
    }
  }

  async *list(folder: string): AsyncIterable<StoredFile> {
    for await (const file of this.walk(folder)) {
      if (!isUnfinished(file.name)) yield { path: file.path, sizeBytes: file.sizeBytes };
    }
  }

  private async *walk(folder: string): AsyncIterable<FoundFile> {
    const start = folder === '' ? this.root : this.at(folder);
    const folders: string[] = [];
    try {
      await this.present();
      const entries = await opendir(start, { recursive: folder !== '' }).catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return null;
        throw error;
      });
      if (!entries) return;
      for await (const entry of entries) {
        if (folder === '' && entry.isDirectory() && entry.name !== LOST_AND_FOUND) folders.push(entry.name);
        if (!entry.isFile()) continue;
        const full = join(entry.parentPath, entry.name);
        const found = await stat(full).catch((error: unknown) => {
          if (codeOf(error) === 'ENOENT') return null;
          throw error;
        });
        const path = relative(this.root, full).split(sep).join('/');
        if (found) yield { path, sizeBytes: found.size, name: entry.name, full, changedMs: found.mtimeMs };
      }
    } catch (error) {
      throw translate(error, this.location, folder);
    }
    for (const name of folders) yield* this.walk(name);
  }

  async space(): Promise<Space> {
    try {
      await this.present();
      const { bavail, blocks, bsize } = await statfs(this.root);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    } catch (error) {
      throw translate(error, this.location, '.');
    }
  }

  async sweepUnfinished(olderThanMs: number): Promise<number> {
    let removed = 0;
    for await (const file of this.walk('')) {
      if (!isUnfinished(file.name) || Date.now() - file.changedMs < olderThanMs) continue;
      await rm(file.full, { force: true }).catch((error: unknown) => {
        throw translate(error, this.location, file.path);
      });
      removed++;
    }
    return removed;
  }
}
