import type pg from 'pg';

export interface TableName {
  oid: string;
  schema: string;
  name: string;
}

/** A table whose rows a backup holds. */
export interface SourceTable extends TableName {
  columns: string[];
  /** Of the heap and its TOAST; what the largest-first order goes by. */
  sizeBytes: number;
  loadInto: { schema: string; table: string } | null;
  /** On an extension's configuration table: the WHERE clause of the rows to keep. */
  condition: string | null;
}

/** Schemas that are Postgres's own. */
const SYSTEM = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> ALL ($1::text[])`;
const NOT_OF_EXTENSION = `NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')`;

/** Every table that must not change while a backup reads: plain, partitioned, and extensions' configuration. */
export async function listLockable(client: pg.Client, excludeSchemas: string[]): Promise<TableName[]> {
  const { rows } = await client.query<TableName>(
    `SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND ${SYSTEM} AND (${NOT_OF_EXTENSION}
       OR EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)))
     ORDER BY 2, 3`,
    [excludeSchemas],
  );
  return rows;
}

/**
 * Partitions of a table that is hash-partitioned by an enum: the hash follows the enum's OIDs, which differ after a
 * restore, so their rows are given to the highest table that is cut so. Tables above it may have other partitions.
 */
const ENUM_HASHED_ROOT = `(SELECT pg_catalog.json_build_object('schema', rn.nspname, 'table', root.relname)
  FROM pg_catalog.pg_partition_ancestors(c.oid) WITH ORDINALITY a (relid, height)
  JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = a.relid AND p.partstrat = 'h'
  JOIN pg_catalog.pg_attribute k ON k.attrelid = a.relid AND k.attnum = ANY (p.partattrs::int2[])
  JOIN pg_catalog.pg_type t ON t.oid = k.atttypid AND t.typtype = 'e'
  JOIN pg_catalog.pg_class root ON root.oid = a.relid
  JOIN pg_catalog.pg_namespace rn ON rn.oid = root.relnamespace ORDER BY a.height DESC LIMIT 1)`;

/** Tables whose rows are copied, largest first. Generated columns are left out: the server makes them again. */
export async function listSourceTables(client: pg.Client, excludeSchemas: string[]): Promise<SourceTable[]> {
  const { rows } = await client.query<Omit<SourceTable, 'sizeBytes'> & { size: string }>(
    `SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, coalesce(cols.names, '{}') AS columns,
       pg_catalog.pg_table_size(c.oid)::text AS size,
       CASE WHEN c.relispartition THEN ${ENUM_HASHED_ROOT} END AS "loadInto", config.condition
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN LATERAL (SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) AS names
       FROM pg_catalog.pg_attribute a
       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') cols ON true
     LEFT JOIN LATERAL (SELECT coalesce(e.extcondition[x.place], '') AS condition FROM pg_catalog.pg_extension e,
       LATERAL (SELECT pg_catalog.array_position(e.extconfig, c.oid) AS place) x WHERE x.place IS NOT NULL LIMIT 1) config
       ON true
     WHERE c.relkind = 'r' AND ${SYSTEM} AND (${NOT_OF_EXTENSION} OR config.condition IS NOT NULL)
     ORDER BY pg_catalog.pg_table_size(c.oid) DESC, 2, 3`,
    [excludeSchemas],
  );
  return rows.map(({ size, ...table }) => ({ ...table, sizeBytes: Number(size) }));
}
