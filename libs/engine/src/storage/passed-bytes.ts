/** After so many bytes the collector is asked to look at what is young. */
const EVERY_BYTES = 16 << 20;
let passed = 0;

/**
 * Tells that bytes of an object were read or handed on, in buffers that nobody needs any more. V8 would let 64 MiB of them
 * lie before it collects, and the system's allocator keeps what was once taken: looking at the young ones alone takes it a
 * millisecond or two. Without `--expose-gc`, which a worker is started with, nothing is asked for.
 */
export function bytesPassed(bytes: number): void {
  passed += bytes;
  if (passed < EVERY_BYTES) return;
  passed = 0;
  void globalThis.gc?.({ type: 'minor' });
}
