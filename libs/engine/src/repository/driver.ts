/** One stored file, as a listing shows it. `path` is relative, with `/` between its parts. */
export interface StoredFile {
  path: string;
  sizeBytes: number;
}

/** How much room a place has, for whoever may write there. */
export interface Space {
  freeBytes: number;
  totalBytes: number;
}

/**
 * A place that keeps files: a directory, later a bucket. Every driver passes the contract in `driver-contract.ts`.
 * All methods throw `repository.unreachable` when the place cannot be reached, and never answer as if it were empty;
 * `repository.path_refused` for a path that could lead out of it. Writing throws `repository.full`.
 */
export interface RepositoryDriver {
  /** What people call the place; holds no secret. */
  readonly location: string;
  /** Stores a whole file, atomically and durably: after a crash it is there entirely or not at all. Replaces. */
  write(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /**
   * As `write`, but durable only after `settle`: until then a crash of the machine may leave anything under that name, so
   * that whoever finds it there compares before relying on it, and says `keep`.
   */
  put(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Has the next `settle` make a file durable that somebody else may have put. */
  keep(path: string, signal?: AbortSignal): Promise<void>;
  /**
   * Makes durable what was put and kept. What cannot be made durable is removed, where it was put by this driver, and
   * fails all calls of the three from then on: nobody knows any more what is durable.
   */
  settle(signal?: AbortSignal): Promise<void>;
  /** The whole file; null when it is not there. Throws `backup.damaged` when only this file cannot be read any more. */
  read(path: string, signal?: AbortSignal): Promise<Buffer | null>;
  /**
   * As `read`, into memory of the caller's: fills `into` from the file's beginning, and answers how long the file is,
   * which may be more than `into` takes.
   */
  readInto(path: string, into: Uint8Array, signal?: AbortSignal): Promise<number | null>;
  /** Its size in bytes; null when it is not there. */
  size(path: string): Promise<number | null>;
  /** Removes a file, `durable`: so that no crash brings it back. Removing one that is not there is no error. */
  remove(path: string, durable?: boolean): Promise<void>;
  /** All files below a folder, in no special order. Unfinished writes do not show. */
  list(folder: string): AsyncIterable<StoredFile>;
  /** How much room there is; null where the place does not say, as a bucket. */
  space(): Promise<Space | null>;
  /** Removes what unfinished writes left behind, if they began more than `olderThanMs` ago. */
  sweepUnfinished(olderThanMs: number): Promise<number>;
}
