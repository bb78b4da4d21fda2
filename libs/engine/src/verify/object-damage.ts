import type { DamagedArtifact } from '@holdfast/contracts';
import { createHash } from 'node:crypto';
import type { Manifest, ObjectListArtifact } from '../manifest/manifest.ts';
import type { ChunkProblem } from '../repository/chunk-store.ts';
import type { Repository } from '../repository/repository.ts';
import type { Meter } from '../run.ts';
import { objectName, readObjectList, type ObjectEntry } from '../storage/object-list.ts';
import type { ChunkOpener } from './chunk-opener.ts';

/** No more than these are named: a lost chunk can hold thousands of objects. */
const NAMED = 200;

/** Damaged objects: the first by name, and how many there are. */
export interface Damage {
  named: DamagedArtifact[];
  count: number;
}

async function collect(
  entries: AsyncIterable<ObjectEntry>,
  problemOf: (entry: ObjectEntry) => Promise<string | null> | string | null,
): Promise<Damage> {
  const damage: Damage = { named: [], count: 0 };
  for await (const entry of entries) {
    const problem = await problemOf(entry);
    if (problem === null) continue;
    damage.count++;
    const artifact = objectName(entry);
    if (damage.named.length < NAMED)
      damage.named.push({ artifact, problem, cost: `The object ${artifact} cannot be restored.` });
  }
  return damage;
}

/** Objects that lie in chunks with a problem, by the chunks' numbers. The list itself must be whole. */
export function damagedObjects(
  repository: Repository,
  manifest: Manifest,
  list: ObjectListArtifact,
  problems: Map<number, ChunkProblem>,
  signal: AbortSignal,
): Promise<Damage> {
  if (problems.size === 0) return Promise.resolve({ named: [], count: 0 });
  return collect(readObjectList(repository, manifest, list, signal), (entry) => {
    for (const [chunk] of entry.pieces ?? []) {
      const problem = problems.get(chunk);
      if (problem) return problem;
    }
    return null;
  });
}

/** Opens every object and compares its length and digest with the list. */
export function damagedObjectContents(
  repository: Repository,
  manifest: Manifest,
  list: ObjectListArtifact,
  chunks: ChunkOpener,
  meter: Meter,
  signal: AbortSignal,
): Promise<Damage> {
  return collect(readObjectList(repository, manifest, list, signal), async (entry) => {
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
