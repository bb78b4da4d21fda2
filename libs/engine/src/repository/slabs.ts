/** A chunk as the scanner cuts it, and what zstd may add to bytes that it cannot shrink. */
const SLAB_BYTES = (4 << 20) + (64 << 10);
/** A backup has six chunks on their way, each with its plain bytes, its stored ones and those read back. */
const KEPT = 20;
const spare: SharedArrayBuffer[] = [];

/**
 * Memory for `size` bytes that threads can use where it lies, from a small stock; `release` gives it back. The bytes in
 * it are those of whoever had it before. The stock is there because memory of a chunk's size that is made and dropped
 * weighs on the garbage collector: V8 answers every 64 MiB of it with a mark of the whole heap.
 */
export function borrow(size: number): Buffer {
  const slab = size <= SLAB_BYTES ? spare.pop() : undefined;
  return Buffer.from(slab ?? new SharedArrayBuffer(Math.max(SLAB_BYTES, size)), 0, size);
}

/** A borrowed copy. */
export function borrowCopy(bytes: Uint8Array): Buffer {
  const copy = borrow(bytes.length);
  copy.set(bytes);
  return copy;
}

/** Puts borrowed memory back into the stock, once: nobody may read or write it any more. Other memory is left alone. */
export function release({ buffer }: Uint8Array): void {
  if (!(buffer instanceof SharedArrayBuffer) || buffer.byteLength !== SLAB_BYTES) return;
  if (spare.includes(buffer)) throw new Error('memory was given back twice');
  if (spare.length < KEPT) spare.push(buffer);
}
