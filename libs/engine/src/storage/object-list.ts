import { artifactOf, readLines } from '../manifest/artifact-reader.ts';
import type { Artifact, Manifest } from '../manifest/manifest.ts';
import type { Repository } from '../repository/repository.ts';

/** What the project's rows say of an object besides its bytes. */
export interface ObjectMetadata {
  id: string | null;
  contentType: string | null;
  cacheControl: string | null;
  /** What whoever uploaded it added, as JSON. */
  userMetadata: unknown;
  owner: string | null;
  ownerId: string | null;
  createdAt: string | null;
  updatedAt: string | null;
  lastAccessedAt: string | null;
}

/** A line of the list of objects. */
export interface ObjectEntry {
  bucket: string;
  key: string;
  metadata: ObjectMetadata;
  /** The server's name for these bytes; a new upload has another one. Null: the server has none. */
  version: string | null;
  etag: string | null;
  /** Bytes; what the list says if there are none. */
  size: number;
  /** Of all bytes, in hex; null without bytes. */
  sha256: string | null;
  md5: string | null;
  /** Where the bytes lie: chunk (an index into the manifest's `chunks`), offset and length. Null: there are none. */
  pieces: [chunk: number, offset: number, length: number][] | null;
  /** The bytes are not those of the snapshot's instant: the object was replaced before they were read. */
  replaced: boolean;
}

/** What people call an object. */
export const objectName = ({ bucket, key }: Pick<ObjectEntry, 'bucket' | 'key'>): string => `${bucket}/${key}`;

/** An ETag without its quotes, and without what a proxy on the way adds: for most objects the MD5 of the bytes. */
export const bareEtag = (etag: string): string => etag.replace(/^W\//, '').replaceAll('"', '');

/** Before, after or at the same place: by the bytes of bucket and key, as `COLLATE "C"` orders them. */
export function compareKeys(a: Pick<ObjectEntry, 'bucket' | 'key'>, b: Pick<ObjectEntry, 'bucket' | 'key'>): number {
  return (
    Buffer.compare(Buffer.from(a.bucket), Buffer.from(b.bucket)) ||
    Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))
  );
}

/** Streams the lines of the list, in order. Throws `backup.damaged` when the list itself is damaged. */
export async function* readObjectList(
  repository: Repository,
  manifest: Manifest,
  artifact: Artifact,
  signal: AbortSignal,
): AsyncGenerator<ObjectEntry> {
  for await (const line of readLines(repository, manifest, artifact, signal)) yield JSON.parse(line) as ObjectEntry;
}

/** Where an object's bytes lie, as readers of artifacts want it. */
export const artifactOfObject = (entry: Pick<ObjectEntry, 'bucket' | 'key' | 'pieces'>) =>
  artifactOf({ name: objectName(entry), pieces: entry.pieces ?? [] });

/** The same entries, some at a time. */
export async function* inBatches<T>(entries: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const entry of entries) {
    if (batch.push(entry) < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
