import {
  OperationError,
  type BackupOutput,
  type Coverage,
  type EnvironmentKind,
  type OperationTypes,
} from '@holdfast/contracts';
import type pg from 'pg';
import {
  functionListOf,
  isTable,
  objectListOf,
  writeManifest,
  type Manifest,
  type ManifestSource,
  type TextArtifact,
} from '../manifest/manifest.ts';
import { findClient } from '../postgres/binaries.ts';
import { readCatalog } from '../postgres/catalog.ts';
import { withConnection } from '../postgres/connection.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import {
  excludedSchemas,
  readBlockers,
  readExtensions,
  readFacts,
  readGaps,
  reading,
  readRoles,
  rolePasswordGap,
} from '../postgres/inspect.ts';
import { dumpSection } from '../postgres/pg-dump.ts';
import { openSnapshot, queuedFor, READ_SETTINGS, type Snapshot } from '../postgres/snapshot.ts';
import { listSourceTables } from '../postgres/tables.ts';
import { chunkPath, FORMAT_VERSION, manifestPath, type Repository } from '../repository/repository.ts';
import { Meter, type Run } from '../run.ts';
import { captureFunctions, type CapturedFunctions, type FunctionsPlace } from '../functions/capture-functions.ts';
import { captureSettings, type CapturedSettings } from '../functions/capture-settings.ts';
import { checkParts } from '../functions/check-parts.ts';
import type { ManagementEndpoint } from '../functions/management-client.ts';
import { captureStorage, type CapturedStorage, type StorageSource } from '../storage/capture-storage.ts';
import { ArtifactWriter } from './artifact-writer.ts';
import { captureRows, type PendingArtifact } from './capture-rows.ts';
import { rolesSql } from './roles-sql.ts';
import {
  databaseSql,
  largeObjectDefinitions,
  readSequences,
  sequencesSql,
  withSequenceValues,
} from './schema-texts.ts';

/** The environment a backup is taken of. */
export interface EnvironmentRef {
  id: string;
  name: string;
  kind: EnvironmentKind;
}

export interface BackUpInput {
  environment: EnvironmentRef;
  source: PostgresTarget;
  repository: Repository;
  backup: Pick<OperationTypes['backup']['input'], 'name' | 'description' | 'tags' | 'components'> & { id: string };
  toolsDir: string;
  lockTimeoutSeconds: number;
  /** Tables read at once. */
  parallel: number;
  /** Given where `storage` is among the components. */
  storage?: StorageSource;
  /** Given where `functions` is among the components. */
  functions?: FunctionsPlace;
  /** Given where `settings` is among the components. */
  settings?: ManagementEndpoint;
}

export interface BackupSummary extends Omit<BackupOutput, 'objects' | 'objectsRead'> {
  /** Only where storage is part of it. */
  storage?: {
    /** Objects in its list. */
    objects: number;
    /** Objects whose bytes were read from the project; the others stood in an earlier backup. */
    objectsRead: number;
  };
  takenAt: string;
  serverVersion: string;
  database: string;
  manifestSha256: string;
}

type Facts = Awaited<ReturnType<typeof readFacts>>;

/** Refuses before anything is read what would make the backup incomplete. */
async function inspect(input: BackUpInput, signal: AbortSignal): Promise<{ facts: Facts; binDir: string }> {
  const excluded = excludedSchemas(input.environment.kind);
  return withConnection(input.source, { signal, settings: READ_SETTINGS }, async (client) => {
    const facts = await reading('reading the server', () => readFacts(client));
    const blockers = await reading('reading privileges', () => readBlockers(client, excluded));
    const first = blockers[0];
    if (first) {
      const more = blockers.length > 1 ? ` (and ${blockers.length - 1} more tables)` : '';
      throw new OperationError(first.code, `${first.message}${more}`, {
        hint: 'Use a role that may read every row: the owner, or one with SELECT on all tables and BYPASSRLS.',
      });
    }
    const found = await findClient(input.toolsDir, facts.serverMajor);
    if (!found) {
      throw new OperationError('postgres.client_missing', `No pg_dump for Postgres ${facts.serverMajor} was found`, {
        hint: 'Install the Postgres client of this version or a newer one on the worker.',
      });
    }
    return { facts, binDir: found.binDir };
  });
}

/** The artifacts that are text: what makes the schema, and what it is compared with later. */
async function captureTexts(
  input: BackUpInput,
  snapshot: Snapshot,
  source: ManifestSource,
  binDir: string,
  writer: ArtifactWriter,
  meter: Meter,
  signal: AbortSignal,
): Promise<PendingArtifact[]> {
  const excludeSchemas = excludedSchemas(input.environment.kind);
  meter.step('schema', 'artifacts', 7);
  const other = new AbortController();
  const section = (name: 'pre-data' | 'post-data') =>
    dumpSection({
      ...{ binDir, target: input.source, section: name, snapshot: snapshot.name, excludeSchemas },
      ...{ lockTimeoutSeconds: input.lockTimeoutSeconds, signal: AbortSignal.any([signal, other.signal]) },
    });
  const keep = async (kind: TextArtifact['kind'], text: AsyncIterable<Buffer>): Promise<PendingArtifact> => {
    const bytes = writer.begin();
    for await (const part of text) await bytes.write(part);
    const stored = bytes.end();
    meter.add(1, bytes.size);
    return () => ({ kind, name: kind, ...stored() });
  };
  // when one fails the other is stopped, and waited for: nothing goes on after this function
  const both = (['pre-data', 'post-data'] as const).map((name) =>
    keep(name, section(name)).catch((error: unknown) => {
      other.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(both);
  const { client } = snapshot;
  const dumps = await Promise.all(both).catch((error: unknown) => nameTheQueued(client, error));
  return reading('reading the schema', async () => {
    const sequences = await readSequences(client, excludeSchemas);
    const catalog = withSequenceValues(await readCatalog(client, { excludeSchemas }), sequences);
    return [
      ...dumps,
      await keep('sequences', once(sequencesSql(sequences))),
      await keep('large-object-definitions', largeObjectDefinitions(client)),
      await keep('roles', once(rolesSql(source.roles, source.serverMajor))),
      await keep('database', once(await databaseSql(client))),
      await keep('catalog', once(JSON.stringify(catalog))),
    ];
  });
}

/** pg_dump locks many tables at once and names all of them when it waited too long for one. */
async function nameTheQueued(client: pg.Client, error: unknown): Promise<never> {
  if (!(error instanceof OperationError) || error.code !== 'postgres.lock_timeout') throw error;
  const table = await reading('reading the locks', () => queuedFor(client));
  if (table === null) throw error;
  const message = `Table ${table} could not be read: somebody else waits for an exclusive lock on it`;
  throw new OperationError(error.code, message, { hint: 'Start it again when no migration is running.', cause: error });
}

async function* once(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

async function describeSource(input: BackUpInput, facts: Facts, snapshot: Snapshot): Promise<ManifestSource> {
  const { client } = snapshot;
  const { sizeBytes: _sizeBytes, ...kept } = facts;
  return {
    ...kept,
    environmentId: input.environment.id,
    environmentName: input.environment.name,
    environmentKind: input.environment.kind,
    walPosition: snapshot.walPosition,
    snapshot: snapshot.name,
    takenAt: snapshot.takenAt,
    extensions: await readExtensions(client),
    roles: await readRoles(client, facts.serverMajor),
  };
}

const INCLUDED = ['schema', 'rows', 'sequence values', 'large objects', 'roles and memberships', 'database settings'];

async function coverageOf(input: BackUpInput, snapshot: Snapshot, source: ManifestSource): Promise<Coverage> {
  const gaps = await readGaps(snapshot.client, input.environment.kind);
  return { included: INCLUDED, gaps: [...gaps, ...rolePasswordGap(source.roles)] };
}

/** Every chunk the manifest will name is there, and as long as it must be: a sweep may have run meanwhile. */
async function checkChunks(repository: Repository, writer: ArtifactWriter, meter: Meter, signal: AbortSignal) {
  meter.step('check', 'artifacts', writer.chunks.length);
  for (const chunk of writer.chunks) {
    signal.throwIfAborted();
    const size = await repository.driver.size(chunkPath(chunk.domain, chunk.id));
    if (size !== chunk.storedSize) {
      throw new OperationError('backup.not_written', `Chunk ${chunk.id} is ${size === null ? 'gone' : 'cut short'}`);
    }
    meter.add(1);
  }
}

/**
 * Takes a backup of one database at one instant: a snapshot is held, schema and rows are read under it, every chunk is
 * read back after it was written, and the manifest is written last. Nothing is listed before this function answers.
 */
export async function backUp(input: BackUpInput, run: Run): Promise<BackupSummary> {
  const meter = new Meter(run);
  meter.step('connect', 'artifacts', 1);
  // an attempt that was killed after its last write could not tell of it: what it wrote is no backup that anybody knows
  const { repository, environment, backup } = input;
  await repository.driver.remove(manifestPath(environment.id, backup.id), true);
  const { facts, binDir } = await inspect(input, run.signal);
  await checkParts(input, run.signal);
  const snapshot = await openSnapshot(input.source, {
    signal: run.signal,
    lockTimeoutSeconds: input.lockTimeoutSeconds,
    clientEncoding: facts.clientEncoding,
    excludeSchemas: excludedSchemas(input.environment.kind),
  });
  try {
    return await capture(input, facts, binDir, snapshot, meter, run.signal);
  } catch (error) {
    run.signal.throwIfAborted();
    throw error;
  } finally {
    await snapshot.close();
  }
}

const STORAGE_INCLUDED = ['buckets', 'storage objects'];

function storageOf(
  input: BackUpInput,
  snapshot: Snapshot,
  writer: ArtifactWriter,
  meter: Meter,
  signal: AbortSignal,
): Promise<CapturedStorage | null> {
  const { storage, repository, environment } = input;
  if (!storage) return Promise.resolve(null);
  return captureStorage({ storage, environmentId: environment.id, repository, snapshot, writer, meter, signal });
}

/** What of a project is neither in its database nor in its storage. */
async function projectOf(
  { functions: place, settings: management }: BackUpInput,
  takenAt: string,
  writer: ArtifactWriter,
  meter: Meter,
  signal: AbortSignal,
): Promise<{ functions: CapturedFunctions | null; settings: CapturedSettings | null }> {
  const functions = place ? await captureFunctions({ place, takenAt, writer, meter, signal }) : null;
  const settings = management ? await captureSettings({ management, writer, meter, signal }) : null;
  return { functions, settings };
}

/** Whether the repository holds a backup of the environment. */
async function hasBackups(repository: Repository, environmentId: string): Promise<boolean> {
  for await (const { path } of repository.driver.list(`backups/${environmentId}`)) {
    if (path.endsWith('/manifest.json')) return true;
  }
  return false;
}

async function capture(
  input: BackUpInput,
  facts: Facts,
  binDir: string,
  snapshot: Snapshot,
  meter: Meter,
  signal: AbortSignal,
): Promise<BackupSummary> {
  const { repository, backup } = input;
  const source = await reading('reading the source', () => describeSource(input, facts, snapshot));
  const writer = new ArtifactWriter(repository, await hasBackups(repository, source.environmentId), signal);
  const texts = await captureTexts(input, snapshot, source, binDir, writer, meter, signal);
  const tables = await reading('listing the tables', () =>
    listSourceTables(snapshot.client, excludedSchemas(input.environment.kind)),
  );
  const rows = await captureRows(snapshot, tables, writer, meter, input.parallel);
  const objects = await storageOf(input, snapshot, writer, meter, signal);
  const coverage = await reading('reading what is left out', () => coverageOf(input, snapshot, source));
  const { functions, settings } = await projectOf(input, snapshot.takenAt, writer, meter, signal);
  coverage.included = [
    ...coverage.included,
    ...(objects ? STORAGE_INCLUDED : []),
    ...(functions?.read ? ['functions'] : []),
    ...(settings?.read ? ['settings'] : []),
  ];
  const captured = [objects, functions, settings];
  coverage.gaps = [...coverage.gaps, ...captured.flatMap((part) => part?.gaps ?? [])];
  await writer.settle();
  await checkChunks(repository, writer, meter, signal);
  const project = [functions, settings].flatMap((part) => (part ? [part.artifact] : []));
  const artifacts = [...texts, ...rows, ...(objects?.artifacts ?? []), ...project].map((finish) => finish());
  meter.step('manifest', 'artifacts', 1);
  const manifest: Manifest = {
    ...{ holdfast: 'manifest', formatVersion: FORMAT_VERSION, repositoryId: repository.uid, backupId: backup.id },
    ...{ name: backup.name, description: backup.description, tags: backup.tags, components: backup.components },
    ...{ codec: 'zstd', keyId: null, tool: 'holdfast 0.1.0', source, coverage, chunks: writer.chunks, artifacts },
  };
  // last: a backup without a manifest is no backup, and one with it is whole
  const written = await writeManifest(repository, manifest, signal);
  meter.add(1);
  const tableArtifacts = artifacts.filter(isTable);
  const list = objectListOf(manifest);
  return {
    backupId: backup.id,
    tables: tableArtifacts.length,
    rows: tableArtifacts.reduce((sum, artifact) => sum + artifact.rows, 0),
    ...(objects ? { storage: { objects: list?.objects ?? 0, objectsRead: objects.downloaded } } : {}),
    ...(functions ? { functions: functions.functions } : {}),
    sizeBytes: artifacts.reduce(
      (sum, { size }) => sum + size,
      (list?.objectBytes ?? 0) + (functionListOf(manifest)?.fileBytes ?? 0),
    ),
    storedBytes: writer.addedBytes + written.sizeBytes,
    coverage,
    takenAt: snapshot.takenAt,
    serverVersion: facts.serverVersion,
    database: facts.database,
    manifestSha256: written.sha256,
  };
}
