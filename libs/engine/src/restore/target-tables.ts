import type pg from 'pg';
import { displayName, qualified } from '../postgres/identifiers.ts';
import type { QualifiedName } from './sql-tokens.ts';

/** A relation of the target that was chosen, or lies below one in a tree of partitions or heirs. */
export interface TargetTable extends QualifiedName {
  oid: string;
  /** As in pg_class: r table, p partitioned, f foreign, v view, m materialised view, S sequence. */
  relkind: string;
  owned: boolean;
  mayInsert: boolean;
  mayTruncate: boolean;
  mayRead: boolean;
  /** Row-level security would hide rows from the role. */
  hidden: boolean;
  columns: string[];
  generated: string[];
}

/** A foreign key of the target. */
export interface TargetForeignKey {
  name: string;
  table: string;
  tableOid: string;
  references: string;
  referencesOid: string;
  deferrable: boolean;
  validated: boolean;
  definition: string;
}

export const targetKey = ({ schema, name }: QualifiedName): string => displayName(schema, name);

/** The trees that begin with the named relations, as (oid); $1 schemas, $2 names. */
const TREE = `WITH RECURSIVE tree AS (
  SELECT c.oid FROM unnest($1::text[], $2::text[]) w (schema, name)
    JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
      AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
  UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree t ON t.oid = i.inhparent)`;

const namesOf = (relations: QualifiedName[]): [string[], string[]] => [
  relations.map(({ schema }) => schema),
  relations.map(({ name }) => name),
];

/** Those of the relations that the target holds, and all below them. */
export async function readTargetTables(client: pg.Client, relations: QualifiedName[]): Promise<TargetTable[]> {
  const { rows } = await client.query<TargetTable>(
    `${TREE}
     SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS relkind,
       pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned,
       pg_catalog.has_table_privilege(c.oid, 'INSERT') AS "mayInsert",
       pg_catalog.has_table_privilege(c.oid, 'TRUNCATE') AS "mayTruncate",
       pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS "mayRead",
       pg_catalog.row_security_active(c.oid) AS hidden, coalesce(a.columns, '{}') AS columns,
       coalesce(a.generated, '{}') AS generated
     FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN LATERAL (SELECT pg_catalog.array_agg(x.attname::text) AS columns,
         pg_catalog.array_agg(x.attname::text) FILTER (WHERE x.attgenerated <> '') AS generated
       FROM pg_catalog.pg_attribute x WHERE x.attrelid = c.oid AND x.attnum > 0 AND NOT x.attisdropped) a ON true
     ORDER BY 2, 3`,
    namesOf(relations),
  );
  return rows;
}

/** Which of the relations the target holds, by `displayName`. */
export async function readPresent(client: pg.Client, relations: QualifiedName[]): Promise<Set<string>> {
  const { rows } = await client.query<QualifiedName>(
    `SELECT n.nspname AS schema, c.relname AS name FROM unnest($1::text[], $2::text[]) w (schema, name)
     JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
     JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p', 'f')`,
    namesOf(relations),
  );
  return new Set(rows.map(targetKey));
}

/** Child -> parents among the tables, by OID. */
export async function readParents(client: pg.Client, oids: string[]): Promise<Map<string, string[]>> {
  const { rows } = await client.query<{ child: string; parents: string[] }>(
    `SELECT inhrelid::text AS child, pg_catalog.array_agg(inhparent::text) AS parents FROM pg_catalog.pg_inherits
     WHERE inhrelid = ANY ($1::oid[]) GROUP BY 1`,
    [oids],
  );
  return new Map(rows.map(({ child, parents }) => [child, parents]));
}

/** Foreign keys from one of the tables to any, or from any to one of the tables, without those that come from a parent. */
export async function readForeignKeys(client: pg.Client, oids: string[]): Promise<TargetForeignKey[]> {
  const { rows } = await client.query<
    TargetForeignKey & { schema: string; table: string; toSchema: string; to: string }
  >(
    `SELECT k.conname AS name, n.nspname AS schema, c.relname AS table, c.oid::text AS "tableOid",
       rn.nspname AS "toSchema", r.relname AS to, r.oid::text AS "referencesOid", k.condeferrable AS deferrable,
       k.convalidated AS validated, pg_catalog.pg_get_constraintdef(k.oid) AS definition
     FROM pg_catalog.pg_constraint k
       JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_class r ON r.oid = k.confrelid JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
       LEFT JOIN pg_catalog.pg_constraint p ON p.oid = k.conparentid
     WHERE k.contype = 'f' AND (k.conrelid = ANY ($1::oid[]) OR k.confrelid = ANY ($1::oid[]))
       AND (p.oid IS NULL OR NOT (p.conrelid = ANY ($1::oid[]) OR p.confrelid = ANY ($1::oid[])))
     ORDER BY 2, 3, 1`,
    [oids],
  );
  return rows.map(({ schema, toSchema, to, ...key }) => ({
    ...key,
    table: displayName(schema, key.table),
    references: displayName(toSchema, to),
  }));
}

const AT_ONCE = 50;

/** Those of the tables that hold rows of their own; the caller has made sure that it may read them. */
export async function tablesWithRows(client: pg.Client, tables: TargetTable[]): Promise<TargetTable[]> {
  const found: TargetTable[] = [];
  for (let at = 0; at < tables.length; at += AT_ONCE) {
    const batch = tables.slice(at, at + AT_ONCE);
    const query = batch.map(
      ({ schema, name }, place) =>
        `SELECT ${place} AS place WHERE EXISTS (SELECT FROM ONLY ${qualified(schema, name)})`,
    );
    const { rows } = await client.query<{ place: number }>(query.join(' UNION ALL '));
    for (const { place } of rows) {
      const table = batch[place];
      if (table) found.push(table);
    }
  }
  return found;
}

/** Something that lives in a schema, and how it is dropped. */
export interface SchemaObject {
  /** In the words of pg_identify_object. */
  type: string;
  identity: string;
  drop: string;
}

const DROPPED_AS: Record<string, string> = {
  aggregate: 'ROUTINE',
  'composite type': 'TYPE',
  function: 'ROUTINE',
  procedure: 'ROUTINE',
  'statistics object': 'STATISTICS',
};

/** All that DROP SCHEMA would take away, without extensions and what belongs to them. */
export async function readSchemaObjects(client: pg.Client, schemas: string[]): Promise<SchemaObject[]> {
  const { rows } = await client.query<{ type: string; identity: string }>(
    `SELECT DISTINCT io.type, io.identity FROM pg_catalog.pg_depend d
       JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_namespace'::regclass,
       LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) io
     WHERE n.nspname = ANY ($1::text[]) AND d.deptype = 'n' AND d.classid <> 'pg_catalog.pg_extension'::regclass
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
         WHERE e.classid = d.classid AND e.objid = d.objid AND e.objsubid = 0 AND e.deptype IN ('e', 'i'))
     ORDER BY 1 DESC, 2`,
    [schemas],
  );
  return rows.map(({ type, identity }) => ({
    ...{ type, identity },
    drop: `DROP ${DROPPED_AS[type] ?? type.toUpperCase()} IF EXISTS ${identity} CASCADE`,
  }));
}
