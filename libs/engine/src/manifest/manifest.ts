import { OperationError, type Coverage, type EnvironmentKind } from '@holdfast/contracts';
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { ChunkDescription } from '../repository/chunk-store.ts';
import { FORMAT_VERSION, manifestPath, type Repository } from '../repository/repository.ts';

/** A stretch of a chunk's plain bytes. `chunk` is an index into the manifest's `chunks`. */
export interface Piece {
  chunk: number;
  offset: number;
  length: number;
  sha256: string;
}

interface ArtifactFields {
  name: string;
  /** Plain bytes. */
  size: number;
  /** SHA-256 over the pieces' SHA-256, in order. */
  digest: string;
  pieces: Piece[];
}

/** A text artifact: SQL that restores one part, or the catalog as JSON. */
export interface TextArtifact extends ArtifactFields {
  kind:
    | 'pre-data'
    | 'post-data'
    | 'sequences'
    | 'large-object-definitions'
    | 'roles'
    | 'database'
    | 'catalog'
    | 'buckets'
    | 'settings';
}

/** The rows of one table, as COPY text. */
export interface TableArtifact extends ArtifactFields {
  kind: 'table';
  schema: string;
  table: string;
  /** Columns in the order of the text; empty: the table has none that can be written. */
  columns: string[];
  rows: number;
  checksum: string;
  /** Set where rows must be given to the partitioned root, which then spreads them itself. */
  loadInto: { schema: string; table: string } | null;
  /** Set on an extension's configuration table: which of its rows these are. */
  condition: string | null;
}

/** The pages of all large objects: COPY text of (oid, offset, bytes). */
export interface LargeObjectArtifact extends ArtifactFields {
  kind: 'large-objects';
  rows: number;
  checksum: string;
}

/** The list of all storage objects, one JSON line each, which say where their bytes lie in the manifest's chunks. */
export interface ObjectListArtifact extends ArtifactFields {
  kind: 'objects';
  objects: number;
  /** Plain bytes of the objects. */
  objectBytes: number;
}

/** The list of all functions, one JSON line each, which say where the bytes of their files lie. */
export interface FunctionListArtifact extends ArtifactFields {
  kind: 'functions';
  /** Where they came from: a directory has paths of its own, and does not say everything. */
  origin: 'management' | 'directory';
  functions: number;
  files: number;
  /** Plain bytes of the files. */
  fileBytes: number;
}

export type Artifact = TextArtifact | TableArtifact | LargeObjectArtifact | ObjectListArtifact | FunctionListArtifact;

/** A role as it was, without its password. */
export interface RoleDescription {
  name: string;
  superuser: boolean;
  inherit: boolean;
  createRole: boolean;
  createDatabase: boolean;
  login: boolean;
  replication: boolean;
  bypassRls: boolean;
  connectionLimit: number;
  validUntil: string | null;
  settings: string[];
  memberOf: { role: string; admin: boolean; inherit: boolean | null; set: boolean | null }[];
}

/** Where and when a backup was taken. */
export interface ManifestSource {
  environmentId: string;
  environmentName: string;
  environmentKind: EnvironmentKind;
  serverVersion: string;
  serverMajor: number;
  systemIdentifier: string | null;
  database: string;
  encoding: string;
  collate: string;
  ctype: string;
  localeProvider: string;
  icuLocale: string | null;
  walPosition: string | null;
  /** The snapshot's name and its instant, as the server gave them. */
  snapshot: string;
  takenAt: string;
  extensions: { name: string; version: string; schema: string }[];
  roles: RoleDescription[];
  /** What COPY text is encoded in: UTF8, or SQL_ASCII for a database without an encoding. */
  clientEncoding: string;
}

export interface Manifest {
  holdfast: 'manifest';
  formatVersion: number;
  repositoryId: string;
  backupId: string;
  name: string;
  description: string;
  tags: string[];
  components: string[];
  codec: 'zstd';
  keyId: null;
  tool: string;
  source: ManifestSource;
  coverage: Coverage;
  chunks: ChunkDescription[];
  artifacts: Artifact[];
}

const LABEL = 'holdfast manifest 1';

const macOf = (repository: Repository, text: string): string =>
  createHmac('sha256', repository.idKey).update(LABEL).update('\0').update(text).digest('hex');

/** The file: `{"mac":"…","manifest":{…}}`, the MAC over the exact text of the inner object. */
const fileText = (repository: Repository, manifest: Manifest): string => {
  const text = JSON.stringify(manifest);
  return `{"mac":"${macOf(repository, text)}","manifest":${text}}\n`;
};

/** Writes the manifest and reads it back; answers the SHA-256 and the size of its file. */
export async function writeManifest(
  repository: Repository,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<{ sha256: string; sizeBytes: number }> {
  const { environmentId } = manifest.source;
  const path = manifestPath(environmentId, manifest.backupId);
  const bytes = Buffer.from(fileText(repository, manifest));
  await repository.driver.write(path, bytes, signal);
  const back = await repository.driver.read(path, signal);
  if (!back?.equals(bytes)) {
    throw new OperationError('backup.not_written', `The manifest of ${manifest.backupId} does not read back`);
  }
  return { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length };
}

const damaged = (message: string, cause?: unknown): OperationError =>
  new OperationError('manifest.damaged', message, {
    hint: 'Restore from another backup; the chunks of this one may still be whole.',
    cause,
  });

function parse(bytes: Buffer): { mac: string; manifest: Manifest } {
  let parsed: { mac: string; manifest: Manifest } | null;
  try {
    parsed = JSON.parse(bytes.toString('utf8')) as typeof parsed;
  } catch (error) {
    throw damaged('The manifest is no JSON', error);
  }
  const manifest = parsed?.manifest;
  if (!parsed || typeof manifest !== 'object' || manifest?.holdfast !== 'manifest') {
    throw damaged('The manifest has another form');
  }
  return parsed;
}

/** Whether the text is what the MAC was made over, whatever the manifest says about its own format. */
function isAuthentic(repository: Repository, mac: string, manifest: Manifest): boolean {
  const expected = Buffer.from(macOf(repository, JSON.stringify(manifest)));
  const given = Buffer.from(String(mac));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** A newer format is refused by its number; one of ours whose number was damaged is not taken for a newer one. */
function refuseNewer(repository: Repository, mac: string, manifest: Manifest): void {
  if (!(manifest.formatVersion > FORMAT_VERSION)) return;
  if (isAuthentic(repository, mac, { ...manifest, formatVersion: FORMAT_VERSION })) {
    throw damaged('The manifest is not authentic: its format was changed after it was written');
  }
  throw new OperationError(
    'repository.format_unsupported',
    `The manifest has format ${manifest.formatVersion}; this version reads up to ${FORMAT_VERSION}`,
    { hint: 'Use a newer Holdfast.' },
  );
}

async function readBytes(repository: Repository, path: string, signal: AbortSignal): Promise<Buffer> {
  const bytes = await repository.driver.read(path, signal).catch((error: unknown) => {
    if (error instanceof OperationError && error.code === 'backup.damaged') throw damaged(error.message, error);
    throw error;
  });
  if (bytes) return bytes;
  throw new OperationError('manifest.missing', `${path} is missing in ${repository.driver.location}`);
}

/**
 * Reads and authenticates a manifest. Throws `manifest.missing`, or `manifest.damaged` when a single bit differs, when
 * it is another backup's, or when its file is not the one the catalog knows (`knownSha256`).
 */
export async function readManifest(
  repository: Repository,
  environmentId: string,
  backupId: string,
  signal: AbortSignal,
  knownSha256: string | null = null,
): Promise<Manifest> {
  const path = manifestPath(environmentId, backupId);
  const bytes = await readBytes(repository, path, signal);
  if (knownSha256 !== null && createHash('sha256').update(bytes).digest('hex') !== knownSha256) {
    throw damaged('The manifest is not the one that was recorded when the backup was completed');
  }
  const { mac, manifest } = parse(bytes);
  refuseNewer(repository, mac, manifest);
  if (!isAuthentic(repository, mac, manifest) || !bytes.equals(Buffer.from(fileText(repository, manifest)))) {
    throw damaged('The manifest is not authentic: it was changed after it was written');
  }
  if (manifest.backupId !== backupId || manifest.source.environmentId !== environmentId) {
    throw damaged(`The manifest belongs to backup ${manifest.backupId}`);
  }
  return manifest;
}

export const isTable = (artifact: Artifact): artifact is TableArtifact => artifact.kind === 'table';

/** The list of storage objects; null: storage is not part of the backup. */
export const objectListOf = (manifest: Manifest): ObjectListArtifact | null =>
  manifest.artifacts.find((artifact): artifact is ObjectListArtifact => artifact.kind === 'objects') ?? null;

/** The list of functions; null: they are not part of the backup. */
export const functionListOf = (manifest: Manifest): FunctionListArtifact | null =>
  manifest.artifacts.find((artifact): artifact is FunctionListArtifact => artifact.kind === 'functions') ?? null;

/** The text artifact of a kind; a manifest holds each once. */
export function textArtifact(manifest: Manifest, kind: TextArtifact['kind']): TextArtifact {
  const found = manifest.artifacts.find((artifact) => artifact.kind === kind);
  if (!found) throw damaged(`The manifest has no ${kind}`);
  return found as TextArtifact;
}
