import { OperationError, type CoverageGap, type StorageChoice } from '@holdfast/contracts';
import type { ArtifactWriter } from '../backup/artifact-writer.ts';
import type { PendingArtifact } from '../backup/capture-rows.ts';
import { readManifest, type Manifest } from '../manifest/manifest.ts';
import { reading } from '../postgres/inspect.ts';
import type { Snapshot } from '../postgres/snapshot.ts';
import type { Repository } from '../repository/repository.ts';
import type { Meter } from '../run.ts';
import { captureObjects } from './capture-objects.ts';
import { bucketLines, countObjects, hasStorage, leftOutGaps, listObjects } from './source-objects.ts';
import { noStorage } from './storage-answers.ts';
import { StorageClient, type StorageEndpoint } from './storage-client.ts';

/** What of a backup is about the project's storage. */
export interface StorageSource {
  endpoint: StorageEndpoint;
  /** The newest complete backup of the environment in the same repository; null: there is none. */
  parentBackupId: string | null;
  /** Absent: all. */
  choice?: StorageChoice;
  /** Objects read at once. */
  parallel: number;
}

export interface CapturedStorage {
  artifacts: PendingArtifact[];
  gaps: CoverageGap[];
  downloaded: number;
  reused: number;
}

interface CaptureStorageInput {
  storage: StorageSource;
  environmentId: string;
  repository: Repository;
  snapshot: Snapshot;
  writer: ArtifactWriter;
  meter: Meter;
  signal: AbortSignal;
}

/** The earlier backup, if it can be read: a damaged one is no reason not to take a new one. */
async function readParent({
  storage,
  environmentId,
  repository,
  signal,
}: CaptureStorageInput): Promise<Manifest | null> {
  if (storage.parentBackupId === null) return null;
  return readManifest(repository, environmentId, storage.parentBackupId, signal).catch((error: unknown) => {
    const codes = ['manifest.missing', 'manifest.damaged', 'repository.format_unsupported'];
    if (error instanceof OperationError && codes.includes(error.code)) return null;
    throw error;
  });
}

/**
 * Captures buckets and objects of the snapshot's instant. Throws `storage.missing` when the database is no project with
 * storage, `storage.bucket_unknown`, `storage.unreachable`, `storage.refused` (also when it has nothing of what is listed).
 */
export async function captureStorage(input: CaptureStorageInput): Promise<CapturedStorage> {
  const { storage, repository, snapshot, writer, meter, signal } = input;
  // the session that holds the locks stays free for whoever needs it
  const session = await reading('Storage', () => snapshot.join());
  const { choice = { buckets: [], prefixes: [] } } = storage;
  const { buckets, total } = await reading('Storage', async () => {
    if (!(await hasStorage(session))) throw noTables();
    return { buckets: await bucketLines(session, choice), total: await countObjects(session, choice) };
  });
  meter.step('storage', 'bytes', total.bytes);
  const bytes = writer.begin();
  await bytes.write(Buffer.from(buckets));
  const stored = bytes.end();
  const client = new StorageClient(storage.endpoint, storage.parallel);
  try {
    await client.check(signal);
    const parent = await readParent(input);
    const { parallel } = storage;
    const captured = await captureObjects(listObjects(session, choice), {
      ...{ repository, client, writer, meter, signal, parallel, parent },
    });
    const { downloaded, reused, list } = captured;
    // another project's storage answers, too, and has nothing of what is asked for
    if (total.bytes > 0 && downloaded + reused === 0) {
      throw noStorage(`has none of the ${total.objects} objects that the database lists`);
    }
    const gaps = [...leftOutGaps(choice, total), ...captured.gaps];
    const artifacts = [(): ReturnType<PendingArtifact> => ({ kind: 'buckets', name: 'buckets', ...stored() }), list];
    return { artifacts, gaps, downloaded, reused };
  } finally {
    await client.close();
  }
}

const noTables = (): OperationError =>
  new OperationError('storage.missing', 'The database has no tables storage.buckets and storage.objects', {
    hint: 'Back up the database alone, or check that this is the database of a Supabase project.',
  });
