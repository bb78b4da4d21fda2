// Where tests keep everything: in memory where there is plenty of it.
import { chmod, mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '@holdfast/engine/embedded';
import { sweepTempDirs } from '@holdfast/testing';
import { runToEnd } from './child-process.ts';

const MEMORY_FOR_TESTS = 12 * 1024 ** 3;
const IN_MEMORY = '/dev/shm';
const PREFIX = 'holdfast-test-';

/** Removes what test runs left that were killed, and stops what they started. */
async function sweepTestDirectories(place: string): Promise<void> {
  for (const name of await readdir(place).catch(() => [])) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : 0;
    if (!(pid > 0) || isAlive(pid)) continue;
    // each process of Vitest has one of its own in it
    for (const inner of await readdir(join(place, name), { withFileTypes: true })) {
      if (inner.isDirectory()) await sweepTempDirs(join(place, name, inner.name));
    }
    await removeTestDirectory(join(place, name));
  }
}

/** Tests put programs of their own there; some machines run none from memory. */
async function runsPrograms(directory: string): Promise<boolean> {
  const file = join(directory, 'program');
  await writeFile(file, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  return (await runToEnd(file, [], { timeoutSeconds: 10 })).code === 0;
}

/** Never rejects: says so when it could not be removed. */
export async function removeTestDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }).catch((error: unknown) => {
    console.error(`${directory} could not be removed: ${error instanceof Error ? error.message : String(error)}`);
  });
}

/**
 * Where the tests put everything. Their databases make and drop files by the ten thousand, which some file systems are
 * slow at: in memory, where there is plenty of it.
 */
export async function makeTestDirectory(): Promise<string> {
  const shared = await statfs(IN_MEMORY).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  const plenty = Math.min(shared, process.availableMemory()) >= MEMORY_FOR_TESTS;
  for (const place of [IN_MEMORY, tmpdir()]) await sweepTestDirectories(place);
  const memory = plenty ? await mkdtemp(join(IN_MEMORY, `${PREFIX}${process.pid}-`)) : null;
  if (memory && (await runsPrograms(memory))) return chmod(memory, 0o711).then(() => memory);
  if (memory) await rm(memory, { recursive: true, force: true });
  const directory = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  // servers that root starts run as another user, who has to get through
  await chmod(directory, 0o711);
  return directory;
}
