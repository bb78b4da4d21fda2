import type { DamagedArtifact } from '@holdfast/contracts';
import { createHash } from 'node:crypto';
import { fileName, readFunctionList } from '../functions/function-list.ts';
import { functionListOf, objectListOf, type Manifest } from '../manifest/manifest.ts';
import type { ChunkProblem } from '../repository/chunk-store.ts';
import type { Repository } from '../repository/repository.ts';
import type { Meter } from '../run.ts';
import { objectName, readObjectList, type ObjectEntry } from '../storage/object-list.ts';
import type { ChunkOpener } from './chunk-opener.ts';

/** No more than these are named: a lost chunk can hold thousands of objects. */
const NAMED = 200;

/** Damaged objects and files: the first by name, and how many there are. */
export interface Damage {
  named: DamagedArtifact[];
  count: number;
}

/** What a list of the backup names, and where its bytes lie. */
interface Listed extends Pick<ObjectEntry, 'size' | 'sha256' | 'pieces'> {
  name: string;
  cost: string;
}

/** Everything that lists of the backup name; only lists that are whole can be read (`readable` says which). */
export async function* listed(
  repository: Repository,
  manifest: Manifest,
  readable: (name: string) => boolean,
  signal: AbortSignal,
): AsyncGenerator<Listed> {
  const objects = objectListOf(manifest);
  if (objects && readable(objects.name)) {
    for await (const entry of readObjectList(repository, manifest, objects, signal)) {
      const name = objectName(entry);
      const { size, sha256, pieces } = entry;
      yield { name, size, sha256, pieces, cost: `The object ${name} cannot be restored.` };
    }
  }
  const functions = functionListOf(manifest);
  if (!functions || !readable(functions.name)) return;
  for await (const { slug, files } of readFunctionList(repository, manifest, functions, signal)) {
    const cost = slug === null ? 'The functions cannot be restored.' : `The function ${slug} cannot be restored.`;
    for (const file of files ?? []) {
      const { size, sha256, pieces } = file;
      yield { name: fileName(slug, file), size, sha256, pieces, cost };
    }
  }
}

async function collect(
  entries: AsyncIterable<Listed>,
  problemOf: (entry: Listed) => Promise<string | null> | string | null,
): Promise<Damage> {
  const damage: Damage = { named: [], count: 0 };
  for await (const entry of entries) {
    const problem = await problemOf(entry);
    if (problem === null) continue;
    damage.count++;
    const { name: artifact, cost } = entry;
    if (damage.named.length < NAMED) damage.named.push({ artifact, problem, cost });
  }
  return damage;
}

/** What lies in chunks with a problem, by the chunks' numbers. */
export function damagedEntries(entries: AsyncIterable<Listed>, problems: Map<number, ChunkProblem>): Promise<Damage> {
  if (problems.size === 0) return Promise.resolve({ named: [], count: 0 });
  return collect(entries, (entry) => {
    for (const [chunk] of entry.pieces ?? []) {
      const problem = problems.get(chunk);
      if (problem) return problem;
    }
    return null;
  });
}

/** Opens everything and compares its length and digest with the list. */
export function damagedContents(
  entries: AsyncIterable<Listed>,
  chunks: ChunkOpener,
  meter: Meter,
  signal: AbortSignal,
): Promise<Damage> {
  return collect(entries, async (entry) => {
    if (entry.pieces === null) return null;
    const sha256 = createHash('sha256');
    let size = 0;
    for (const [chunk, offset, length] of entry.pieces) {
      signal.throwIfAborted();
      const opened = await chunks.open(chunk);
      if (typeof opened === 'string') return opened;
      const bytes = opened.plain.subarray(offset, offset + length);
      sha256.update(bytes);
      size += bytes.length;
      meter.add(bytes.length, bytes.length);
    }
    return size === entry.size && sha256.digest('hex') === entry.sha256 ? null : 'content';
  });
}
