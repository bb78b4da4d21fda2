import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs';

const LIMIT_BYTES = 10_000_000;

/** A log file that is moved to `<file>.1` at `limitBytes`, over the one before: never more than twice that on disk. */
export interface BoundedLog {
  write(line: string): void;
  close(): void;
}

export function openLog(file: string, limitBytes = LIMIT_BYTES): BoundedLog {
  let size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  let handle = openSync(file, 'a', 0o600);
  return {
    write(line) {
      if (size > limitBytes) {
        closeSync(handle);
        renameSync(file, `${file}.1`);
        handle = openSync(file, 'a', 0o600);
        size = 0;
      }
      try {
        size += writeSync(handle, `${line}\n`);
      } catch (error) {
        // A full disk must not end what the log is about.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
    close: () => closeSync(handle),
  };
}
