import type { CoverageGap } from '@holdfast/contracts';
import PQueue from 'p-queue';
import { readArtifact, readText } from '../manifest/artifact-reader.ts';
import { textArtifact, type Manifest, type ObjectListArtifact } from '../manifest/manifest.ts';
import { translateQuery, withConnection } from '../postgres/connection.ts';
import { READ_SETTINGS } from '../postgres/snapshot.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import type { Repository } from '../repository/repository.ts';
import type { Meter } from '../run.ts';
import { Names } from './names.ts';
import { bareEtag, objectName, readObjectList, type ObjectEntry } from './object-list.ts';
import { ObjectRows } from './object-rows.ts';
import { StorageClient, type Bucket, type StorageEndpoint } from './storage-client.ts';

const ROWS_AT_ONCE = 500;

export interface RestoreObjectsInput {
  repository: Repository;
  manifest: Manifest;
  list: ObjectListArtifact;
  endpoint: StorageEndpoint;
  /** The project's database: ids, owners and times of objects are given back there. */
  target: PostgresTarget;
  /** Only these buckets; empty: all. */
  buckets: string[];
  /** Only objects whose name (`bucket/key`) begins with one of these; empty: all. */
  prefixes: string[];
  /** Objects written at once. */
  parallel: number;
  signal: AbortSignal;
  meter: Meter;
}

export interface RestoredObjects {
  uploaded: number;
  /** Objects that were there with the same bytes already. */
  kept: number;
  gaps: CoverageGap[];
}

class ObjectRestore {
  private readonly input: RestoreObjectsInput;
  private readonly client: StorageClient;
  private readonly rows: ObjectRows;
  private readonly queue: PQueue;
  private readonly missing = new Names();
  private written: ObjectEntry[] = [];
  private failure: unknown;
  private uploaded = 0;
  private kept = 0;

  constructor(input: RestoreObjectsInput, client: StorageClient, rows: ObjectRows) {
    this.input = input;
    this.client = client;
    this.rows = rows;
    this.queue = new PQueue({ concurrency: input.parallel });
  }

  async run(): Promise<RestoredObjects> {
    const { repository, manifest, list, parallel, signal, meter } = this.input;
    meter.step('storage', 'bytes', list.objectBytes);
    await this.putBuckets();
    try {
      for await (const entry of readObjectList(repository, manifest, list, signal)) {
        if (this.failure !== undefined) break;
        if (!this.wants(entry)) continue;
        if (entry.pieces === null) {
          this.missing.add(objectName(entry));
          continue;
        }
        await this.queue.onSizeLessThan(parallel);
        void this.queue.add(() => this.put(entry));
        if (this.written.length >= ROWS_AT_ONCE) await this.writeRows();
      }
      await this.queue.onIdle();
    } finally {
      this.queue.clear();
      await this.queue.onIdle();
    }
    signal.throwIfAborted();
    if (this.failure !== undefined) throw this.failure;
    await this.writeRows();
    return { uploaded: this.uploaded, kept: this.kept, gaps: this.gaps() };
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
    return [...this.missing.asGap('objects-missing', 'The backup has no bytes for these objects.'), ...rows];
  }

  private wants(entry: ObjectEntry): boolean {
    const { buckets, prefixes } = this.input;
    if (buckets.length > 0 && !buckets.includes(entry.bucket)) return false;
    const name = objectName(entry);
    return prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix));
  }

  private async putBuckets(): Promise<void> {
    const { repository, manifest, signal, buckets } = this.input;
    const text = await readText(repository, manifest, textArtifact(manifest, 'buckets'), signal);
    for (const line of text.split('\n').filter((part) => part !== '')) {
      const bucket = JSON.parse(line) as Bucket;
      if (buckets.length === 0 || buckets.includes(bucket.id)) await this.client.putBucket(bucket, signal);
    }
  }

  private async put(entry: ObjectEntry): Promise<void> {
    try {
      await this.putOne(entry);
    } catch (error) {
      this.failure ??= error;
      this.queue.clear();
    }
  }

  /** Order: the bytes, then the row. A run that was killed in between uploads nothing again, and writes the row. */
  private async putOne(entry: ObjectEntry): Promise<void> {
    const { repository, manifest, signal, meter } = this.input;
    const { bucket, key, size, metadata, md5 } = entry;
    const there = await this.client.etagOf(bucket, key, size, signal);
    if (there !== null && md5 !== null && bareEtag(there) === md5) this.kept++;
    else {
      const pieces = (entry.pieces ?? []).map(([chunk, offset, length]) => ({ chunk, offset, length, sha256: '' }));
      const body = async function* (): AsyncGenerator<Buffer> {
        const parts = readArtifact(repository, manifest, { name: objectName(entry), pieces }, signal);
        // what is sent waits in queues, where it must not change
        for await (const part of parts) yield Buffer.from(part);
      };
      const { contentType, cacheControl, userMetadata } = metadata;
      await this.client.upload(bucket, key, { size, contentType, cacheControl, userMetadata, body }, signal);
      this.uploaded++;
    }
    meter.add(size, size);
    this.written.push(entry);
  }

  private async writeRows(): Promise<void> {
    const entries = this.written;
    this.written = [];
    await this.rows.write(entries).catch((error: unknown) => {
      throw translateQuery(error, 'storage.objects');
    });
  }
}

/**
 * Gives buckets and objects back to a project, several at a time: objects that are there with the same bytes are left
 * alone, so a second run uploads nothing. Throws `storage.unreachable`, `storage.refused`, `backup.damaged`.
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
