import { CONTENT_KINDS, type ContentItem, type ContentsSummary } from '@holdfast/contracts';
import { contentDigest, readFunctionList } from '../functions/function-list.ts';
import type { Settings } from '../functions/settings.ts';
import { readText } from '../manifest/artifact-reader.ts';
import { functionListOf, objectListOf, readManifest, type Artifact, type Manifest } from '../manifest/manifest.ts';
import { displayName } from '../postgres/identifiers.ts';
import type { Repository } from '../repository/repository.ts';
import { readObjectList } from '../storage/object-list.ts';
import { placesOf, type ObjectPlaces } from './objects-page.ts';

const SCHEMAS_TOLD = 500;

export interface ContentsInput {
  repository: Repository;
  environmentId: string;
  backupId: string;
  manifestSha256: string | null;
}

/** All that is inside a backup, in the order of lists; of its storage objects only where their list is. */
export interface BackupContents {
  items: ContentItem[];
  summary: ContentsSummary;
  /** Null: storage is not part of the backup. */
  objects: ObjectPlaces | null;
}

const NOTHING = {
  schema: null,
  comparedAs: null,
  rows: null,
  sizeBytes: null,
  checksum: null,
  objects: null,
  files: null,
};

const DEFINITIONS: Partial<Record<Artifact['kind'], (manifest: Manifest) => string>> = {
  'pre-data': () => 'Schemas, types, routines and tables',
  'post-data': () => 'Keys, indexes, triggers and policies',
  sequences: () => 'Values of sequences',
  'large-object-definitions': () => 'Large objects, without their bytes',
  roles: ({ source }) => `${source.roles.length} roles, without passwords`,
  database: () => 'Settings and grants of the database itself',
  catalog: () => 'The schema as it was read, for comparing',
};

/** Tables, large objects and texts are told by the manifest alone. */
function itemOf(manifest: Manifest, artifact: Artifact): ContentItem | null {
  const { kind, name, size: sizeBytes } = artifact;
  const item = { ...NOTHING, name, artifact: name, sizeBytes };
  if (artifact.kind === 'table') {
    const { schema, table, rows, checksum, loadInto, condition } = artifact;
    const root = loadInto ?? { schema, table };
    const comparedAs = displayName(root.schema, root.table);
    const detail = loadInto ? `A partition of ${comparedAs}` : condition && `Only its rows ${condition}`;
    return { ...item, kind: 'table', schema, name: table, comparedAs, rows, checksum, detail };
  }
  if (artifact.kind === 'large-objects') {
    const { rows, checksum } = artifact;
    return {
      ...item,
      kind: 'large-objects',
      comparedAs: 'large objects',
      rows,
      checksum,
      detail: 'Rows are their pages',
    };
  }
  const words = DEFINITIONS[kind];
  return words ? { ...item, kind: 'definitions', detail: words(manifest) } : null;
}

/** Buckets are told with what the list of objects has in them: a bucket may be empty, or its settings be unknown. */
async function buckets(repository: Repository, manifest: Manifest, signal: AbortSignal): Promise<ContentItem[]> {
  const list = objectListOf(manifest);
  if (!list) return [];
  const found = new Map<string, { objects: number; sizeBytes: number; detail: string | null }>();
  const settings = manifest.artifacts.find(({ kind }) => kind === 'buckets');
  const lines = settings ? (await readText(repository, manifest, settings, signal)).split('\n') : [];
  for (const line of lines.filter((text) => text !== '')) {
    const bucket = JSON.parse(line) as { id: string; public?: boolean };
    found.set(bucket.id, { objects: 0, sizeBytes: 0, detail: bucket.public === true ? 'Public' : 'Private' });
  }
  for await (const { bucket, size } of readObjectList(repository, manifest, list, signal)) {
    const figures = found.get(bucket) ?? { objects: 0, sizeBytes: 0, detail: null };
    found.set(bucket, { ...figures, objects: figures.objects + 1, sizeBytes: figures.sizeBytes + size });
  }
  return [...found].map(([name, figures]) => ({ ...NOTHING, kind: 'bucket', name, artifact: list.name, ...figures }));
}

async function functions(repository: Repository, manifest: Manifest, signal: AbortSignal): Promise<ContentItem[]> {
  const list = functionListOf(manifest);
  const items: ContentItem[] = [];
  if (!list) return items;
  for await (const entry of readFunctionList(repository, manifest, list, signal)) {
    const { files } = entry;
    items.push({
      ...{ ...NOTHING, kind: 'function', artifact: list.name, files: files?.length ?? null },
      name: entry.slug ?? 'shared',
      sizeBytes: files && files.reduce((sum, { size }) => sum + size, 0),
      checksum: files && contentDigest(entry, files),
      detail: entry.slug === null ? 'Files beside the functions' : files ? entry.entrypointPath : 'Without its sources',
    });
  }
  return items;
}

async function settings(repository: Repository, manifest: Manifest, signal: AbortSignal): Promise<ContentItem[]> {
  const artifact = manifest.artifacts.find(({ kind }) => kind === 'settings');
  if (!artifact) return [];
  const { groups, secrets } = JSON.parse(await readText(repository, manifest, artifact, signal)) as Settings;
  const told = Object.entries(groups).map(([name, group]) => [name, `${Object.keys(group).length} settings`]);
  if (secrets) told.push(['secrets', `Names and digests of ${secrets.length} secrets, no values`]);
  return told.map(([name = '', detail = null]) => ({
    ...{ ...NOTHING, kind: 'settings', name, artifact: artifact.name, detail },
  }));
}

const before = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

const inOrder = (a: ContentItem, b: ContentItem): number =>
  CONTENT_KINDS.indexOf(a.kind) - CONTENT_KINDS.indexOf(b.kind) ||
  before(a.schema ?? '', b.schema ?? '') ||
  before(a.name, b.name);

function summaryOf(items: ContentItem[]): ContentsSummary {
  const schemas = new Map<string, ContentsSummary['schemas'][number]>();
  for (const { kind, schema, rows, sizeBytes } of items) {
    if (kind !== 'table' || schema === null) continue;
    const sum = schemas.get(schema) ?? { name: schema, tables: 0, rows: 0, sizeBytes: 0 };
    schemas.set(schema, {
      ...{ name: schema, tables: sum.tables + 1, rows: sum.rows + (rows ?? 0) },
      sizeBytes: sum.sizeBytes + (sizeBytes ?? 0),
    });
  }
  const kinds = [...Map.groupBy(items, ({ kind }) => kind)].map(([kind, of]) => ({
    ...{ kind, count: of.length, sizeBytes: of.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0) },
  }));
  const largest = [...schemas.values()].sort((a, b) => b.sizeBytes - a.sizeBytes || before(a.name, b.name));
  return { kinds, schemas: largest.slice(0, SCHEMAS_TOLD), schemaCount: schemas.size };
}

/** Reads what is inside a backup from its manifest and the lists in it; throws what `readManifest` throws. */
export async function readContents(input: ContentsInput, signal: AbortSignal): Promise<BackupContents> {
  const { repository, environmentId, backupId, manifestSha256 } = input;
  const manifest = await readManifest(repository, environmentId, backupId, signal, manifestSha256);
  const items = [
    ...manifest.artifacts.flatMap((artifact) => itemOf(manifest, artifact) ?? []),
    ...(await buckets(repository, manifest, signal)),
    ...(await functions(repository, manifest, signal)),
    ...(await settings(repository, manifest, signal)),
  ].sort(inOrder);
  const list = objectListOf(manifest);
  return { items, summary: summaryOf(items), objects: list && placesOf(manifest, list) };
}
