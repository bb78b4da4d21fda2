import { createHash } from 'node:crypto';
import type { Piece } from '../manifest/manifest.ts';
import { digestOfPieces, sha256Of, storeChunk, type ChunkDescription } from '../repository/chunk-store.ts';
import { chunkPath, type Repository } from '../repository/repository.ts';
import { borrow, borrowCopy, release } from '../repository/slabs.ts';

/** Artifacts that asked to be packed and whose bytes are fewer than this share chunks with others. */
export const PACKED_BELOW = 128 << 10;
/** A shared chunk ends after an artifact whose name says so, once it holds this much, and at the latest at `PACK_FULL`. */
const PACK_LEAST = 256 << 10;
const PACK_FULL = 4 << 20;
/** Chunks on their way to the repository at one time; each holds at most `LONGEST_CHUNK` bytes. */
const IN_FLIGHT = 6;
const TEXT_CHUNK = 1 << 20;
/** Bytes of small artifacts that may lie here until the one that was begun before them has ended. */
const HELD = 64 << 20;
/** Nor more slices than this: whoever waits for the places of tiny ones must not wait for ever. */
const PACK_SLICES = 2_000;

/** The bytes of one artifact, stored. */
export interface StoredBytes {
  size: number;
  digest: string;
  pieces: Piece[];
}

interface Slice {
  name: string;
  plain: Buffer;
  sha256: string;
  place: (piece: Piece) => void;
}

/** One name in eight ends a pack: so a changed artifact moves the ends of few others. */
const endsPack = (name: string): boolean => (createHash('sha256').update(name).digest()[0] ?? 0) < 32;

/**
 * Stores artifacts of one backup: cuts nothing itself, shares chunks between small artifacts, keeps a bounded number of
 * chunks in flight, and remembers each chunk once. `settle()` before the manifest is written.
 */
export class ArtifactWriter {
  private readonly repository: Repository;
  private readonly likelyThere: boolean;
  private readonly signal: AbortSignal;
  private readonly byId = new Map<string, { index: number; addedBytes: number }>();
  private readonly waiting: (() => void)[] = [];
  private readonly open = new Set<Promise<void>>();
  private inFlight = 0;
  private failure: unknown;
  private pack: Slice[] = [];
  private packSize = 0;
  private tickets = 0;
  private nextTicket = 0;
  private readonly arrived = new Map<number, Slice | null>();
  private heldBytes = 0;
  readonly chunks: ChunkDescription[] = [];
  /** Bytes this backup added to the repository. */
  addedBytes = 0;

  /** Where an earlier backup of the same environment is kept, most chunks are there already: `likelyThere`. */
  constructor(repository: Repository, likelyThere: boolean, signal: AbortSignal) {
    this.repository = repository;
    this.likelyThere = likelyThere;
    this.signal = signal;
  }

  /** True while the writer would rather not be given more. */
  get saturated(): boolean {
    return this.inFlight >= IN_FLIGHT;
  }

  /** Resolves once there is room again; throws what storing threw. */
  async room(): Promise<void> {
    while (this.saturated && this.failure === undefined) await this.change();
    this.check();
  }

  /** Throws what storing threw, so that whoever feeds the writer stops soon. */
  check(): void {
    if (this.failure !== undefined) throw this.failure;
    this.signal.throwIfAborted();
  }

  /** For whoever feeds the writer and cannot go on: all others are told the same, the first reason counts. */
  fail(error: unknown): void {
    this.failure ??= error;
    this.freeWaiting();
  }

  /**
   * Resolves once another artifact may be begun: small ones that ended lie in memory until those that were begun before
   * them have ended too. Whoever has begun one must not wait here before its end.
   */
  async roomToBegin(): Promise<void> {
    while (this.heldBytes > HELD && this.failure === undefined) await this.change();
    this.check();
  }

  private change(): Promise<void> {
    return new Promise<void>((free) => this.waiting.push(free));
  }

  private freeWaiting(): void {
    for (const free of this.waiting.splice(0)) free();
  }

  /** Bytes of an artifact that is stored in chunks of its own; `textChunk`: where `write` cuts them. */
  begin(textChunk = TEXT_CHUNK): ArtifactBytes {
    return new ArtifactBytes(this, null, textChunk);
  }

  /**
   * Bytes of an artifact that may share chunks when it turns out small. Packs are filled in the order of these calls,
   * so that equal artifacts make equal packs; end every one that was begun.
   */
  beginPacked(name: string): ArtifactBytes {
    return new ArtifactBytes(this, { name, ticket: this.tickets++ }, TEXT_CHUNK);
  }

  /** Stores a chunk of its own, from borrowed memory that is given back afterwards. */
  store(plain: Uint8Array, place: (piece: Piece) => void): void {
    const { length } = plain;
    this.track(async () => {
      const index = await this.storeOnce(plain).finally(() => release(plain));
      const chunk = this.chunks[index];
      place({ chunk: index, offset: 0, length, sha256: chunk?.sha256 ?? '' });
    });
  }

  /** Takes a small artifact's bytes when its turn has come; null: nothing to pack under this ticket. */
  share(ticket: number, slice: Omit<Slice, 'sha256'> | null): void {
    this.heldBytes += slice?.plain.length ?? 0;
    this.track(async () => {
      this.arrived.set(ticket, slice && { ...slice, sha256: await sha256Of(slice.plain) });
      for (let next = this.arrived.get(this.nextTicket); next !== undefined; next = this.arrived.get(this.nextTicket)) {
        this.arrived.delete(this.nextTicket++);
        this.heldBytes -= next?.plain.length ?? 0;
        if (next) await this.addToPack(next);
      }
    });
  }

  private async addToPack(slice: Slice): Promise<void> {
    this.pack.push(slice);
    this.packSize += slice.plain.length;
    const full = this.packSize >= PACK_FULL - PACKED_BELOW || this.pack.length >= PACK_SLICES;
    if (full || (this.packSize >= PACK_LEAST && endsPack(slice.name))) await this.closePack();
  }

  /** Waits until all that was given is stored, read back and durable. */
  async settle(): Promise<void> {
    while (this.open.size > 0) await Promise.all(this.open);
    if (this.packSize > 0) await this.closePack();
    this.check();
    await this.repository.driver.settle(this.signal);
    this.check();
  }

  /** Places what waits for others to share a chunk with, and waits for all that was given. */
  async placeWaiting(): Promise<void> {
    await Promise.all(this.open);
    if (this.packSize > 0) await this.closePack();
    this.check();
  }

  /** Takes over a chunk that an earlier backup stored; null: it does not stand there whole. */
  async adopt(chunk: ChunkDescription): Promise<number | null> {
    const path = chunkPath(chunk.domain, chunk.id);
    const known = this.byId.get(chunk.id);
    if (known) return known.index;
    if ((await this.repository.driver.size(path)) !== chunk.storedSize) return null;
    return this.indexOf(chunk, 0);
  }

  private async closePack(): Promise<void> {
    const slices = this.pack;
    this.pack = [];
    this.packSize = 0;
    const chunk = await this.storeOnce(Buffer.concat(slices.map(({ plain }) => plain)));
    let offset = 0;
    for (const { place, plain, sha256 } of slices) {
      place({ chunk, offset, length: plain.length, sha256 });
      offset += plain.length;
    }
  }

  private async storeOnce(plain: Uint8Array): Promise<number> {
    const { chunk, addedBytes } = await storeChunk(this.repository, plain, this.likelyThere, this.signal);
    return this.indexOf(chunk, addedBytes);
  }

  private indexOf(chunk: ChunkDescription, addedBytes: number): number {
    const known = this.byId.get(chunk.id) ?? { index: this.chunks.length, addedBytes: 0 };
    if (known.index === this.chunks.length) this.chunks.push(chunk);
    // of two equal chunks in flight at once either may come back first, and one or both of them were written: once counts
    const addedMore = Math.max(0, addedBytes - known.addedBytes);
    this.addedBytes += addedMore;
    this.byId.set(chunk.id, { index: known.index, addedBytes: known.addedBytes + addedMore });
    return known.index;
  }

  private track(work: () => Promise<void>): void {
    this.inFlight++;
    const done = work()
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => {
        this.inFlight--;
        this.open.delete(done);
        this.freeWaiting();
      });
    this.open.add(done);
  }
}

/** Takes one artifact's bytes: whole chunks (`chunk`), or text of any length (`write`). `end` answers where they lie. */
export class ArtifactBytes {
  private readonly writer: ArtifactWriter;
  private readonly packed: { name: string; ticket: number } | null;
  private readonly pieces: (Piece | undefined)[] = [];
  private text: Buffer[] = [];
  private textSize = 0;
  private shared = false;
  private unplaced = 0;
  private readonly textChunk: number;
  size = 0;

  constructor(writer: ArtifactWriter, packed: { name: string; ticket: number } | null, textChunk: number) {
    this.writer = writer;
    this.packed = packed;
    this.textChunk = textChunk;
  }

  /** One chunk as the scanner cut it; copied, because the view is reused. */
  chunk(view: Uint8Array, last: boolean): void {
    this.size += view.length;
    if (this.sharesChunk(last)) this.share(Buffer.from(view));
    else this.store(borrowCopy(view));
  }

  /** Text in pieces of any length; cut at a fixed length. */
  async write(part: Buffer): Promise<void> {
    // a part may be of any length, a chunk may not: no reader would take it
    for (let at = 0; at < part.length;) {
      const piece = part.subarray(at, at + this.textChunk - this.textSize);
      at += piece.length;
      this.text.push(piece);
      this.textSize += piece.length;
      if (this.textSize < this.textChunk) return;
      await this.writer.room();
      this.cutText(false);
    }
  }

  private cutText(last: boolean): void {
    const [parts, size] = [this.text, this.textSize];
    this.text = [];
    this.textSize = 0;
    this.size += size;
    if (this.sharesChunk(last)) return this.share(Buffer.concat(parts, size));
    // where it is stored from, and not joined first: that would be as much again for the collector
    const chunk = borrow(size);
    let at = 0;
    for (const part of parts) {
      chunk.set(part, at);
      at += part.length;
    }
    this.store(chunk);
  }

  private sharesChunk(last: boolean): boolean {
    return last && this.packed !== null && this.size < PACKED_BELOW;
  }

  private share(plain: Buffer): void {
    if (!this.packed) throw new Error('it shares no chunk');
    this.shared = true;
    this.writer.share(this.packed.ticket, { name: this.packed.name, plain, place: this.place() });
  }

  /** From borrowed memory. */
  private store(plain: Buffer): void {
    this.writer.store(plain, this.place());
  }

  /** Keeps a place for the next piece; answers who fills it. */
  private place(): (piece: Piece) => void {
    const index = this.pieces.push(undefined) - 1;
    this.unplaced++;
    return (piece) => {
      this.pieces[index] = piece;
      this.unplaced--;
    };
  }

  /** Whether all that was given lies somewhere; only for an artifact that was ended. */
  get placed(): boolean {
    return this.unplaced === 0;
  }

  /** Ends the artifact. The answer is complete only after the writer has settled. */
  end(): () => StoredBytes {
    if (this.textSize > 0) this.cutText(true);
    if (this.packed && !this.shared) this.writer.share(this.packed.ticket, null);
    return () => {
      const pieces = this.pieces.map((piece) => {
        if (!piece) throw new Error('an artifact was read before the writer had settled');
        return piece;
      });
      return { size: this.size, digest: digestOfPieces(pieces.map(({ sha256 }) => sha256)), pieces };
    };
  }
}
