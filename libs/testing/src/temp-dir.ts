import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, releaseDataDir } from '@holdfast/engine/embedded';

const PREFIX = 'holdfast-throwaway-';

let swept: Promise<void> | undefined;

/** Makes an empty directory that a later test process removes if ours dies before it does so itself. */
export async function makeTempDir(name = 'files'): Promise<string> {
  await (swept ??= sweepTempDirs());
  const dir = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-${name}-`));
  // As root, Postgres runs as somebody else who must be able to pass through.
  await chmod(dir, 0o711);
  return dir;
}

/** Removes the directories of test processes that no longer live, and stops what still runs in them. */
export async function sweepTempDirs(place: string = tmpdir()): Promise<void> {
  for (const name of await readdir(place)) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : 0;
    if (!(pid > 0) || isAlive(pid)) continue;
    const dir = join(place, name);
    await releaseDataDir(join(dir, 'cluster'));
    await rm(dir, { recursive: true, force: true });
  }
}
