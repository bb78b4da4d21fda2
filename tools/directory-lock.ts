import { DatabaseSync } from 'node:sqlite';

/** SQLite's code for "another holds it". */
const BUSY = 5;

/**
 * Takes a lock that the operating system lets go of when this process ends, however it ends: so no lock is ever stale
 * and none has to be judged. The file is an empty SQLite database, and the lock its exclusive transaction.
 *
 * @returns what releases the lock, or null where somebody holds it. The file stays: with it removed, one who had
 * opened it before would hold a lock that nobody else sees.
 * @throws Error where the file cannot be made or opened.
 */
export function lockFile(path: string): (() => void) | null {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return () => database.close();
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === BUSY) return null;
    throw error;
  }
}
