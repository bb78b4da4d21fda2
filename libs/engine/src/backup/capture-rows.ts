import { OperationError } from '@holdfast/contracts';
import type pg from 'pg';
import type { Artifact, TableArtifact } from '../manifest/manifest.ts';
import { destroy, translateQuery } from '../postgres/connection.ts';
import { copyOut } from '../postgres/copy-out.ts';
import { displayName, qualified, quoteIdent } from '../postgres/identifiers.ts';
import { reading } from '../postgres/inspect.ts';
import type { Snapshot } from '../postgres/snapshot.ts';
import type { SourceTable } from '../postgres/tables.ts';
import type { Meter } from '../run.ts';
import { sideBySide } from '../side-by-side.ts';
import { PACKED_BELOW, type ArtifactWriter } from './artifact-writer.ts';
import { LARGE_OBJECTS_COPY } from './schema-texts.ts';

/** Finishes an artifact's entry once the writer has settled. */
export type PendingArtifact = () => Artifact;

/** The COPY that reads a table's rows: its own only, by the columns that can be written back. */
export function copyStatement(table: Pick<SourceTable, 'schema' | 'name' | 'columns' | 'condition'>): string {
  const columns = table.columns.map(quoteIdent).join(', ');
  const name = qualified(table.schema, table.name);
  // a condition is the text of a WHERE clause, as the extension's author wrote it
  if (table.condition) return `COPY (SELECT ${columns} FROM ONLY ${name} ${table.condition}) TO STDOUT`;
  return `COPY ${name}${columns === '' ? '' : ` (${columns})`} TO STDOUT`;
}

/** Heap bytes are known beforehand, text bytes are not: progress goes by the former and ends exactly at the total. */
function heapMeter(meter: Meter, table: SourceTable) {
  let told = 0;
  let bytes = 0;
  let rows = 0;
  return (figures: { rows: number; bytes: number }, ended: boolean): void => {
    const done = ended ? table.sizeBytes : Math.min(figures.bytes, Math.floor(table.sizeBytes * 0.98));
    meter.add(Math.max(0, done - told), figures.bytes - bytes, figures.rows - rows);
    told = Math.max(told, done);
    bytes = figures.bytes;
    rows = figures.rows;
  };
}

/** Copies a table's rows; null when somebody is queued for an exclusive lock on it and nothing was read. */
async function captureTable(
  client: pg.Client,
  table: SourceTable,
  writer: ArtifactWriter,
  meter: Meter,
): Promise<PendingArtifact | null> {
  const name = displayName(table.schema, table.name);
  const bytes = table.sizeBytes < PACKED_BELOW ? writer.beginPacked(name) : writer.begin();
  const told = heapMeter(meter, table);
  const figures = await copyOut(client, copyStatement(table), {
    chunk: (view, last) => {
      writer.check();
      bytes.chunk(view, last);
    },
    pause: () => (writer.saturated ? writer.room() : undefined),
    progress: (so) => told(so, false),
  }).catch((error: unknown) => {
    const known = translateQuery(error, `Table ${name}`);
    if (known.code === 'postgres.lock_timeout' && bytes.size === 0) return null;
    throw known;
  });
  if (figures) told(figures, true);
  const stored = bytes.end();
  if (!figures) return null;
  return (): TableArtifact => ({
    kind: 'table',
    name,
    schema: table.schema,
    table: table.name,
    columns: table.columns,
    rows: figures.rows,
    checksum: figures.checksum,
    loadInto: table.loadInto,
    condition: table.condition,
    ...stored(),
  });
}

async function captureLargeObjects(
  snapshot: Snapshot,
  writer: ArtifactWriter,
  meter: Meter,
): Promise<PendingArtifact[]> {
  const client = await reading('Large objects', async () => {
    const { rows } = await snapshot.client.query('SELECT FROM pg_catalog.pg_largeobject_metadata LIMIT 1');
    return rows.length === 0 ? null : snapshot.join();
  });
  if (!client) return [];
  const bytes = writer.begin();
  const figures = await copyOut(client, LARGE_OBJECTS_COPY, {
    chunk: (view, last) => bytes.chunk(view, last),
    pause: () => (writer.saturated ? writer.room() : undefined),
  }).catch((error: unknown) => {
    throw translateQuery(error, 'Large objects');
  });
  meter.add(0, figures.bytes);
  const stored = bytes.end();
  return [
    () => ({
      kind: 'large-objects',
      name: 'large objects',
      rows: figures.rows,
      checksum: figures.checksum,
      ...stored(),
    }),
  ];
}

/** Largest first, so that the last ones even out; then the small ones by name, so that packs come out the same. */
function inOrder(tables: SourceTable[]): SourceTable[] {
  const small = tables.filter(({ sizeBytes }) => sizeBytes < PACKED_BELOW);
  const large = tables.filter(({ sizeBytes }) => sizeBytes >= PACKED_BELOW);
  const byName = (a: SourceTable, b: SourceTable): number =>
    displayName(a.schema, a.name) < displayName(b.schema, b.name) ? -1 : 1;
  return [...large, ...small.sort(byName)];
}

/** Copies tables from the queue on sessions of their own; answers those that only the snapshot's holder can read now. */
async function captureSideBySide(
  snapshot: Snapshot,
  queue: SourceTable[],
  parallel: number,
  capture: (client: pg.Client, table: SourceTable) => Promise<boolean>,
): Promise<SourceTable[]> {
  const queuedFor: SourceTable[] = [];
  const clients: pg.Client[] = [];
  const join = async (): Promise<pg.Client> => {
    const client = await snapshot.join();
    clients.push(client);
    return client;
  };
  const work = async (): Promise<void> => {
    let client = await join();
    for (let table = queue.shift(); table; table = queue.shift()) {
      if (await capture(client, table)) continue;
      queuedFor.push(table);
      // the transaction ended with the error
      destroy(client);
      client = await join();
    }
  };
  await sideBySide(parallel, work, () => {
    queue.length = 0;
    clients.forEach(destroy);
  });
  return queuedFor;
}

/** Copies the rows of all tables, largest first, `parallel` at once; the first failure stops all. */
export async function captureRows(
  snapshot: Snapshot,
  tables: SourceTable[],
  writer: ArtifactWriter,
  meter: Meter,
  parallel: number,
): Promise<PendingArtifact[]> {
  meter.step(
    'rows',
    'bytes',
    tables.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  );
  const artifacts: PendingArtifact[] = [];
  const capture = async (client: pg.Client, table: SourceTable): Promise<boolean> => {
    const artifact = await captureTable(client, table, writer, meter);
    if (artifact) artifacts.push(artifact);
    writer.check();
    return artifact !== null;
  };
  const sessions = Math.max(1, Math.min(parallel, tables.length));
  const queuedFor = await captureSideBySide(snapshot, inOrder(tables), sessions, capture).catch((error: unknown) => {
    // what storing threw comes before the connections that were dropped because of it
    writer.check();
    throw error;
  });
  for (const table of queuedFor) {
    if (await capture(snapshot.client, table)) continue;
    throw new OperationError('postgres.lock_timeout', `Table ${displayName(table.schema, table.name)} is locked`);
  }
  return [...artifacts, ...(await captureLargeObjects(snapshot, writer, meter))];
}
