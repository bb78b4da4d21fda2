import {
  OperationError,
  VERIFY_LEVELS,
  type DamagedArtifact,
  type VerificationResult,
  type VerifyLevel,
} from '@holdfast/contracts';
import {
  functionListOf,
  isTable,
  objectListOf,
  readManifest,
  type Artifact,
  type Manifest,
} from '../manifest/manifest.ts';
import { digestOfPieces, readStored, type ChunkDescription, type ChunkProblem } from '../repository/chunk-store.ts';
import { hashOnThread } from '../repository/codec-threads.ts';
import { chunkPath, openRepository, type Repository } from '../repository/repository.ts';
import { release } from '../repository/slabs.ts';
import { keepScanner, takeScanner, type RowScanner } from '../rows/row-scanner.ts';
import { Meter, type Run } from '../run.ts';
import { ChunkOpener } from './chunk-opener.ts';
import { damagedContents, damagedEntries, listed, type Damage } from './object-damage.ts';
import type { ScratchServers } from './scratch.ts';
import { tryRestore } from './trial-restore.ts';

const SHOWN = 200;

export interface VerifyInput {
  /** Where the repository is, and which one it must be. */
  repositoryPath: string;
  repositoryUid: string | null;
  environmentId: string;
  backupId: string;
  /** SHA-256 of the manifest's file, as the catalog has it. */
  manifestSha256: string | null;
  level: VerifyLevel;
  scratch: ScratchServers;
  parallel: number;
}

const reaches = (level: VerifyLevel, wanted: VerifyLevel): boolean =>
  VERIFY_LEVELS.indexOf(level) >= VERIFY_LEVELS.indexOf(wanted);

/** What the loss of an artifact would cost, in words. */
function costOf(artifact: Artifact): string {
  if (isTable(artifact)) return `The ${artifact.rows} rows of ${artifact.name} cannot be restored.`;
  if (artifact.kind === 'large-objects') return 'The large objects cannot be restored.';
  if (artifact.kind === 'objects') return 'No storage object can be restored: where each lies is not known.';
  if (artifact.kind === 'functions') return 'No function can be restored: where each file lies is not known.';
  if (artifact.kind === 'catalog') return 'A restore cannot be compared with the original.';
  if (artifact.kind === 'pre-data') return 'Nothing can be restored without the definitions of tables and types.';
  return `The ${artifact.kind} part cannot be restored.`;
}

const manifestDamage = (error: OperationError): DamagedArtifact => ({
  artifact: 'manifest',
  problem: error.message,
  cost: 'Without its manifest the backup cannot be restored by Holdfast.',
});

/** Opens repository and manifest; a damaged one is a finding, not an accident. */
async function openBackup(
  input: VerifyInput,
  signal: AbortSignal,
): Promise<{ repository: Repository; manifest: Manifest } | DamagedArtifact> {
  let repository: Repository;
  try {
    repository = await openRepository(input.repositoryPath, input.repositoryUid);
  } catch (error) {
    const findings = ['repository.missing', 'repository.foreign', 'backup.damaged'];
    if (!(error instanceof OperationError) || !findings.includes(error.code)) throw error;
    return { artifact: 'holdfast.json', problem: error.message, cost: 'The repository cannot be opened.' };
  }
  try {
    const known = input.manifestSha256;
    return { repository, manifest: await readManifest(repository, input.environmentId, input.backupId, signal, known) };
  } catch (error) {
    if (!(error instanceof OperationError) || !['manifest.missing', 'manifest.damaged'].includes(error.code))
      throw error;
    return manifestDamage(error);
  }
}

/** Checks every chunk of a backup at a level, several at a time; adds the problem of each damaged one by index. */
async function checkChunks(
  repository: Repository,
  manifest: Manifest,
  step: 'presence' | 'checksum',
  problems: Map<number, ChunkProblem>,
  meter: Meter,
  signal: AbortSignal,
): Promise<void> {
  const total = manifest.chunks.reduce((sum, chunk) => sum + chunk.storedSize, 0);
  meter.step(step, 'bytes', total);
  // a file of another length is not read: it may be of any
  const queue = [...manifest.chunks.entries()].filter(([index]) => !problems.has(index));
  const check = async (chunk: ChunkDescription): Promise<ChunkProblem | null> => {
    if (step === 'checksum') {
      const stored = await readStored(repository, chunk, signal);
      if (typeof stored === 'string') return stored;
      release(stored);
      return null;
    }
    const size = await repository.driver.size(chunkPath(chunk.domain, chunk.id));
    if (size === null) return 'missing';
    return size === chunk.storedSize ? null : 'size';
  };
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      signal.throwIfAborted();
      const [index, chunk] = next;
      const problem = await check(chunk);
      if (problem) problems.set(index, problem);
      meter.add(chunk.storedSize, step === 'checksum' ? chunk.storedSize : 0);
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
}

function damageOf(artifact: Artifact, problems: Map<number, ChunkProblem>): DamagedArtifact | null {
  for (const { chunk } of artifact.pieces) {
    const problem = problems.get(chunk);
    if (problem) return { artifact: artifact.name, problem, cost: costOf(artifact) };
  }
  return null;
}

/** Opens an artifact's chunks and compares sizes, digests, row counts and checksums with the manifest. */
async function contentProblem(chunks: ChunkOpener, artifact: Artifact, scanner: RowScanner): Promise<string | null> {
  const counter = artifact.kind === 'table' || artifact.kind === 'large-objects' ? scanner : null;
  counter?.reset();
  let size = 0;
  const digests: string[] = [];
  for (const piece of artifact.pieces) {
    const opened = await chunks.open(piece.chunk);
    if (typeof opened === 'string') return opened;
    const { plain, sha256 } = opened;
    const bytes = plain.subarray(piece.offset, piece.offset + piece.length);
    const digest = bytes.length === plain.length ? sha256 : await hashOnThread(bytes);
    if (bytes.length !== piece.length || digest !== piece.sha256) return 'content';
    digests.push(digest);
    size += bytes.length;
    counter?.pushPlain(bytes);
  }
  if (size !== artifact.size || digestOfPieces(digests) !== artifact.digest) return 'content';
  if (!counter || !('rows' in artifact)) return null;
  const { rows, checksum } = counter.figures();
  return rows === artifact.rows && checksum === artifact.checksum ? null : 'rows';
}

/** Climbs the ladder up to `level`. Damage and differences are answers; only what prevents looking is thrown. */
export async function verify(input: VerifyInput, run: Run): Promise<VerificationResult> {
  const began = Date.now();
  const meter = new Meter(run);
  const opened = await openBackup(input, run.signal);
  if ('artifact' in opened) return result(input, null, began, { damage: { named: [opened], count: 1 } });
  const { repository, manifest } = opened;
  const damage = await findDamage(input, repository, manifest, meter, run.signal);
  if (damage.count > 0 || !reaches(input.level, 'restore')) return result(input, manifest, began, { damage });
  const { scratch, parallel } = input;
  const outcome = await tryRestore({ repository, manifest, scratch, parallel, signal: run.signal, meter });
  return result(input, manifest, began, { damage, ...outcome });
}

async function findDamage(
  input: VerifyInput,
  repository: Repository,
  manifest: Manifest,
  meter: Meter,
  signal: AbortSignal,
): Promise<Damage> {
  const problems = new Map<number, ChunkProblem>();
  await checkChunks(repository, manifest, 'presence', problems, meter, signal);
  if (reaches(input.level, 'checksum')) await checkChunks(repository, manifest, 'checksum', problems, meter, signal);
  const damaged = new Map<string, DamagedArtifact>();
  for (const artifact of manifest.artifacts) {
    const found = damageOf(artifact, problems);
    if (found) damaged.set(artifact.name, found);
  }
  const entries = (): ReturnType<typeof listed> => listed(repository, manifest, (name) => !damaged.has(name), signal);
  if (!reaches(input.level, 'content')) return together(damaged, await damagedEntries(entries(), problems));
  const inLists = (objectListOf(manifest)?.objectBytes ?? 0) + (functionListOf(manifest)?.fileBytes ?? 0);
  meter.step(
    'content',
    'bytes',
    manifest.artifacts.reduce((sum, { size }) => sum + size, inLists),
  );
  const chunks = new ChunkOpener(repository, manifest, signal);
  try {
    await findContentDamage(manifest, chunks, damaged, meter, signal);
    return together(damaged, await damagedContents(entries(), chunks, meter, signal));
  } finally {
    chunks.close();
  }
}

const together = (artifacts: Map<string, DamagedArtifact>, listed: Damage): Damage => ({
  named: [...artifacts.values(), ...listed.named],
  count: artifacts.size + listed.count,
});

async function findContentDamage(
  manifest: Manifest,
  chunks: ChunkOpener,
  damaged: Map<string, DamagedArtifact>,
  meter: Meter,
  signal: AbortSignal,
): Promise<void> {
  const scanner = takeScanner();
  const place = ({ pieces }: Artifact): number => pieces[0]?.chunk ?? -1;
  try {
    for (const artifact of [...manifest.artifacts].sort((a, b) => place(a) - place(b))) {
      signal.throwIfAborted();
      if (!damaged.has(artifact.name)) {
        const problem = await contentProblem(chunks, artifact, scanner);
        if (problem) damaged.set(artifact.name, { artifact: artifact.name, problem, cost: costOf(artifact) });
      }
      meter.add(artifact.size, artifact.size, 'rows' in artifact ? artifact.rows : 0);
    }
  } finally {
    keepScanner(scanner);
  }
}

function result(
  input: VerifyInput,
  manifest: Manifest | null,
  began: number,
  found: { damage: Damage } & Partial<Pick<VerificationResult, 'differences' | 'gaps'>>,
): VerificationResult {
  const { damage, differences = [], gaps = [] } = found;
  const artifacts = manifest?.artifacts ?? [];
  const tables = artifacts.filter(isTable);
  const list = manifest && objectListOf(manifest);
  const proven = gaps.length > 0 ? 'proven-with-gaps' : 'proven';
  return {
    level: input.level,
    verdict: damage.count > 0 ? 'damaged' : differences.length > 0 ? 'different' : proven,
    damaged: damage.named.slice(0, SHOWN),
    damagedCount: damage.count,
    differences: differences.slice(0, SHOWN),
    differenceCount: differences.length,
    gaps,
    artifacts: artifacts.length,
    bytes: artifacts.reduce((sum, { size }) => sum + size, list?.objectBytes ?? 0),
    tables: tables.length,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    objects: list?.objects ?? 0,
    seconds: (Date.now() - began) / 1000,
  };
}
