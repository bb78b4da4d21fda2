import { readArtifact } from '../manifest/artifact-reader.ts';
import type { Manifest, TableArtifact } from '../manifest/manifest.ts';
import type { Repository } from '../repository/repository.ts';

type Pieces = TableArtifact['pieces'];

/** Where a table's rows are read from. */
export interface RowsSource {
  repository: Repository;
  manifest: Manifest;
  signal: AbortSignal;
}

/** A stretch of a table's rows, for one session. */
export interface Share {
  name: string;
  /** Shortened when the end of it is lent. */
  pieces: Pieces;
  /** How many of its pieces have been asked for. */
  asked: number;
}

/** Others may take so much of a table between them: its rows shall keep their order on disk by and large. */
const LENT_AT_MOST = 1 / 8;
/** What a share has in its hands or reads ahead stays its own. */
const IN_HAND = 2;
/** A row that is longer than a chunk goes over the ends of several; after so many no end of one is looked for. */
const LOOKS = 4;
const NEWLINE = 0x0a;

const sizeOf = (pieces: Pieces): number => pieces.reduce((sum, { length }) => sum + length, 0);

/**
 * The rows of one table while they are loaded: a session that has nothing else to do takes over the end of what is left,
 * so that no core waits for the last large table.
 */
export class SharedRows {
  readonly table: TableArtifact;
  /** Rows that all shares have brought so far. */
  arrived = 0;
  /** Whether Postgres refused a share of them. */
  failed = false;
  private readonly shares: Share[] = [];
  private readonly worthBytes: number;
  private lendable: number;
  private open = 0;

  /** `worthBytes`: less than this is not worth another session. */
  constructor(table: TableArtifact, worthBytes: number) {
    this.table = table;
    this.worthBytes = worthBytes;
    this.lendable = table.size * LENT_AT_MOST;
  }

  /** The whole table, for the session that begins it. */
  begin(): Share {
    return this.add([...this.table.pieces]);
  }

  /** Ends a share; true: it was the last one, all that was begun has ended. */
  end(share: Share): boolean {
    share.asked = share.pieces.length;
    return --this.open === 0;
  }

  /** Whether the end of what is left can be lent now. */
  get isLendable(): boolean {
    return this.firstLent() !== null;
  }

  /** Takes half of what is left off the longest share; null: there is too little, or no row ends where one could be cut. */
  async lend(source: RowsSource): Promise<Share | null> {
    const found = this.firstLent();
    if (!found) return null;
    const { share, first } = found;
    const last = Math.min(first - 1 + LOOKS, share.pieces.length - 1);
    for (let before = first - 1; before < last; before++) {
      if (!(await endsRow(source, share, before))) continue;
      // its own session may have come here meanwhile
      if (share.asked + IN_HAND > before + 1) return null;
      const pieces = share.pieces.splice(before + 1);
      this.lendable -= sizeOf(pieces);
      return this.add(pieces);
    }
    this.lendable = 0;
    return null;
  }

  private add(pieces: Pieces): Share {
    const share = { name: this.table.name, pieces, asked: 0 };
    this.shares.push(share);
    this.open++;
    return share;
  }

  /** The share that has most left, and the first of its pieces that another session would get. */
  private firstLent(): { share: Share; first: number } | null {
    const left = this.shares.map((share) => ({ share, size: sizeOf(share.pieces.slice(share.asked + IN_HAND)) }));
    const [most] = left.sort((a, b) => b.size - a.size);
    if (!most) return null;
    const wanted = Math.min(most.size / 2, this.lendable);
    let first = most.share.pieces.length;
    for (let size = 0; first > 0; first--) {
      size += most.share.pieces[first - 1]?.length ?? 0;
      if (size > wanted) break;
    }
    const lent = sizeOf(most.share.pieces.slice(first));
    return !this.failed && lent >= this.worthBytes && lent > 0 && first > 0 ? { share: most.share, first } : null;
  }
}

/** In COPY's text format a line's end is a row's end: within values it is written as two characters. */
async function endsRow({ repository, manifest, signal }: RowsSource, share: Share, at: number): Promise<boolean> {
  let last: number | undefined;
  const artifact = { name: share.name, pieces: share.pieces.slice(at, at + 1) };
  for await (const part of readArtifact(repository, manifest, artifact, signal)) last = part.at(-1);
  return last === NEWLINE;
}

/** Streams a share's bytes, keeping track of what has been asked for. */
export async function* readShare({ repository, manifest, signal }: RowsSource, share: Share): AsyncGenerator<Buffer> {
  for await (const part of readArtifact(repository, manifest, share, signal)) {
    share.asked++;
    yield part;
  }
}
