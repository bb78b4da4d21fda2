import { OperationError } from '@holdfast/contracts';
import { StringDecoder } from 'node:string_decoder';
import { readChunk } from '../repository/chunk-store.ts';
import type { Repository } from '../repository/repository.ts';
import { release } from '../repository/slabs.ts';
import type { Artifact, Manifest } from './manifest.ts';

/** The chunk with many small artifacts that was opened last in each repository; the next artifact is likely in it too. */
const lastShared = new WeakMap<Repository, { id: string; plain: Promise<Buffer> }>();

/** In memory of its own: nobody knows who will be the last to read it. */
const readShared: typeof readChunk = (repository, chunk, artifact, signal) => {
  const last = lastShared.get(repository);
  if (last?.id === chunk.id) return last.plain;
  const plain = readChunk(repository, chunk, artifact, signal).then((borrowed) => {
    const own = Buffer.from(borrowed);
    release(borrowed);
    return own;
  });
  lastShared.set(repository, { id: chunk.id, plain });
  // a failure is told once, by whoever asked; the next one asks the disk again
  plain.catch(() => lastShared.delete(repository));
  return plain;
};

/**
 * Streams an artifact's plain bytes, each chunk checked before any of it is given out; reads one chunk ahead. Each part
 * is in memory that is used again: it must not be kept once the next is asked for.
 */
export async function* readArtifact(
  repository: Repository,
  manifest: Pick<Manifest, 'chunks'>,
  artifact: Pick<Artifact, 'name' | 'pieces'>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const open = (index: number): Promise<Buffer> | undefined => {
    const piece = artifact.pieces[index];
    if (!piece) return undefined;
    const chunk = manifest.chunks[piece.chunk];
    if (!chunk) throw new OperationError('manifest.damaged', `${artifact.name} names a chunk that is not listed`);
    const shared = piece.length < chunk.size;
    const read = (shared ? readShared : readChunk)(repository, chunk, artifact.name, signal).then((plain) =>
      plain.subarray(piece.offset, piece.offset + piece.length),
    );
    // whoever awaits it sees the error; until then it is not an unhandled one
    read.catch(() => undefined);
    return read;
  };
  let next = open(0);
  try {
    for (let index = 0; next; index++) {
      const part: Buffer = await next;
      next = open(index + 1);
      try {
        yield part;
      } finally {
        release(part);
      }
    }
  } finally {
    // read for nobody
    next?.then(release, () => undefined);
  }
}

/** What lists of a backup say of bytes that are no artifact of their own: chunk, offset and length of each piece. */
export type ListedPieces = [chunk: number, offset: number, length: number][];

/** Listed bytes as `readArtifact` takes them. */
export const artifactOf = ({
  name,
  pieces,
}: {
  name: string;
  pieces: ListedPieces;
}): Pick<Artifact, 'name' | 'pieces'> => ({
  name,
  pieces: pieces.map(([chunk, offset, length]) => ({ chunk, offset, length, sha256: '' })),
});

/** Streams the lines of an artifact, without their ends. */
export async function* readLines(
  repository: Repository,
  manifest: Pick<Manifest, 'chunks'>,
  artifact: Pick<Artifact, 'name' | 'pieces'>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const part of readArtifact(repository, manifest, artifact, signal)) {
    const lines = (rest + decoder.write(part)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** A text artifact as one string; for texts that are bounded by the size of a schema. */
export async function readText(
  repository: Repository,
  manifest: Manifest,
  artifact: Artifact,
  signal: AbortSignal,
): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of readArtifact(repository, manifest, artifact, signal)) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('utf8');
}
