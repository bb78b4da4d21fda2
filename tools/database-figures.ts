import { compareCatalogs, readCatalog, type Catalog, type PostgresTarget } from '@holdfast/engine';
import pg from 'pg';

/** Rows and a checksum of one table, computed by the server itself: another way than the engine's. */
interface TableFigures {
  table: string;
  rows: string;
  checksum: string;
}

/** How two databases differ; empty lists: not at all. */
export interface DatabaseComparison {
  tables: number;
  rows: number;
  differingTables: string[];
  catalogDifferences: string[];
}

const connectTo = async ({ host, port, database, user, password }: PostgresTarget): Promise<pg.Client> => {
  const client = new pg.Client({ host, port, database, user, password });
  await client.connect();
  return client;
};

/** What a project's server sets anew of a row when it takes a bucket or an object. */
const SET_BY_SERVER: Record<string, string> = {
  'storage.buckets': "to_jsonb(t) - 'updated_at'",
  'storage.objects': "to_jsonb(t) - 'version' #- '{metadata,lastModified}'",
};

/** All that two databases are compared by. */
export interface DatabaseFigures {
  tables: TableFigures[];
  catalog: Catalog;
}

async function tablesOf(client: pg.Client): Promise<TableFigures[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`,
  );
  const figures: TableFigures[] = [];
  for (const { name } of rows) {
    const found = await client.query<{ rows: string; checksum: string }>(
      `SELECT count(*)::text AS rows, coalesce(sum(hashtextextended(r.value, 0)::numeric), 0)::text AS checksum
       FROM ONLY ${name} t, LATERAL (SELECT (${SET_BY_SERVER[name] ?? 't'})::text AS value) r`,
    );
    figures.push({ table: name, rows: found.rows[0]?.rows ?? '', checksum: found.rows[0]?.checksum ?? '' });
  }
  return figures;
}

/** Reads every table's rows and checksum, and the catalog with the large objects. */
export async function figuresOf(database: PostgresTarget): Promise<DatabaseFigures> {
  const client = await connectTo(database);
  try {
    return { tables: await tablesOf(client), catalog: await readCatalog(client, {}) };
  } finally {
    await client.end();
  }
}

/** Compares what two databases were found to hold. */
export function compareFigures(expected: DatabaseFigures, found: DatabaseFigures): DatabaseComparison {
  const other = new Map(found.tables.map((figures) => [figures.table, figures]));
  const differing = expected.tables.filter(({ table, rows, checksum }) => {
    const twin = other.get(table);
    return twin?.rows !== rows || twin.checksum !== checksum;
  });
  return {
    tables: expected.tables.length,
    rows: expected.tables.reduce((sum, { rows }) => sum + Number(rows), 0),
    differingTables: differing.map(({ table }) => table),
    catalogDifferences: compareCatalogs(expected.catalog, found.catalog).map(
      ({ kind, subject }) => `${kind} ${subject}`,
    ),
  };
}

/** Compares two databases: every table's rows and checksum, large objects, and the catalogs. */
export const compareDatabases = async (expected: PostgresTarget, found: PostgresTarget): Promise<DatabaseComparison> =>
  compareFigures(await figuresOf(expected), await figuresOf(found));
