import { OperationError, type Difference } from '@holdfast/contracts';
import type pg from 'pg';
import { copyStatement } from '../backup/capture-rows.ts';
import { LARGE_OBJECTS_COPY } from '../backup/schema-texts.ts';
import { readText } from '../manifest/artifact-reader.ts';
import { isTable, textArtifact, type Manifest, type TableArtifact } from '../manifest/manifest.ts';
import { compareCatalogs, readCatalog, type Catalog } from '../postgres/catalog.ts';
import { connect, destroy, disconnect, faultCode, translateQuery } from '../postgres/connection.ts';
import { copyOut } from '../postgres/copy-out.ts';
import { displayName } from '../postgres/identifiers.ts';
import { excludedSchemas } from '../postgres/inspect.ts';
import { READ_SETTINGS } from '../postgres/snapshot.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import type { Repository } from '../repository/repository.ts';
import { checksumText, type RowFigures } from '../rows/row-scanner.ts';
import type { Meter } from '../run.ts';
import { sideBySide } from '../side-by-side.ts';
import type { EarlyCompare } from './early-compare.ts';

export interface CompareInput {
  repository: Repository;
  manifest: Manifest;
  target: PostgresTarget;
  parallel: number;
  signal: AbortSignal;
  meter: Meter;
  /** Only rows of these are compared. */
  keepsTable: (table: TableArtifact) => boolean;
  /** What was chosen, in place of the backup's own; then large objects are not compared. */
  tables?: TableArtifact[];
  /** Cuts both catalogs to what was restored. */
  selectCatalog: (catalog: Catalog) => Catalog;
  rows: boolean;
  /** Tables that were compared before. */
  early?: EarlyCompare;
}

/** What rows are compared by: one or more artifacts and the table that holds them now. */
export interface RowsToCompare {
  name: string;
  statement: string;
  rows: number;
  checksum: string;
  size: number;
}

/** Rows that were given to a partitioned root are compared there: which partition has them now follows new OIDs. */
export function rowsToCompare(tables: TableArtifact[]): RowsToCompare[] {
  const byTarget = new Map<string, RowsToCompare>();
  for (const artifact of tables) {
    const { schema, table } = artifact.loadInto ?? artifact;
    const name = displayName(schema, table);
    const known = byTarget.get(name);
    const sum = BigInt(`0x${known?.checksum ?? '0'}`) + BigInt(`0x${artifact.checksum}`);
    const source = { schema, name: table, columns: artifact.columns, condition: artifact.condition };
    const columns = artifact.columns.map((column) => `"${column.replaceAll('"', '""')}"`).join(', ');
    const root = `COPY (SELECT ${columns} FROM "${schema.replaceAll('"', '""')}"."${table.replaceAll('"', '""')}") TO STDOUT`;
    byTarget.set(name, {
      name,
      statement: artifact.loadInto ? root : copyStatement(source),
      rows: (known?.rows ?? 0) + artifact.rows,
      checksum: checksumText(sum),
      size: (known?.size ?? 0) + artifact.size,
    });
  }
  return [...byTarget.values()].sort((a, b) => b.size - a.size);
}

/** Reads rows as the backup did, telling of bytes and rows as they come; null: the table is not there. */
export async function readRows(
  client: pg.Client,
  { name, statement }: Pick<RowsToCompare, 'name' | 'statement'>,
  tell: (bytes: number, rows: number) => void,
): Promise<RowFigures | null> {
  let told = 0;
  let toldRows = 0;
  try {
    return await copyOut(client, statement, {
      chunk: () => undefined,
      pause: () => undefined,
      progress: ({ rows, bytes }) => {
        tell(bytes - told, rows - toldRows);
        told = bytes;
        toldRows = rows;
      },
    });
  } catch (error) {
    if (['42P01', '42703', '3F000'].includes(faultCode(error) ?? '')) return null;
    throw translateQuery(error, name);
  }
}

/** Null: the same rows. A table that is not there is a difference, not an accident. */
export function rowDifference(
  expected: RowsToCompare,
  found: Pick<RowFigures, 'rows' | 'checksum'> | null,
): Difference | null {
  if (found?.rows === expected.rows && found.checksum === expected.checksum) return null;
  const shown = (figures: { rows: number; checksum: string }): string =>
    `${figures.rows} rows, checksum ${figures.checksum}`;
  return {
    ...{ kind: 'rows', subject: expected.name, protection: false },
    expected: found ? shown(expected) : `${expected.rows} rows`,
    found: found && shown(found),
  };
}

/** Compares a table's rows with the backup's; null: the same. */
export const compareOne = async (
  client: pg.Client,
  expected: RowsToCompare,
  tell: (bytes: number, rows: number) => void,
): Promise<Difference | null> => rowDifference(expected, await readRows(client, expected, tell));

async function compareRows(input: CompareInput): Promise<Difference[]> {
  const { artifacts } = input.manifest;
  const { compared = new Map<string, never>() } = input.early ?? {};
  const tables = rowsToCompare(input.tables ?? artifacts.filter(isTable).filter(input.keepsTable));
  const queue = tables.filter(({ name }) => !compared.has(name));
  const early = [...compared.values()];
  input.meter.add(early.reduce((sum, { size }) => sum + size, 0));
  const objects = input.tables ? undefined : artifacts.find(({ kind }) => kind === 'large-objects');
  if (objects?.kind === 'large-objects') {
    queue.push({ ...objects, name: 'large objects', statement: LARGE_OBJECTS_COPY });
  }
  const differences: Difference[] = early.flatMap(({ difference }) => difference ?? []);
  const clients: pg.Client[] = [];
  const settings = { ...READ_SETTINGS, client_encoding: input.manifest.source.clientEncoding };
  const work = async (): Promise<void> => {
    const client = await connect(input.target, { signal: input.signal, settings });
    clients.push(client);
    // large objects are read by descriptors, which live in a transaction
    await client.query('BEGIN READ ONLY');
    for (let next = queue.shift(); next; next = queue.shift()) {
      const tell = (bytes: number, rows: number): void => input.meter.add(bytes, bytes, rows);
      const difference = await compareOne(client, next, tell);
      if (!difference) continue;
      differences.push(difference);
      await client.query('ROLLBACK');
      await client.query('BEGIN READ ONLY');
    }
  };
  const stopOthers = (): void => {
    queue.length = 0;
    clients.forEach(destroy);
  };
  try {
    await sideBySide(input.parallel, work, stopOthers);
  } catch (error) {
    input.signal.throwIfAborted();
    throw error;
  } finally {
    await Promise.all(clients.map((client) => disconnect(client)));
  }
  return differences;
}

/** The catalog that a backup was taken of. */
export async function readExpectedCatalog(
  repository: Repository,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<Catalog> {
  return JSON.parse(await readText(repository, manifest, textArtifact(manifest, 'catalog'), signal)) as Catalog;
}

async function compareSchema(input: CompareInput): Promise<Difference[]> {
  const { manifest, signal } = input;
  const expected = await readExpectedCatalog(input.repository, manifest, signal);
  const clients: pg.Client[] = [];
  const open = async (): Promise<pg.Client> => {
    const client = await connect(input.target, { signal, settings: READ_SETTINGS });
    clients.push(client);
    await client.query('BEGIN READ ONLY');
    return client;
  };
  try {
    // nobody else knows of this database yet, so that two sessions read the same
    const opening = [open(), ...(input.parallel > 1 ? [open()] : [])] as const;
    await Promise.allSettled(opening);
    const [client, beside = null] = await Promise.all(opening);
    const excludeSchemas = excludedSchemas(manifest.source.environmentKind);
    const found = await readCatalog(client, { excludeSchemas }, beside);
    return compareCatalogs(input.selectCatalog(expected), input.selectCatalog(found));
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof OperationError ? error : translateQuery(error, 'reading the restored catalog');
  } finally {
    await Promise.all(clients.map((client) => disconnect(client)));
  }
}

/** Compares a restored database with its backup: every table's count and checksum, then the catalogs. */
export async function compareWithBackup(input: CompareInput): Promise<Difference[]> {
  const rows = input.rows ? await compareRows(input) : [];
  return [...rows, ...(await compareSchema(input))];
}
