import { OperationError, type ExpireOutput } from '@holdfast/contracts';
import { readManifest, type Manifest } from '../manifest/manifest.ts';
import { chunkPath, isChunkPath, manifestPath, type Repository } from '../repository/repository.ts';
import { Meter, type Run } from '../run.ts';

/** Unfinished writes older than this belong to nobody any more. */
const UNFINISHED_MS = 3_600_000;

export interface ExpireArguments {
  repository: Repository;
  environmentId: string;
  backupId: string;
}

/** A manifest that cannot be read stops the sweep: what its backup needs is not known. */
async function readOther(
  repository: Repository,
  environmentId: string,
  backupId: string,
  signal: AbortSignal,
): Promise<Manifest> {
  try {
    return await readManifest(repository, environmentId, backupId, signal);
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    const where = `Backup ${backupId} of environment ${environmentId} stops the sweep`;
    throw new OperationError(error.code, `${where}: ${error.message}`, {
      hint: 'No chunk was removed. Remove that backup too, or put its manifest back, and start again.',
      cause: error,
    });
  }
}

/** Every chunk that a manifest of the repository names. */
async function chunksInUse(repository: Repository, signal: AbortSignal): Promise<Set<string>> {
  const inUse = new Set<string>();
  for await (const { path } of repository.driver.list('backups')) {
    const match = /^backups\/([^/]+)\/([^/]+)\/manifest\.json$/.exec(path);
    if (!match) continue;
    const [, environmentId = '', backupId = ''] = match;
    const manifest = await readOther(repository, environmentId, backupId, signal);
    for (const chunk of manifest.chunks) inUse.add(chunkPath(chunk.domain, chunk.id));
  }
  return inUse;
}

/**
 * Removes one backup and the chunks that no other needs. The caller holds the repository's exclusive lease, so that no
 * backup is being written. Order: the manifest first, then the chunks: after a kill in between, chunks are left over
 * that the next sweep removes, and never a manifest whose chunks are gone.
 */
export async function expire(input: ExpireArguments, run: Run): Promise<ExpireOutput> {
  const { repository, environmentId, backupId } = input;
  const meter = new Meter(run);
  meter.step('manifest', 'artifacts', 1);
  run.signal.throwIfAborted();
  await repository.driver.remove(manifestPath(environmentId, backupId), true);
  meter.add(1);
  meter.step('sweep', 'artifacts', null);
  const inUse = await chunksInUse(repository, run.signal);
  let removedChunks = 0;
  let freedBytes = 0;
  for await (const file of repository.driver.list('chunks')) {
    run.signal.throwIfAborted();
    meter.add(1);
    // Whatever else lies there is not ours to remove.
    if (inUse.has(file.path) || !isChunkPath(file.path)) continue;
    await repository.driver.remove(file.path);
    removedChunks++;
    freedBytes += file.sizeBytes;
  }
  await repository.driver.sweepUnfinished(UNFINISHED_MS);
  return { removedChunks, freedBytes };
}
