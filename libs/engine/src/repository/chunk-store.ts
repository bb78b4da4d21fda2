import { OperationError } from '@holdfast/contracts';
import { createHash, webcrypto } from 'node:crypto';
import { hashOnThread, openOnThread, packOnThread, storedBound } from './codec-threads.ts';
import { chunkId, chunkPath, type Repository } from './repository.ts';
import { borrow, release } from './slabs.ts';

/** No chunk's plain bytes are longer; a stored one that claims more is damaged. */
const LONGEST_CHUNK = 8 << 20;
const PLAIN_DOMAIN = 'plain';

/** One stored piece, as the manifest describes it. Sizes in bytes, digests in hex. */
export interface ChunkDescription {
  id: string;
  domain: string;
  size: number;
  storedSize: number;
  sha256: string;
  storedSha256: string;
}

/** SHA-256 in hex, computed off the main thread. */
export async function sha256Of(bytes: Uint8Array): Promise<string> {
  // the view is never shared memory
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)).toString('hex');
}

/** What is stored, and how many bytes this call added (0: it was there). */
export interface StoredChunk {
  chunk: ChunkDescription;
  addedBytes: number;
}

/**
 * Stores one chunk unless the same bytes are there already, and reads back what stands there in either case: a chunk
 * that is there but damaged is written again. `likely` says that it is probably there, so that looking comes first.
 * It is durable once the driver has settled.
 */
export async function storeChunk(
  repository: Repository,
  plain: Uint8Array,
  likely: boolean,
  signal: AbortSignal,
): Promise<StoredChunk> {
  if (plain.length > LONGEST_CHUNK) throw new RangeError(`a chunk of ${plain.length} bytes: no reader would take it`);
  const early = likely ? null : await packOnThread(plain);
  let packed = early;
  try {
    const sha256 = early?.sha256 ?? (await hashOnThread(plain));
    const id = chunkId(repository, sha256);
    const known = { id, domain: PLAIN_DOMAIN, size: plain.length, sha256 };
    const there = await sameThere(repository, known, signal);
    if (typeof there !== 'string') {
      // whoever wrote it may not have made it durable yet, or never will
      await repository.driver.keep(chunkPath(PLAIN_DOMAIN, id), signal);
      return { chunk: { ...known, ...there }, addedBytes: 0 };
    }
    packed ??= await packOnThread(plain);
    const { stored, storedSha256 } = packed;
    await writeAndReadBack(repository, id, stored, there === 'damaged', signal);
    return { chunk: { ...known, storedSize: stored.length, storedSha256 }, addedBytes: stored.length };
  } finally {
    if (packed) release(packed.stored);
  }
}

/** How a chunk with these plain bytes is stored already. */
async function sameThere(
  repository: Repository,
  { id, size, sha256 }: Pick<ChunkDescription, 'id' | 'size' | 'sha256'>,
  signal: AbortSignal,
): Promise<Pick<ChunkDescription, 'storedSize' | 'storedSha256'> | 'missing' | 'damaged'> {
  const existing = await readFile(repository, chunkPath(PLAIN_DOMAIN, id), storedBound(size), signal);
  if (typeof existing === 'string') return existing === 'missing' ? existing : 'damaged';
  try {
    const opened = await openOnThread(existing, size, null);
    const same = opened.whole && opened.sha256 === sha256;
    return same ? { storedSize: existing.length, storedSha256: opened.storedSha256 } : 'damaged';
  } finally {
    release(existing);
  }
}

/** `damaged`: something else stands there, and backups may be listed that name it. They are to have it back at once. */
async function writeAndReadBack(
  repository: Repository,
  id: string,
  stored: Buffer,
  damaged: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { driver } = repository;
  const path = chunkPath(PLAIN_DOMAIN, id);
  await (damaged ? driver.write(path, stored, signal) : driver.put(path, stored, signal));
  const back = borrow(stored.length);
  try {
    if ((await driver.readInto(path, back, signal)) === stored.length && back.equals(stored)) return;
    throw new OperationError('backup.not_written', `Chunk ${id} does not read back as it was written`, {
      hint: 'Check the disk and the memory of the machine that keeps the repository.',
    });
  } finally {
    release(back);
  }
}

/** What is wrong with a stored chunk. */
export type ChunkProblem = 'missing' | 'unreadable' | 'size' | 'checksum' | 'content';

/**
 * A file's bytes in borrowed memory, or why there are none: a disk that cannot read one file is a finding about that
 * file, and a file of more than `longest` bytes is not what was stored.
 */
async function readFile(
  repository: Repository,
  path: string,
  longest: number,
  signal: AbortSignal,
): Promise<Buffer | 'missing' | 'unreadable' | 'size'> {
  if (longest > storedBound(LONGEST_CHUNK)) return 'size';
  const into = borrow(longest);
  try {
    const length = await repository.driver.readInto(path, into, signal);
    if (length !== null && length <= longest) return into.subarray(0, length);
    release(into);
    return length === null ? 'missing' : 'size';
  } catch (error) {
    release(into);
    if (error instanceof OperationError && error.code === 'backup.damaged') return 'unreadable';
    throw error;
  }
}

/**
 * Reads a chunk's stored bytes, into borrowed memory, and compares them with their digest; answers what is wrong
 * instead of throwing.
 */
export async function readStored(
  repository: Repository,
  chunk: ChunkDescription,
  signal: AbortSignal,
): Promise<Buffer | ChunkProblem> {
  const stored = await readFile(repository, chunkPath(chunk.domain, chunk.id), chunk.storedSize, signal);
  if (typeof stored === 'string') return stored;
  const problem = await storedProblem(stored, chunk).catch((error: unknown) => {
    release(stored);
    throw error;
  });
  if (problem === null) return stored;
  release(stored);
  return problem;
}

async function storedProblem(stored: Buffer, chunk: ChunkDescription): Promise<ChunkProblem | null> {
  if (stored.length !== chunk.storedSize) return 'size';
  return (await hashOnThread(stored)) === chunk.storedSha256 ? null : 'checksum';
}

/** As `readStored`, then opened and compared with the plain digest. */
export async function readPlain(
  repository: Repository,
  chunk: ChunkDescription,
  signal: AbortSignal,
): Promise<Buffer | ChunkProblem> {
  if (chunk.size > LONGEST_CHUNK) return 'content';
  const stored = await readFile(repository, chunkPath(chunk.domain, chunk.id), chunk.storedSize, signal);
  if (typeof stored === 'string') return stored;
  if (stored.length === chunk.storedSize) return openStored(stored, chunk, true);
  release(stored);
  return 'size';
}

/** Opens stored bytes and gives them back; `exactly`: they too have to be as they were. */
async function openStored(stored: Buffer, chunk: ChunkDescription, exactly: boolean): Promise<Buffer | ChunkProblem> {
  const plain = borrow(chunk.size);
  let problem: ChunkProblem | null = 'content';
  try {
    const opened = await openOnThread(stored, chunk.size, plain, exactly ? null : chunk.storedSha256);
    const same = opened.storedSha256 === chunk.storedSha256;
    if (exactly && !same) problem = 'checksum';
    else if (opened.whole && (opened.sha256 === chunk.sha256 || (opened.sha256 === null && same))) problem = null;
  } finally {
    release(stored);
    if (problem) release(plain);
  }
  return problem ?? plain;
}

/**
 * A chunk's plain bytes in borrowed memory; throws `backup.damaged` naming the artifact that needs it. Stored bytes
 * that are not as they were, but open to the right plain ones, are good enough to restore from.
 */
export async function readChunk(
  repository: Repository,
  chunk: ChunkDescription,
  artifact: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const stored = await readFile(repository, chunkPath(chunk.domain, chunk.id), storedBound(chunk.size), signal);
  const plain = typeof stored === 'string' ? stored : await openStored(stored, chunk, false);
  if (typeof plain !== 'string') return plain;
  throw new OperationError('backup.damaged', `${artifact}: chunk ${chunk.id} is damaged (${plain})`, {
    hint: 'Verify the backup to see everything that is damaged, and restore from another one.',
  });
}

/** SHA-256 over the pieces' SHA-256 in order: an artifact's digest. */
export function digestOfPieces(sha256: readonly string[]): string {
  const hash = createHash('sha256');
  for (const digest of sha256) hash.update(Buffer.from(digest, 'hex'));
  return hash.digest('hex');
}
