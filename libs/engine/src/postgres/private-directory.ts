import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './child.ts';

/** Those of this process: in a container, the one before it had the same id. */
const ours = new Set<string>();

interface Place {
  /** Made where it is missing. */
  parent: string;
  prefix: string;
  /** How a directory that a killed process left is removed. */
  removeLeftover?: (path: string) => Promise<void>;
}

/** A directory that nobody else may enter. */
export interface PrivateDirectory {
  path: string;
  remove(): Promise<void>;
}

const removeAll = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

/** Makes a directory for this process, after removing those of the same prefix that killed processes left behind. */
export async function makePrivateDirectory(place: Place): Promise<PrivateDirectory> {
  const { parent, prefix, removeLeftover = removeAll } = place;
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : 0;
    const lives = pid === process.pid ? ours.has(path) : isAlive(pid);
    if (pid > 0 && !lives) await removeLeftover(path);
  }
  const path = join(parent, `${prefix}${process.pid}-${randomBytes(6).toString('hex')}`);
  // Known before it is there, because another call may be looking for leftovers.
  ours.add(path);
  await mkdir(path, { mode: 0o700 });
  const remove = async (): Promise<void> => {
    await removeAll(path);
    ours.delete(path);
  };
  return { path, remove };
}
