import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Files that are made durable together: what the file system logs for all of them is written once. */
const GROUP = 32;
/** Whoever writes faster than the disk takes it waits with so many behind it. */
const BEHIND = 4 * GROUP;
/** Not all of the four threads that do Node's work with files. */
const AT_ONCE = 2;

/** Makes a file or a folder durable, by whatever handle it was written. */
async function sync(path: string, what: 'data' | 'all'): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await (what === 'data' ? handle.datasync() : handle.sync());
  } finally {
    await handle.close();
  }
}

/** A folder's entries: which files are in it, under which names. */
export const syncFolder = (folder: string): Promise<void> => sync(folder, 'all');

/**
 * Files that are whole, but may be only in the system's memory. They are made durable in groups, beside whoever writes
 * more of them: to wait for the disk after each one leaves the cores idle.
 */
export class Unsettled {
  /** By path: whether it was written by us, and not found. */
  private waiting = new Map<string, boolean>();
  private group: Promise<void> | null = null;
  private failure: { error: unknown } | null = null;

  /** Resolves once there is room for the next one. Throws why an earlier one could not be made durable. */
  async add(path: string, written: boolean): Promise<void> {
    this.waiting.set(path, written || this.waiting.get(path) === true);
    while (this.group !== null && this.waiting.size >= BEHIND) await this.group;
    if (this.group === null && this.waiting.size >= GROUP) this.begin();
    this.check();
  }

  /** Resolves once all are durable. Throws why one could not be. */
  async settle(): Promise<void> {
    while (this.group !== null || this.waiting.size > 0) {
      if (this.group === null) this.begin();
      await this.group;
    }
    this.check();
  }

  private check(): void {
    if (this.failure) throw this.failure.error;
  }

  private begin(): void {
    const files = this.waiting;
    this.waiting = new Map();
    this.group = syncAll(files)
      .catch((error: unknown) => void (this.failure ??= { error }))
      .finally(() => (this.group = null));
  }
}

/** Files before the folders that name them, so that few names stand for bytes that a crash took. */
async function syncAll(files: Map<string, boolean>): Promise<void> {
  const failures: unknown[] = [];
  const each = async (items: Iterable<string>, work: (item: string) => Promise<void>): Promise<void> => {
    const left = items[Symbol.iterator]();
    const worker = async (): Promise<void> => {
      for (let next = left.next(); !next.done; next = left.next()) await work(next.value);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  };
  await each(files.keys(), async (path) => {
    try {
      await sync(path, 'data');
    } catch (error) {
      failures.push(error);
      // the system may call it durable when it is asked again: the next attempt must not find it
      if (files.get(path)) await rm(path, { force: true }).catch((left: unknown) => void failures.push(left));
    }
  });
  await each(new Set([...files.keys()].map((path) => dirname(path))), (folder) =>
    syncFolder(folder).catch((error: unknown) => void failures.push(error)),
  );
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, 'files could not be made durable');
}
