import { OperationError } from '@holdfast/contracts';
import { createHash, webcrypto } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { chunkId, chunkPath, type Repository } from './repository.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
/** No chunk's plain bytes are longer; a stored one that claims more is damaged. */
export const LONGEST_CHUNK = 8 << 20;
export const PLAIN_DOMAIN = 'plain';

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

const pack = (plain: Uint8Array): Promise<Buffer> =>
  compress(plain, {
    chunkSize: Math.max(64 << 10, plain.length),
    pledgedSrcSize: plain.length,
    params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
  });

const unpack = (stored: Uint8Array): Promise<Buffer> =>
  decompress(stored, { chunkSize: 1 << 20, maxOutputLength: LONGEST_CHUNK });

/** What is stored, and how many bytes this call added (0: it was there). */
export interface StoredChunk {
  chunk: ChunkDescription;
  addedBytes: number;
}

/**
 * Stores one chunk unless the same bytes are there already, and reads back what stands there in either case: a chunk
 * that is there but damaged is written again.
 */
export async function storeChunk(repository: Repository, plain: Uint8Array, signal: AbortSignal): Promise<StoredChunk> {
  const sha256 = await sha256Of(plain);
  const id = chunkId(repository, sha256);
  const path = chunkPath(PLAIN_DOMAIN, id);
  const known = { id, domain: PLAIN_DOMAIN, size: plain.length, sha256 };
  const existing = await repository.driver.read(path, signal);
  if (existing && (await holds(existing, sha256))) {
    const storedSha256 = await sha256Of(existing);
    return { chunk: { ...known, storedSize: existing.length, storedSha256 }, addedBytes: 0 };
  }
  const stored = await pack(plain);
  const storedSha256 = await sha256Of(stored);
  await repository.driver.write(path, stored, signal);
  const back = await repository.driver.read(path, signal);
  if (!back || (await sha256Of(back)) !== storedSha256) {
    throw new OperationError('backup.not_written', `Chunk ${id} does not read back as it was written`, {
      hint: 'Check the disk and the memory of the machine that keeps the repository.',
    });
  }
  return { chunk: { ...known, storedSize: stored.length, storedSha256 }, addedBytes: stored.length };
}

async function holds(stored: Buffer, sha256: string): Promise<boolean> {
  const plain = await unpack(stored).catch(() => null);
  return plain !== null && (await sha256Of(plain)) === sha256;
}

/** What is wrong with a stored chunk. */
export type ChunkProblem = 'missing' | 'size' | 'checksum' | 'content';

/** Reads a chunk's stored bytes and compares them with their digest; answers what is wrong instead of throwing. */
export async function readStored(
  repository: Repository,
  chunk: ChunkDescription,
  signal: AbortSignal,
): Promise<Buffer | ChunkProblem> {
  const stored = await repository.driver.read(chunkPath(chunk.domain, chunk.id), signal);
  if (!stored) return 'missing';
  if (stored.length !== chunk.storedSize) return 'size';
  return (await sha256Of(stored)) === chunk.storedSha256 ? stored : 'checksum';
}

/** As `readStored`, then opened and compared with the plain digest. */
export async function readPlain(
  repository: Repository,
  chunk: ChunkDescription,
  signal: AbortSignal,
): Promise<Buffer | ChunkProblem> {
  const stored = await readStored(repository, chunk, signal);
  if (typeof stored === 'string') return stored;
  const plain = await unpack(stored).catch(() => null);
  if (!plain || plain.length !== chunk.size) return 'content';
  return (await sha256Of(plain)) === chunk.sha256 ? plain : 'content';
}

/** A chunk's plain bytes; throws `backup.damaged` naming the artifact that needs it. */
export async function readChunk(
  repository: Repository,
  chunk: ChunkDescription,
  artifact: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const plain = await readPlain(repository, chunk, signal);
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
