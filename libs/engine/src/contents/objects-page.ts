import { OperationError, type ObjectsAnswer, type ObjectsQuestion, type StoredObject } from '@holdfast/contracts';
import { readArtifact, readLines } from '../manifest/artifact-reader.ts';
import type { Manifest, ObjectListArtifact, Piece } from '../manifest/manifest.ts';
import type { Repository } from '../repository/repository.ts';
import { compareKeys, type ObjectEntry } from '../storage/object-list.ts';

/** A page ends here however little was found: whoever waits is answered, and goes on from there. */
const PATIENCE_MS = 5_000;
/** The clock is looked at once for so many lines. */
const LINES_A_LOOK = 1_000;

/** The list of a backup's storage objects and its chunks: all that reading it needs of a manifest, which may be large. */
export interface ObjectPlaces extends Pick<Manifest, 'chunks'> {
  list: Pick<ObjectListArtifact, 'name' | 'pieces'>;
}

/** The list of a manifest, without the chunks of everything else. */
export function placesOf(manifest: Manifest, { name, pieces }: ObjectListArtifact): ObjectPlaces {
  const used = [...new Set(pieces.map(({ chunk }) => chunk))];
  const numbers = new Map(used.map((chunk, number) => [chunk, number]));
  const chunks = used.flatMap((chunk) => manifest.chunks[chunk] ?? []);
  if (chunks.length < used.length) {
    throw new OperationError('manifest.damaged', `${name} names a chunk that is not listed`);
  }
  return {
    chunks,
    list: { name, pieces: pieces.map((piece) => ({ ...piece, chunk: numbers.get(piece.chunk) ?? 0 })) },
  };
}

/** What of the pieces comes from this byte on. */
function piecesFrom(pieces: Piece[], from: number): Piece[] {
  let skipped = 0;
  return pieces.flatMap((piece) => {
    const cut = Math.min(piece.length, from - skipped);
    skipped += cut;
    return cut === piece.length ? [] : [{ ...piece, offset: piece.offset + cut, length: piece.length - cut }];
  });
}

const parsed = (line: string): ObjectEntry | null => {
  try {
    return JSON.parse(line) as ObjectEntry;
  } catch {
    return null;
  }
};

const fits = ({ bucket, key }: ObjectEntry, asked: ObjectsQuestion): boolean =>
  (asked.bucket === null || bucket === asked.bucket) &&
  (asked.prefix === null || key.startsWith(asked.prefix)) &&
  (asked.search === null || key.toLowerCase().includes(asked.search));

/** The list is in order: after the last name that could fit nothing fits any more. */
function isBeyond(entry: ObjectEntry, { bucket, prefix }: ObjectsQuestion): boolean {
  if (bucket === null || (entry.bucket === bucket && entry.key.startsWith(prefix ?? ''))) return false;
  return compareKeys(entry, { bucket, key: prefix ?? '' }) > 0;
}

const told = ({ bucket, key, size, sha256, metadata, replaced }: ObjectEntry): StoredObject => ({
  ...{ bucket, name: key, sizeBytes: size, contentType: metadata.contentType, sha256 },
  ...{ updatedAt: metadata.updatedAt, replaced },
});

/** Where the first line that begins in a piece begins; null: none does. */
async function lineStart(
  repository: Repository,
  { chunks, list }: ObjectPlaces,
  number: number,
  signal: AbortSignal,
): Promise<number | null> {
  let at = list.pieces.slice(0, number).reduce((sum, { length }) => sum + length, 0);
  const piece = { name: list.name, pieces: list.pieces.slice(number, number + 1) };
  for await (const part of readArtifact(repository, { chunks }, piece, signal)) {
    // In bytes: a piece may begin within a character.
    const end = part.indexOf('\n');
    if (end !== -1 && end + 1 < part.length) return at + end + 1;
    at += part.length;
  }
  return null;
}

/** A place in the list before the first name that can fit, found by halves: the list is in order. */
async function placeBefore(
  repository: Repository,
  places: ObjectPlaces,
  { bucket, prefix }: ObjectsQuestion,
  signal: AbortSignal,
): Promise<number> {
  let place = 0;
  if (bucket === null) return place;
  const wanted = { bucket, key: prefix ?? '' };
  for (let [low, high] = [1, places.list.pieces.length - 1]; low <= high;) {
    const middle = (low + high) >> 1;
    const start = await lineStart(repository, places, middle, signal);
    const entry = start === null ? null : await entryAt(repository, places, start, signal);
    // Nearer to the beginning is right too, and only takes longer.
    if (start !== null && entry && compareKeys(entry, wanted) <= 0) [place, low] = [start, middle + 1];
    else high = middle - 1;
  }
  return place;
}

async function entryAt(
  repository: Repository,
  { chunks, list }: ObjectPlaces,
  at: number,
  signal: AbortSignal,
): Promise<ObjectEntry | null> {
  const rest = { name: list.name, pieces: piecesFrom(list.pieces, at) };
  for await (const line of readLines(repository, { chunks }, rest, signal)) return parsed(line);
  return null;
}

/**
 * Reads the storage objects that a question asks for, chunk by chunk and no further than it must. Throws
 * `request.invalid` where no line begins at `from`, and `backup.damaged` when the list is damaged.
 */
export async function pageOfObjects(
  repository: Repository,
  places: ObjectPlaces,
  question: ObjectsQuestion,
  signal: AbortSignal,
  patienceMs = PATIENCE_MS,
): Promise<ObjectsAnswer> {
  const { chunks, list } = places;
  const asked = { ...question, search: question.search?.toLowerCase() ?? null };
  const items: StoredObject[] = [];
  const until = performance.now() + patienceMs;
  let at = asked.from === 0 ? await placeBefore(repository, places, asked, signal) : asked.from;
  let lines = 0;
  const rest = { name: list.name, pieces: piecesFrom(list.pieces, at) };
  for await (const line of readLines(repository, { chunks }, rest, signal)) {
    if (lines % LINES_A_LOOK === LINES_A_LOOK - 1 && performance.now() > until) return { items, next: at };
    const entry = parsed(line);
    if (!entry) throw lines === 0 ? noLine() : damaged(list.name);
    if (isBeyond(entry, asked)) break;
    if (fits(entry, asked)) {
      if (items.length === asked.limit) return { items, next: at };
      items.push(told(entry));
    }
    at += Buffer.byteLength(line) + 1;
    lines += 1;
  }
  return { items, next: null };
}

const noLine = (): OperationError =>
  new OperationError('request.invalid', 'The cursor does not belong to this list', {
    hint: 'Read the list from its beginning.',
    errors: [{ at: 'cursor', message: 'is not a cursor of this list' }],
  });

const damaged = (name: string): OperationError =>
  new OperationError('backup.damaged', `${name} holds a line that is no object`);
