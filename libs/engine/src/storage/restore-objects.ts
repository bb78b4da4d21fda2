import {
  OperationError,
  type CoverageGap,
  type Difference,
  type RestoredStorage,
  type StorageChoice,
} from '@holdfast/contracts';
import PQueue from 'p-queue';
import { readArtifact, readText } from '../manifest/artifact-reader.ts';
import { textArtifact, type Manifest, type ObjectListArtifact } from '../manifest/manifest.ts';
import { translateQuery, withConnection } from '../postgres/connection.ts';
import { READ_SETTINGS } from '../postgres/snapshot.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import type { Repository } from '../repository/repository.ts';
import type { Meter } from '../run.ts';
import { canBeAsked, Names } from './names.ts';
import { artifactOfObject, bareEtag, inBatches, objectName, readObjectList, type ObjectEntry } from './object-list.ts';
import { ObjectRows, type RowEntry } from './object-rows.ts';
import { bytesPassed } from './passed-bytes.ts';
import { takeOverVersions } from './previous-versions.ts';
import { refuseUnknownBuckets } from './source-objects.ts';
import { StorageClient, type Bucket, type StorageEndpoint } from './storage-client.ts';
import { unsent } from './upload-headers.ts';

const ROWS_AT_ONCE = 500;
const SHOWN = 200;

export interface RestoreObjectsInput {
  repository: Repository;
  manifest: Manifest;
  list: ObjectListArtifact;
  endpoint: StorageEndpoint;
  /** The project's database: ids, owners and times of objects are given back there. */
  target: PostgresTarget;
  choice: StorageChoice;
  /** The database that the target has replaced, if there is one: it knows what the project holds already. */
  replaced: PostgresTarget | null;
  /** Objects written at once. */
  parallel: number;
  signal: AbortSignal;
  meter: Meter;
}

export interface RestoredObjects extends RestoredStorage {
  gaps: CoverageGap[];
  /** What the project did not take, or says otherwise of; the first by name, and how many. */
  differences: Difference[];
  differenceCount: number;
}

/** What the report says of it. */
export const restoredStorage = ({ buckets, restored, kept, failed, bytes }: RestoredObjects): RestoredStorage => ({
  ...{ buckets, restored, kept, failed, bytes },
});

/** The buckets of a backup, chosen ones. Throws `storage.bucket_unknown`. */
export async function bucketsOf(
  repository: Repository,
  manifest: Manifest,
  { buckets }: StorageChoice,
  signal: AbortSignal,
): Promise<Bucket[]> {
  const text = await readText(repository, manifest, textArtifact(manifest, 'buckets'), signal);
  const lines = text.split('\n').filter((part) => part !== '');
  const all = lines.map((line) => JSON.parse(line) as Bucket);
  refuseUnknownBuckets('The backup', buckets, new Set(all.map(({ id }) => id)));
  return buckets.length === 0 ? all : all.filter(({ id }) => buckets.includes(id));
}

const isChosen = ({ buckets, prefixes }: StorageChoice, entry: ObjectEntry): boolean =>
  (buckets.length === 0 || buckets.includes(entry.bucket)) &&
  (prefixes.length === 0 || prefixes.some((prefix) => objectName(entry).startsWith(prefix)));

/** Whether these are the bytes of the backup: by their MD5, or by the name that the server gave to them then. */
function isSame({ md5, etag, replaced }: ObjectEntry, there: string | null): boolean {
  if (there === null) return false;
  const bare = bareEtag(there);
  // of parts that were uploaded one by one the server's name is no MD5
  return bare === md5 || (!replaced && etag !== null && bare === bareEtag(etag));
}

class ObjectRestore {
  private readonly input: RestoreObjectsInput;
  private readonly client: StorageClient;
  private readonly rows: ObjectRows;
  private readonly queue: PQueue;
  private readonly missing = new Names();
  private readonly otherIds = new Names();
  private readonly stop = new AbortController();
  /** Ends uploads, also when another one has failed. */
  private readonly signal: AbortSignal;
  private readonly differences: Difference[] = [];
  private differenceCount = 0;
  private written: (ObjectEntry & RowEntry)[] = [];
  private failure: unknown;
  private readonly counts: RestoredStorage = { buckets: 0, restored: 0, kept: 0, failed: 0, bytes: 0 };

  constructor(input: RestoreObjectsInput, client: StorageClient, rows: ObjectRows) {
    this.input = input;
    this.client = client;
    this.rows = rows;
    this.queue = new PQueue({ concurrency: input.parallel });
    this.signal = AbortSignal.any([input.signal, this.stop.signal]);
  }

  async run(): Promise<RestoredObjects> {
    const { list, signal, meter, choice, replaced } = this.input;
    const all = choice.buckets.length + choice.prefixes.length === 0;
    meter.step('storage', 'bytes', all ? list.objectBytes : null);
    if (replaced) await takeOverVersions(this.rows, replaced, this.chosen(), signal);
    await this.putBuckets();
    try {
      for await (const batch of inBatches(this.chosen(), ROWS_AT_ONCE)) {
        if (this.failure !== undefined) break;
        await this.putBatch(batch);
      }
      await this.queue.onIdle();
    } catch (error) {
      this.fail(error);
    } finally {
      await this.queue.onIdle();
    }
    signal.throwIfAborted();
    if (this.failure !== undefined) throw this.failure;
    await this.writeRows();
    const { differences, differenceCount } = this;
    return { ...this.counts, gaps: this.gaps(), differences, differenceCount };
  }

  private async *chosen(): AsyncGenerator<ObjectEntry> {
    const { repository, manifest, list, signal, choice } = this.input;
    for await (const entry of readObjectList(repository, manifest, list, signal)) {
      if (isChosen(choice, entry)) yield entry;
    }
  }

  private async putBatch(batch: ObjectEntry[]): Promise<void> {
    const there = await translated(this.rows.there(batch));
    for (const entry of batch) {
      if (this.failure !== undefined) return;
      if (entry.pieces === null) {
        this.missing.add(objectName(entry));
        continue;
      }
      await this.queue.onSizeLessThan(this.input.parallel);
      void this.queue.add(() => this.put({ ...entry, fresh: !there.has(objectName(entry)) }));
      if (this.written.length >= ROWS_AT_ONCE) await this.writeRows();
    }
  }

  /** No transfer goes on for a restore that has failed. */
  private fail(error: unknown): void {
    this.failure ??= error;
    this.queue.clear();
    this.stop.abort(error);
  }

  private gaps(): CoverageGap[] {
    const { refused } = this.rows;
    const rows: CoverageGap[] =
      refused === null
        ? []
        : [
            {
              code: 'object-owners',
              subjects: [refused],
              count: 1,
              reason: 'The role may not change these rows: ids, owners and times of objects are new.',
            },
          ];
    return [
      ...this.missing.asGap('objects-missing', 'The backup has no bytes for these objects.'),
      ...this.otherIds.asGap(
        'object-ids',
        "These objects do not have the backup's ids: they had others already, or an id belongs to another object now.",
      ),
      ...rows,
    ];
  }

  private differs(kind: 'object' | 'bucket', subject: string, expected: string, found: string | null): void {
    this.differenceCount++;
    if (this.differences.length < SHOWN) this.differences.push({ kind, subject, expected, found, protection: false });
  }

  private async putBuckets(): Promise<void> {
    const { repository, manifest, signal, choice } = this.input;
    for (const bucket of await bucketsOf(repository, manifest, choice, signal)) {
      const refusal = await this.client.putBucket(bucket, signal);
      if (refusal === null) this.counts.buckets++;
      else this.differs('bucket', bucket.id, 'given back', refusal);
    }
  }

  private async put(entry: ObjectEntry & RowEntry): Promise<void> {
    try {
      await this.putOne(entry);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Order: the bytes, then the row. A run that was killed in between uploads nothing again, and writes the row. */
  private async putOne(entry: ObjectEntry & RowEntry): Promise<void> {
    const { meter } = this.input;
    const { bucket, key, size } = entry;
    const asked = canBeAsked(bucket, key);
    if (asked && isSame(entry, await this.client.etagOf(bucket, key, size, this.signal))) {
      this.counts.kept++;
      this.written.push(entry);
    } else {
      const refusal = await this.upload(entry);
      if (refusal === null) this.written.push(entry);
      else {
        this.counts.failed++;
        this.differs('object', objectName(entry), `${size} bytes`, refusal);
      }
    }
    meter.add(size, size);
  }

  /** Answers why it was not done: the project does not take it, or the backup's bytes of it are damaged. */
  private async upload(entry: ObjectEntry): Promise<string | null> {
    const { repository, manifest } = this.input;
    const { signal } = this;
    const { bucket, key, size, metadata } = entry;
    const body = async function* (): AsyncGenerator<Buffer> {
      // what is sent waits in queues, where it must not change
      for await (const part of readArtifact(repository, manifest, artifactOfObject(entry), signal)) {
        yield Buffer.from(part);
        bytesPassed(part.length);
      }
    };
    const { contentType, cacheControl, userMetadata } = metadata;
    const upload = { size, contentType, cacheControl, userMetadata, body };
    const refusal = await this.client.upload(bucket, key, upload, signal).catch((error: unknown) => {
      if (error instanceof OperationError && error.code === 'backup.damaged') return error.message;
      throw error;
    });
    if (refusal === null) {
      this.counts.restored++;
      this.counts.bytes += size;
      for (const value of unsent(metadata).headers) {
        this.differs('object', objectName(entry), value, 'left out: no header can hold it');
      }
    }
    return refusal;
  }

  private async writeRows(): Promise<void> {
    const entries = this.written;
    this.written = [];
    for (const name of await translated(this.rows.write(entries))) this.otherIds.add(name);
    const wrong = await translated(this.rows.compare(entries));
    for (const { name, expected, found } of wrong) this.differs('object', name, expected, found);
    // what was too long to be sent stands in the row, if that could be written
    if (this.rows.refused === null) return;
    for (const entry of entries.filter(({ metadata }) => unsent(metadata).userMetadata)) {
      this.differs('object', objectName(entry), 'user metadata', 'left out: too long for an upload');
    }
  }
}

const translated = <T>(query: Promise<T>): Promise<T> =>
  query.catch((error: unknown) => {
    throw translateQuery(error, 'storage.objects');
  });

/**
 * Gives buckets and objects back to a project, several at a time, over rows that may be there without their bytes:
 * objects that are there with the same bytes are left alone, so a second run uploads nothing. What the project does not
 * take, or what is damaged in the backup, is a difference; the others go on. Throws `storage.bucket_unknown`,
 * `storage.unreachable`, `storage.refused` (the key), `backup.damaged` (the list).
 */
export async function restoreObjects(input: RestoreObjectsInput): Promise<RestoredObjects> {
  const { endpoint, parallel, target, signal } = input;
  const client = new StorageClient(endpoint, parallel);
  try {
    return await withConnection(target, { signal, settings: READ_SETTINGS }, (session) =>
      new ObjectRestore(input, client, new ObjectRows(session)).run(),
    );
  } finally {
    await client.close();
  }
}
