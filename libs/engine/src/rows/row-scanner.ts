import { SCANNER_WASM } from './scanner-wasm.ts';

/** Where chunks of rows are cut, in plain bytes. On average a chunk holds `minimum + average`. */
const ROW_CHUNKS = { average: 768 << 10, minimum: 256 << 10, maximum: 4 << 20 } as const;

// what is used of the global that @types/node leaves to the DOM's types
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: unknown };
};

interface Exports {
  memory: { buffer: ArrayBuffer };
  inputAddress(): number;
  inputSize(): number;
  outputAddress(): number;
  start(average: number, minimum: number, maximum: number): void;
  feed(length: number): void;
  run(): number;
  taken(): void;
  flush(): number;
  plain(length: number): void;
  chunkSize(): number;
  consumed(): number;
  rowCount(): bigint;
  rowChecksum(): bigint;
  byteCount(): bigint;
}

const CHUNK = 1;
const OTHER = 2;
let compiled: object | undefined;

/** Number of rows, and the sum modulo 2^64 of XXH64 (seed 0) over each row without its newline, as 16 hex digits. */
export interface RowFigures {
  rows: number;
  checksum: string;
  bytes: number;
}

/** 16 hex digits of a sum of row checksums. */
export const checksumText = (sum: bigint): string => BigInt.asUintN(64, sum).toString(16).padStart(16, '0');

/**
 * Takes the bytes a backend sends for `COPY … TO STDOUT`, and cuts, counts and sums rows on the way. The work is done in
 * WebAssembly: about 1 GiB a second for each core, hashing included.
 */
export class RowScanner {
  private readonly wasm: Exports;
  private readonly input: Uint8Array;
  private readonly inputSize: number;
  private readonly chunks: { average: number; minimum: number; maximum: number };

  constructor(chunks: { average: number; minimum: number; maximum: number } = ROW_CHUNKS) {
    compiled ??= new WebAssembly.Module(Buffer.from(SCANNER_WASM, 'base64'));
    // AssemblyScript's instance exports what scanner.ts declares
    this.wasm = new WebAssembly.Instance(compiled, {}).exports as Exports;
    this.inputSize = this.wasm.inputSize();
    this.input = new Uint8Array(this.wasm.memory.buffer, this.wasm.inputAddress(), this.inputSize);
    this.chunks = chunks;
    this.reset();
  }

  /** Begins anew, in the same memory. */
  reset(): void {
    this.wasm.start(this.chunks.average, this.chunks.minimum, this.chunks.maximum);
  }

  /**
   * Works through `data`; `onChunk` gets a view that is valid only during the call. Answers how many bytes belonged to
   * the COPY: fewer than given when another message (its end, or an error) begins there.
   */
  push(data: Uint8Array, onChunk: (chunk: Uint8Array) => void): number {
    let at = 0;
    while (at < data.length) {
      const length = Math.min(this.inputSize, data.length - at);
      this.input.set(data.subarray(at, at + length));
      this.wasm.feed(length);
      for (let state = this.wasm.run(); state !== 0; state = this.wasm.run()) {
        if (state === OTHER) return at + this.wasm.consumed();
        if (state === CHUNK) this.announce(this.wasm.chunkSize(), onChunk);
      }
      at += length;
    }
    return at;
  }

  /** Counts and sums rows of COPY text as it is stored; for a scanner that is given nothing else. */
  pushPlain(text: Uint8Array): void {
    for (let at = 0; at < text.length; at += this.inputSize) {
      const part = text.subarray(at, at + this.inputSize);
      this.input.set(part);
      this.wasm.plain(part.length);
    }
  }

  /** Hands over the last, unfinished chunk. */
  finish(onChunk: (chunk: Uint8Array) => void): RowFigures {
    const rest = this.wasm.flush();
    if (rest > 0) this.announce(rest, onChunk);
    return this.figures();
  }

  figures(): RowFigures {
    return {
      rows: Number(this.wasm.rowCount()),
      checksum: checksumText(this.wasm.rowChecksum()),
      bytes: Number(this.wasm.byteCount()),
    };
  }

  private announce(size: number, onChunk: (chunk: Uint8Array) => void): void {
    onChunk(new Uint8Array(this.wasm.memory.buffer, this.wasm.outputAddress(), size));
    this.wasm.taken();
  }
}

/**
 * Scanners that nobody uses now: to make one is to clear its 9 MiB, too much for each of thousands of small tables, and
 * V8 marks the whole heap each time.
 */
const spare: RowScanner[] = [];
const SPARE_KEPT = 4;

/** A scanner that has seen nothing; give it back with `keepScanner`, or let go of it. */
export const takeScanner = (): RowScanner => spare.pop() ?? new RowScanner();

/** For the next one: nobody may use it any more. */
export function keepScanner(scanner: RowScanner): void {
  if (spare.length >= SPARE_KEPT) return;
  scanner.reset();
  spare.push(scanner);
}
