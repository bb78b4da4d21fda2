import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** A task for a thread. Bytes in shared memory are read where they are; others are copied on the way. */
type Task =
  | { kind: 'hash'; bytes: Uint8Array }
  | { kind: 'pack'; bytes: Uint8Array; level: number }
  | { kind: 'open'; bytes: Uint8Array; size: number };

interface Hashed {
  sha256: string;
}
interface Packed {
  sha256: string;
  stored: Uint8Array<ArrayBuffer>;
  storedSha256: string;
}
/** `plain` is null when the stored bytes are not exactly one frame, or one of another length. */
interface Opened {
  storedSha256: string;
  plain: Uint8Array<ArrayBuffer> | null;
  sha256: string;
}

/**
 * What a thread does. It is started from its own text, so that every bundler and every way of running TypeScript finds
 * it: it must not use anything from outside its body.
 */
function thread(): void {
  const { parentPort } = process.getBuiltinModule('node:worker_threads');
  const { hash } = process.getBuiltinModule('node:crypto');
  const { constants, zstdCompressSync, zstdDecompressSync } = process.getBuiltinModule('node:zlib');
  // a buffer of its own, which can be handed over
  const owned = (bytes: Buffer): Uint8Array<ArrayBuffer> => {
    const whole = bytes.byteLength === bytes.buffer.byteLength;
    return whole ? new Uint8Array(bytes.buffer as ArrayBuffer) : new Uint8Array(bytes);
  };
  const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes);
  const pack = (bytes: Uint8Array, level: number): Packed => {
    const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
    const chunkSize = Math.max(64 << 10, bytes.byteLength >> 1);
    const stored = owned(zstdCompressSync(bytes, { chunkSize, pledgedSrcSize: bytes.byteLength, params }));
    return { sha256: sha256(bytes), stored, storedSha256: sha256(stored) };
  };
  const open = (bytes: Uint8Array, size: number): Opened => {
    const storedSha256 = sha256(bytes);
    try {
      const options = { chunkSize: Math.max(64, size + 64), maxOutputLength: Math.max(1, size), info: true };
      // with `info` this is the answer, whatever its type says: bytes after the frame are passed over in silence
      const answer = zstdDecompressSync(bytes, options) as unknown as {
        buffer: Buffer;
        engine: { bytesWritten: number };
      };
      const plain = owned(answer.buffer);
      const whole = plain.byteLength === size && answer.engine.bytesWritten === bytes.byteLength;
      return { storedSha256, plain: whole ? plain : null, sha256: whole ? sha256(plain) : '' };
    } catch {
      // bytes that are no frame are an answer: whoever asked says what is damaged
      return { storedSha256, plain: null, sha256: '' };
    }
  };
  parentPort?.on('message', ({ id, task }: { id: number; task: Task }) => {
    if (task.kind === 'hash') parentPort.postMessage({ id, answer: { sha256: sha256(task.bytes) } });
    else if (task.kind === 'pack') {
      const answer = pack(task.bytes, task.level);
      parentPort.postMessage({ id, answer }, [answer.stored.buffer]);
    } else {
      const answer = open(task.bytes, task.size);
      parentPort.postMessage({ id, answer }, answer.plain ? [answer.plain.buffer] : []);
    }
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

/** One zstd frame with a checksum, and the SHA-256 of both sides. */
export async function packOnThread(
  bytes: Uint8Array,
  level: number,
): Promise<{ sha256: string; stored: Buffer; storedSha256: string }> {
  const { sha256, stored, storedSha256 } = await leastBusy().ask<Packed>(++lastId, { kind: 'pack', bytes, level });
  return { sha256, stored: Buffer.from(stored.buffer), storedSha256 };
}

/** Opens a zstd frame of a known plain size, and hashes both sides. */
export async function openOnThread(
  bytes: Uint8Array,
  size: number,
): Promise<{ storedSha256: string; plain: Buffer | null; sha256: string }> {
  const { plain, ...digests } = await leastBusy().ask<Opened>(++lastId, { kind: 'open', bytes, size });
  return { ...digests, plain: plain && Buffer.from(plain.buffer) };
}

const SLAB_BYTES = 4 << 20;
const SLABS_KEPT = 8;
const slabs: SharedArrayBuffer[] = [];

/** A copy of bytes in memory that threads can read, from a small stock; give it back with `releaseShared`. */
export function shared(bytes: Uint8Array): Uint8Array {
  const slab = bytes.length <= SLAB_BYTES ? slabs.pop() : undefined;
  const copy = new Uint8Array(slab ?? new SharedArrayBuffer(Math.max(SLAB_BYTES, bytes.length)), 0, bytes.length);
  copy.set(bytes);
  return copy;
}

/** Puts a copy's memory back into the stock; nobody may read it any more. */
export function releaseShared({ buffer }: Uint8Array): void {
  const fits = buffer instanceof SharedArrayBuffer && buffer.byteLength === SLAB_BYTES;
  if (fits && slabs.length < SLABS_KEPT) slabs.push(buffer);
}
