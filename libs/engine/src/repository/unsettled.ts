import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Files that are made durable together: what the file system logs for all of them is written once. */
const GROUP = 32;
/** Whoever writes faster than the disk takes it waits with so many behind it. */
const BEHIND = 2 * GROUP;
/** Not all of the four threads that do Node's work with files. */
const AT_ONCE = 2;

/** A folder's entries: which files are in it, under which names. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Waits no longer than until the signal says so: a disk that stalls must not hold up a cancel. */
async function orAborted(work: Promise<void>, signal?: AbortSignal): Promise<void> {
  if (!signal) return work;
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

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
  async add(path: string, written: boolean, signal?: AbortSignal): Promise<void> {
    this.waiting.set(path, written || this.waiting.get(path) === true);
    while (this.group !== null && this.waiting.size >= BEHIND) await orAborted(this.group, signal);
    if (this.group === null && this.waiting.size >= GROUP) void this.begin();
    this.check();
  }

  /** Resolves once all are durable. Throws why one could not be. */
  async settle(signal?: AbortSignal): Promise<void> {
    while (this.group !== null || this.waiting.size > 0) await orAborted(this.group ?? this.begin(), signal);
    this.check();
  }

  private check(): void {
    if (this.failure) throw this.failure.error;
  }

  private begin(): Promise<void> {
    const files = this.waiting;
    this.waiting = new Map();
    this.group = syncAll(files)
      .catch((error: unknown) => void (this.failure ??= { error }))
      .finally(() => (this.group = null));
    return this.group;
  }
}

/**
 * Files before the folders that name them, so that few names stand for bytes that a crash took. Throws the first reason;
 * of several an AggregateError, with that one first.
 */
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
    // one that nobody may write through is not flushed by every file system
    const handle = await open(path, 'r+').catch((error: unknown) => void failures.push(error));
    if (!handle) return;
    try {
      await handle.datasync();
    } catch (error) {
      failures.push(error);
      // the system may call it durable when it is asked again: the next attempt must not find it
      if (files.get(path)) await rm(path, { force: true }).catch((left: unknown) => void failures.push(left));
    } finally {
      await handle.close();
    }
  });
  await each(new Set([...files.keys()].map((path) => dirname(path))), (folder) =>
    syncFolder(folder).catch((error: unknown) => void failures.push(error)),
  );
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, 'files could not be made durable');
}
