import { OperationError, type RepositoryProbeReport } from '@holdfast/contracts';
import { randomBytes } from 'node:crypto';
import { countBackups, FORMAT_VERSION, type Repository } from './repository.ts';

/** Files of probes lie here, named after the instant they were written at: `<milliseconds>-<16 digits>`. */
const FOLDER = 'probes';
/** A file older than this is of a probe that was killed. */
const LEFT_OVER_MS = 3_600_000;
const SIZE_BYTES = 4_096;

/**
 * Writes a small file into an opened repository as chunks are written, reads it back and removes it; counts the backups.
 * That it cannot be written is a value, because it can be restored from all the same; throws what reading throws.
 */
export async function probeRepository(repository: Repository, signal?: AbortSignal): Promise<RepositoryProbeReport> {
  const { driver, uid } = repository;
  const start = performance.now();
  const refusal = await tryToWrite(repository, signal);
  const latencyMs = Math.round((performance.now() - start) * 10) / 10;
  const space = await driver.space();
  return {
    ...{ repositoryUid: uid, formatVersion: FORMAT_VERSION, backups: await countBackups(driver, signal) },
    writable: refusal === null,
    freeBytes: space?.freeBytes ?? null,
    totalBytes: space?.totalBytes ?? null,
    latencyMs,
    blockers: refusal ? [{ code: refusal.code, message: refusal.message, hint: refusal.hint ?? null }] : [],
  };
}

/** Null where all of it went well, else what was in the way. */
async function tryToWrite({ driver }: Repository, signal?: AbortSignal): Promise<OperationError | null> {
  const path = `${FOLDER}/${Date.now()}-${randomBytes(8).toString('hex')}`;
  const bytes = randomBytes(SIZE_BYTES);
  try {
    await driver.write(path, bytes, signal);
    const found = await driver.read(path, signal);
    await driver.remove(path);
    await removeLeftOver({ driver });
    if (found?.equals(bytes)) return null;
    return new OperationError('backup.not_written', `What was written to ${driver.location} reads back differently`, {
      hint: 'Check the disk, and verify the backups of this repository.',
    });
  } catch (error) {
    if (error instanceof OperationError) return error;
    throw error;
  }
}

async function removeLeftOver({ driver }: Pick<Repository, 'driver'>): Promise<void> {
  for await (const { path } of driver.list(FOLDER)) {
    const writtenAt = Number(/^probes\/(\d+)-/.exec(path)?.[1] ?? Number.NaN);
    if (Date.now() - writtenAt > LEFT_OVER_MS) await driver.remove(path);
  }
}
