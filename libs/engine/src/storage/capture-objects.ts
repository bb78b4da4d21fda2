import { OperationError, type CoverageGap } from '@holdfast/contracts';
import { createHash } from 'node:crypto';
import PQueue from 'p-queue';
import { PACKED_BELOW, type ArtifactBytes, type ArtifactWriter } from '../backup/artifact-writer.ts';
import type { Manifest, ObjectListArtifact } from '../manifest/manifest.ts';
import type { Repository } from '../repository/repository.ts';
import type { Meter } from '../run.ts';
import { Names } from './names.ts';
import { bareEtag, compareKeys, objectName, readObjectList, type ObjectEntry } from './object-list.ts';
import { bytesPassed } from './passed-bytes.ts';
import type { SourceObject } from './source-objects.ts';
import type { StorageClient } from './storage-client.ts';

/** Objects that may wait for one before them to be placed, so that the list keeps its order. */
const WINDOW = 4_000;
/** From this size on objects are cut into longer chunks: each chunk is a line of the manifest. */
const LARGE = 64 << 20;
const LARGE_CHUNK = 4 << 20;
/** An ETag of this shape is the MD5 of the bytes, unless the storage seals them. */
const MD5 = /^[0-9a-f]{32}$/;

export interface CaptureObjectsInput {
  repository: Repository;
  client: StorageClient;
  writer: ArtifactWriter;
  meter: Meter;
  signal: AbortSignal;
  /** Objects read at once. */
  parallel: number;
  /** An earlier backup of the same environment in the same repository: what did not change is not read again. */
  parent: Manifest | null;
}

export interface CapturedObjects {
  /** Finishes the list's entry once the writer has settled. */
  list: () => ObjectListArtifact;
  gaps: CoverageGap[];
  /** Objects whose bytes were read from the project, and those taken over from the earlier backup. */
  downloaded: number;
  reused: number;
}

const UNLIKE =
  'The bytes that the storage sent do not have the MD5 that it keeps for these objects: they may be damaged there.';

/** One object on its way into the list. */
interface Slot {
  finish: (() => ObjectEntry) | null;
  bytes: ArtifactBytes | null;
  settled: Promise<void>;
}

/** Walks the earlier backup's list beside ours: both are in the same order. */
class EarlierObjects {
  private readonly entries: AsyncIterator<ObjectEntry> | null;
  private next: ObjectEntry | null | undefined;

  constructor({ repository, parent, signal }: CaptureObjectsInput) {
    const artifact = parent?.artifacts.find(({ kind }) => kind === 'objects');
    this.entries = parent && artifact ? readObjectList(repository, parent, artifact, signal) : null;
  }

  /** The entry of the same key, if it has the same bytes as far as the server's names for them tell. */
  async same(row: SourceObject): Promise<ObjectEntry | null> {
    while (this.next === undefined || (this.next && compareKeys(this.next, row) < 0)) this.next = await this.read();
    const entry = this.next;
    if (!entry || compareKeys(entry, row) !== 0 || entry.pieces === null || entry.replaced) return null;
    const known = row.version !== null || row.etag !== null;
    return known && entry.version === row.version && entry.etag === row.etag && entry.size === row.size ? entry : null;
  }

  /** Where the list is damaged it ends: what it would have named is read from the project. */
  private async read(): Promise<ObjectEntry | null> {
    try {
      const step = await this.entries?.next();
      return step && !step.done ? step.value : null;
    } catch (error) {
      if (error instanceof OperationError && ['backup.damaged', 'manifest.damaged'].includes(error.code)) return null;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.entries?.return?.();
  }
}

/** Reads objects and writes their list; see `captureObjects`. */
class ObjectCapture {
  private readonly input: CaptureObjectsInput;
  private readonly queue: PQueue;
  private readonly listBytes: ArtifactBytes;
  private readonly slots: Slot[] = [];
  private readonly missing = new Names();
  private readonly replaced = new Names();
  private readonly refused = new Names();
  private readonly unlike = new Names();
  private readonly stop = new AbortController();
  /** Ends transfers, also when another one has failed. */
  private readonly signal: AbortSignal;
  /** Objects whose ETag is the MD5 of their bytes. */
  private alike = 0;
  private downloaded = 0;
  private reused = 0;
  private objects = 0;
  private objectBytes = 0;

  constructor(input: CaptureObjectsInput) {
    this.input = input;
    this.queue = new PQueue({ concurrency: input.parallel });
    this.signal = AbortSignal.any([input.signal, this.stop.signal]);
    this.listBytes = input.writer.begin();
  }

  async run(rows: AsyncIterable<SourceObject>): Promise<CapturedObjects> {
    const { writer, parallel } = this.input;
    const earlier = new EarlierObjects(this.input);
    try {
      for await (const row of rows) {
        writer.check();
        const known = await earlier.same(row);
        const pieces = known && (await this.takeOver(known));
        if (known && pieces) this.keep({ ...known, metadata: row.metadata, pieces });
        else {
          await this.queue.onSizeLessThan(parallel);
          await writer.roomToBegin();
          this.download(row);
        }
        await this.writeReady(WINDOW);
      }
      await this.queue.onIdle();
      writer.check();
      await writer.settle();
      await this.writeReady(0);
    } catch (error) {
      this.fail(error);
      throw error;
    } finally {
      this.queue.clear();
      await this.queue.onIdle();
      await earlier.close();
    }
    const stored = this.listBytes.end();
    const { objects, objectBytes, downloaded, reused } = this;
    return {
      list: () => ({ kind: 'objects', name: 'storage objects', objects, objectBytes, ...stored() }),
      gaps: this.gaps(),
      ...{ downloaded, reused },
    };
  }

  private gaps(): CoverageGap[] {
    const { missing, refused, replaced, unlike } = this;
    // where no ETag is an MD5, none of them says anything about the bytes
    const changed = this.alike === 0 ? [] : unlike.asGap('objects-unlike-etag', UNLIKE);
    return [
      ...missing.asGap('objects-missing', 'The database lists these objects, but the storage has no bytes for them.'),
      ...refused.asGap(
        'objects-refused',
        'The storage does not answer to these names, so that their bytes cannot be read.',
      ),
      ...replaced.asGap(
        'objects-replaced',
        'Replaced after the instant of the backup, before they were read: the newer bytes are inside.',
      ),
      ...changed,
    ];
  }

  /** No transfer goes on for a backup that has failed. */
  private fail(error: unknown): void {
    this.input.writer.fail(error);
    this.queue.clear();
    this.stop.abort(error);
  }

  /** The earlier backup's chunks, by their numbers in this one; null when one of them is not there any more. */
  private async takeOver(entry: ObjectEntry): Promise<ObjectEntry['pieces']> {
    const pieces: [number, number, number][] = [];
    for (const [chunk, offset, length] of entry.pieces ?? []) {
      const description = this.input.parent?.chunks[chunk];
      const index = description ? await this.input.writer.adopt(description) : null;
      if (index === null) return null;
      pieces.push([index, offset, length]);
    }
    return entry.pieces && pieces.length === entry.pieces.length ? pieces : null;
  }

  private keep(entry: ObjectEntry): void {
    this.reused++;
    // what is damaged in the project's storage is so in this backup too, though it was read for an earlier one
    const tag = bareEtag(entry.etag ?? '');
    if (entry.md5 !== null && MD5.test(tag)) this.compareTag(entry, tag === entry.md5);
    this.input.meter.add(entry.size);
    this.slots.push({ finish: () => entry, bytes: null, settled: Promise.resolve() });
  }

  /** Begun in the order of the list, so that equal objects make equal packs. */
  private download(row: SourceObject): void {
    const { writer } = this.input;
    const begin = () => writer.begin(row.size < LARGE ? undefined : LARGE_CHUNK);
    const bytes = row.size < PACKED_BELOW ? writer.beginPacked(objectName(row)) : begin();
    const slot: Slot = { finish: null, bytes, settled: Promise.resolve() };
    this.slots.push(slot);
    slot.settled = this.queue.add(async () => {
      try {
        slot.finish = await this.read(row, bytes);
      } catch (error) {
        this.fail(error);
      }
    });
  }

  private async read(row: SourceObject, bytes: ArtifactBytes): Promise<() => ObjectEntry> {
    const { client, meter, writer } = this.input;
    const { bucket, key, metadata, version, etag } = row;
    if (writer.saturated) await writer.room();
    const answer = await client.download(bucket, key, this.signal);
    if (typeof answer === 'string') {
      bytes.end();
      this[answer].add(objectName(row));
      meter.add(row.size);
      const none = { sha256: null, md5: null, pieces: null, replaced: false };
      return () => ({ bucket, key, metadata, version, etag, size: row.size, ...none });
    }
    const sha256 = createHash('sha256');
    const md5 = createHash('md5');
    for await (const part of answer.body) {
      writer.check();
      sha256.update(part);
      md5.update(part);
      await bytes.write(Buffer.from(part.buffer, part.byteOffset, part.byteLength));
      meter.add(part.byteLength, part.byteLength);
      bytesPassed(part.byteLength);
    }
    const stored = bytes.end();
    const digests = { sha256: sha256.digest('hex'), md5: md5.digest('hex') };
    const replaced = bytes.size !== row.size || this.hasOtherTag(row, answer.etag, digests.md5);
    if (replaced) this.replaced.add(objectName(row));
    this.downloaded++;
    return () => ({
      ...{ bucket, key, metadata, version, etag: replaced ? answer.etag : etag, size: bytes.size, ...digests },
      pieces: stored().pieces.map(({ chunk, offset, length }) => [chunk, offset, length]),
      replaced,
    });
  }

  /** Whether these bytes are not those that the row names; a proxy on the way may keep the server's answer to that. */
  private hasOtherTag(row: SourceObject, sent: string | null, md5: string): boolean {
    if (row.etag === null) return false;
    const tag = bareEtag(row.etag);
    if (sent !== null && bareEtag(sent) !== tag) return true;
    if (!MD5.test(tag)) return false;
    if (tag !== md5 && sent === null) return true;
    this.compareTag(row, tag === md5);
    return false;
  }

  private compareTag(object: { bucket: string; key: string }, isAlike: boolean): void {
    if (isAlike) this.alike++;
    else this.unlike.add(objectName(object));
  }

  /**
   * Writes the lines of the first objects whose places are known, and waits while more than `most` are left: for the
   * first one's bytes, or for the chunk that it shares with others, which is closed then.
   */
  private async writeReady(most: number): Promise<void> {
    for (;;) {
      for (let slot = this.slots[0]; slot?.finish && slot.bytes?.placed !== false; slot = this.slots[0]) {
        const entry = slot.finish();
        this.objects++;
        this.objectBytes += entry.pieces === null ? 0 : entry.size;
        await this.listBytes.write(Buffer.from(`${JSON.stringify(entry)}\n`));
        this.slots.shift();
      }
      const first = this.slots[0];
      if (!first || this.slots.length <= most) return;
      await first.settled;
      this.input.writer.check();
      if (first.finish) await this.input.writer.placeWaiting();
    }
  }
}

/**
 * Reads every object of a snapshot's list, several at a time, and writes the list in its order. What an earlier backup
 * has already is taken over, small objects share chunks. An object without bytes, or one that was replaced since, is in
 * the list and in the gaps; it is no reason to fail.
 */
export const captureObjects = (
  rows: AsyncIterable<SourceObject>,
  input: CaptureObjectsInput,
): Promise<CapturedObjects> => new ObjectCapture(input).run(rows);
