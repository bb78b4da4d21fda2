import { OperationError } from '@holdfast/contracts';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { readArtifact } from '../manifest/artifact-reader.ts';
import type { Artifact, LargeObjectArtifact, Manifest, TableArtifact } from '../manifest/manifest.ts';
import { disconnect, socketOf, translateQuery } from '../postgres/connection.ts';
import { qualified, quoteIdent } from '../postgres/identifiers.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import type { Repository } from '../repository/repository.ts';
import type { Meter } from '../run.ts';
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

async function copyIn(
  input: Omit<LoadInput, 'target'>,
  client: pg.Client,
  artifact: Artifact & { rows: number },
  statement: string,
): Promise<void> {
  const { repository, manifest, signal, meter } = input;
  // with this mark every part waits for the one before it to be with the system: its memory is used again then
  const sink = client.query(copyFrom(statement, { highWaterMark: 1 }));
  const { writableHighWaterMark } = socketOf(client);
  const source = async function* (): AsyncGenerator<Buffer> {
    for await (const part of readArtifact(repository, manifest, artifact, signal)) {
      meter.add(part.length, part.length);
      // one that fits into the socket's own queue is called written while it is there
      yield part.length < writableHighWaterMark ? Buffer.from(part) : part;
    }
  };
  await pipeline(source, sink);
  meter.add(0, 0, artifact.rows);
  if (sink.rowCount !== artifact.rows) {
    const counts = `${artifact.rows} rows were backed up, ${sink.rowCount} arrived`;
    throw new OperationError('restore.differs', `${artifact.name}: ${counts}`);
  }
}

/** Loads one table on the given session. Throws what Postgres says, naming the table. */
export async function loadTable(
  input: Omit<LoadInput, 'target'>,
  client: pg.Client,
  artifact: TableArtifact,
): Promise<void> {
  try {
    await copyIn(input, client, artifact, copyInStatement(artifact));
  } catch (error) {
    input.signal.throwIfAborted();
    throw translateQuery(error, `Table ${artifact.name}`);
  }
}

/** Whether an artifact lies within a chunk that it shares with others. */
export const isPacked = ({ pieces }: TableArtifact): boolean => pieces.length === 1 && (pieces[0]?.offset ?? 0) > 0;

/** Largest first, so that the last ones even out; those of one shared chunk together, so that it is opened once. */
export const inLoadOrder = (tables: TableArtifact[]): TableArtifact[] => [
  ...tables.filter((table) => !isPacked(table)).sort((a, b) => b.size - a.size),
  ...tables.filter(isPacked).sort((a, b) => (a.pieces[0]?.chunk ?? 0) - (b.pieces[0]?.chunk ?? 0)),
];

/** Writes the pages of large objects; pre-data has made the objects. */
export async function loadLargeObjects(input: LoadInput, artifact: LargeObjectArtifact): Promise<void> {
  const client = await openSession({ ...input, clientEncoding: 'UTF8' });
  try {
    await client.query('BEGIN');
    // a table, because COPY is the way in that streams; it is gone with the transaction
    await client.query('CREATE TEMP TABLE pages (object oid, place bigint, bytes bytea) ON COMMIT DROP');
    await copyIn(input, client, artifact, 'COPY pg_temp.pages FROM STDIN');
    await client.query('SELECT count(pg_catalog.lo_put(object, place, bytes)) FROM pg_temp.pages');
    await client.query('COMMIT');
  } catch (error) {
    input.signal.throwIfAborted();
    throw translateQuery(error, 'Large objects');
  } finally {
    await disconnect(client);
  }
}
