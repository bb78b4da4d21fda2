import { OperationError } from '@holdfast/contracts';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { readArtifact } from '../manifest/artifact-reader.ts';
import type { LargeObjectArtifact, Manifest, TableArtifact } from '../manifest/manifest.ts';
import { disconnect, socketOf, translateQuery } from '../postgres/connection.ts';
import { qualified, quoteIdent } from '../postgres/identifiers.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import type { Repository } from '../repository/repository.ts';
import type { Meter } from '../run.ts';
import { readShare, type Share } from './shared-rows.ts';
import { openSession } from './statement-runner.ts';

export interface LoadInput {
  repository: Repository;
  manifest: Manifest;
  target: PostgresTarget;
  signal: AbortSignal;
  meter: Meter;
}

/** Where a table's rows go: itself, or its root where that has to spread them. */
export function copyInStatement(artifact: TableArtifact): string {
  const { schema, table } = artifact.loadInto ?? artifact;
  const columns = artifact.columns.map(quoteIdent).join(', ');
  return `COPY ${qualified(schema, table)}${columns === '' ? '' : ` (${columns})`} FROM STDIN`;
}

/** Answers how many lines arrived. */
async function copyIn(
  { meter }: Pick<LoadInput, 'meter'>,
  client: pg.Client,
  parts: AsyncIterable<Buffer>,
  statement: string,
): Promise<number> {
  // with this mark every part waits for the one before it to be with the system: its memory is used again then
  const sink = client.query(copyFrom(statement, { highWaterMark: 1 }));
  const { writableHighWaterMark } = socketOf(client);
  const source = async function* (): AsyncGenerator<Buffer> {
    for await (const part of parts) {
      meter.add(part.length, part.length);
      // one that fits into the socket's own queue is called written while it is there
      yield part.length < writableHighWaterMark ? Buffer.from(part) : part;
    }
  };
  await pipeline(source, sink);
  return sink.rowCount;
}

/** Throws `restore.differs` unless as many rows arrived as were backed up. */
export function requireAllRows({ name, rows }: Pick<TableArtifact, 'name' | 'rows'>, arrived: number): void {
  if (arrived === rows) return;
  throw new OperationError('restore.differs', `${name}: ${rows} rows were backed up, ${arrived} arrived`);
}

/** Loads a share of a table on the given session; answers how many rows arrived. Throws what Postgres says, naming the table. */
export async function loadShare(
  input: Omit<LoadInput, 'target'>,
  client: pg.Client,
  table: TableArtifact,
  share: Share,
): Promise<number> {
  try {
    const rows = await copyIn(input, client, readShare(input, share), copyInStatement(table));
    input.meter.add(0, 0, rows);
    return rows;
  } catch (error) {
    input.signal.throwIfAborted();
    throw translateQuery(error, `Table ${table.name}`);
  }
}

/** Loads one table on the given session. Throws what Postgres says, naming the table. */
export async function loadTable(
  input: Omit<LoadInput, 'target'>,
  client: pg.Client,
  table: TableArtifact,
): Promise<void> {
  const share = { name: table.name, pieces: table.pieces, asked: 0 };
  requireAllRows(table, await loadShare(input, client, table, share));
}

/** Whether an artifact lies within a chunk that it shares with others. */
export const isPacked = ({ pieces }: TableArtifact): boolean => pieces.length === 1 && (pieces[0]?.offset ?? 0) > 0;

/** Largest first, so that the last ones even out; those of one shared chunk together, so that it is opened once. */
export const inLoadOrder = (tables: TableArtifact[]): TableArtifact[] => [
  ...tables.filter((table) => !isPacked(table)).sort((a, b) => b.size - a.size),
  ...tables.filter(isPacked).sort((a, b) => (a.pieces[0]?.chunk ?? 0) - (b.pieces[0]?.chunk ?? 0)),
];

/** Writes the pages of large objects, which are no rows of anybody's; pre-data has made the objects. */
export async function loadLargeObjects(input: LoadInput, artifact: LargeObjectArtifact): Promise<void> {
  const client = await openSession({ ...input, clientEncoding: 'UTF8' });
  try {
    await client.query('BEGIN');
    // a table, because COPY is the way in that streams; it is gone with the transaction
    await client.query('CREATE TEMP TABLE pages (object oid, place bigint, bytes bytea) ON COMMIT DROP');
    const pages = readArtifact(input.repository, input.manifest, artifact, input.signal);
    requireAllRows(artifact, await copyIn(input, client, pages, 'COPY pg_temp.pages FROM STDIN'));
    await client.query('SELECT count(pg_catalog.lo_put(object, place, bytes)) FROM pg_temp.pages');
    await client.query('COMMIT');
  } catch (error) {
    input.signal.throwIfAborted();
    throw translateQuery(error, 'Large objects');
  } finally {
    await disconnect(client);
  }
}
