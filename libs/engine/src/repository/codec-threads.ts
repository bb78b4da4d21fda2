import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { borrow, release } from './slabs.ts';

/** A task for a thread. Bytes in shared memory are used where they are; others are copied on the way. */
type Task =
  | { kind: 'hash'; bytes: Uint8Array }
  | { kind: 'pack'; bytes: Uint8Array; into: Uint8Array }
  | { kind: 'open'; bytes: Uint8Array; size: number; into: Uint8Array | null; known: string | null };

interface Hashed {
  sha256: string;
}
interface Packed {
  sha256: string;
  storedSize: number;
  storedSha256: string;
}
/** What stored bytes are and hold; `whole`: exactly one frame, with as many plain bytes as it should have. */
export interface Opened {
  storedSha256: string;
  whole: boolean;
  /** Null: not computed, because the stored bytes are the known ones. */
  sha256: string | null;
}

/**
 * What a thread does. It is started from its own text, so that every bundler and every way of running TypeScript finds
 * it: it must not use anything from outside its body.
 */
function thread(): void {
  const { parentPort } = process.getBuiltinModule('node:worker_threads');
  const { hash } = process.getBuiltinModule('node:crypto');
  const { constants, zstdCompressSync, zstdDecompressSync } = process.getBuiltinModule('node:zlib');
  const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes);
  // at once, not when the collector comes by; small ones lie in memory that Node shares between them
  const free = ({ buffer }: Buffer): void => {
    if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
  };
  // a seventh less work than level 2, for 4.6 % more bytes: the table stays in the nearest cache. One form for all: what
  // names a chunk says how its stored bytes are, and equal plain bytes are stored by whoever comes first
  const params = {
    [constants.ZSTD_c_compressionLevel]: 1,
    [constants.ZSTD_c_hashLog]: 14,
    [constants.ZSTD_c_minMatch]: 6,
    [constants.ZSTD_c_checksumFlag]: 1,
  };
  const pack = (bytes: Uint8Array, into: Uint8Array): Packed => {
    // with room for all of it zstd works in one go, on the bytes where they are
    const chunkSize = into.byteLength;
    const stored = zstdCompressSync(bytes, { chunkSize, pledgedSrcSize: bytes.byteLength, params });
    into.set(stored);
    const answer = { sha256: sha256(bytes), storedSize: stored.byteLength, storedSha256: sha256(stored) };
    free(stored);
    return answer;
  };
  const open = (bytes: Uint8Array, size: number, into: Uint8Array | null, known: string | null): Opened => {
    const storedSha256 = sha256(bytes);
    try {
      const options = { chunkSize: Math.max(64, size + 64), maxOutputLength: Math.max(1, size), info: true };
      // with `info` this is the answer, whatever its type says: bytes after the frame are passed over in silence
      const answer = zstdDecompressSync(bytes, options) as unknown as {
        buffer: Buffer;
        engine: { bytesWritten: number };
      };
      const plain = answer.buffer;
      const whole = plain.byteLength === size && answer.engine.bytesWritten === bytes.byteLength;
      if (whole) into?.set(plain);
      const opened = { storedSha256, whole, sha256: whole && storedSha256 !== known ? sha256(plain) : null };
      free(plain);
      return opened;
    } catch {
      // bytes that are no frame are an answer: whoever asked says what is damaged
      return { storedSha256, whole: false, sha256: null };
    }
  };
  parentPort?.on('message', ({ id, task }: { id: number; task: Task }) => {
    const { bytes } = task;
    if (task.kind === 'hash') parentPort.postMessage({ id, answer: { sha256: sha256(bytes) } });
    else if (task.kind === 'pack') parentPort.postMessage({ id, answer: pack(bytes, task.into) });
    else parentPort.postMessage({ id, answer: open(bytes, task.size, task.into, task.known) });
  });
}

interface Waiting {
  resolve: (answer: never) => void;
  reject: (error: unknown) => void;
}

/** One thread and what it was asked. */
class CodecThread {
  readonly waiting = new Map<number, Waiting>();
  private readonly worker: Worker;

  constructor(onExit: (thread: CodecThread) => void) {
    this.worker = new Worker(`(${thread.toString()})()`, {
      eval: true,
      name: 'holdfast-codec',
      resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 128 },
    });
    // threads that wait for work do not keep the process alive
    this.worker.unref();
    this.worker.on('message', ({ id, answer }: { id: number; answer: never }) => {
      this.waiting.get(id)?.resolve(answer);
      this.forget(id);
    });
    const fail = (error: unknown): void => {
      onExit(this);
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    };
    this.worker.on('error', fail);
    this.worker.on('exit', (code) => fail(new Error(`a codec thread ended with ${code}`)));
  }

  ask<T>(id: number, task: Task): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.waiting.size === 0) this.worker.ref();
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, task });
    });
  }

  private forget(id: number): void {
    this.waiting.delete(id);
    if (this.waiting.size === 0) this.worker.unref();
  }
}

const threads: CodecThread[] = [];
let lastId = 0;

function leastBusy(): CodecThread {
  const idle = threads.find(({ waiting }) => waiting.size === 0);
  if (idle) return idle;
  if (threads.length < Math.max(2, availableParallelism())) {
    const started = new CodecThread((ended) => {
      const at = threads.indexOf(ended);
      if (at >= 0) threads.splice(at, 1);
    });
    threads.push(started);
    return started;
  }
  return threads.reduce((best, next) => (next.waiting.size < best.waiting.size ? next : best));
}

/** SHA-256 of bytes, in hex, computed on another thread. */
export async function hashOnThread(bytes: Uint8Array): Promise<string> {
  return (await leastBusy().ask<Hashed>(++lastId, { kind: 'hash', bytes })).sha256;
}

/** What zstd needs for bytes that it cannot shrink. */
export const storedBound = (size: number): number => size + (size >> 8) + 512;

/** One zstd frame with a checksum, in borrowed memory, and the SHA-256 of both sides. */
export async function packOnThread(
  bytes: Uint8Array,
): Promise<{ sha256: string; stored: Buffer; storedSha256: string }> {
  const into = borrow(storedBound(bytes.length));
  try {
    const task = { kind: 'pack' as const, bytes, into };
    const { storedSize, ...digests } = await leastBusy().ask<Packed>(++lastId, task);
    return { ...digests, stored: into.subarray(0, storedSize) };
  } catch (error) {
    release(into);
    throw error;
  }
}

/**
 * Opens a zstd frame of a known plain size, into `into` unless only its digests are wanted, and hashes both sides. With
 * `known`, stored bytes of that digest are the ones that were read back when they were written: zstd's own checksum is
 * enough for what they hold then.
 */
export function openOnThread(
  bytes: Uint8Array,
  size: number,
  into: Uint8Array | null,
  known: string | null = null,
): Promise<Opened> {
  return leastBusy().ask<Opened>(++lastId, { kind: 'open', bytes, size, into, known });
}
