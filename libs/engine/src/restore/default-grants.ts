import type pg from 'pg';
import type { QualifiedName } from './sql-tokens.ts';
import { command } from './within-session.ts';

/** Objects by name, as (kind, name, acl, base); $1 and $2: schemas and names, $3: bare schemas. */
const OBJECTS = `WITH wanted AS (
    SELECT n.oid AS space, w.name FROM unnest($1::text[], $2::text[]) w (schema, name)
    JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
  ), objects AS (
    SELECT k.kind, c.oid::pg_catalog.regclass::text AS name, c.relacl AS acl, acldefault(k.code, c.relowner) AS base
    FROM wanted w JOIN pg_catalog.pg_class c ON c.relnamespace = w.space AND c.relname = w.name
      AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S'),
      LATERAL (SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
        CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END AS code) k
    UNION ALL SELECT 'ROUTINE', p.oid::pg_catalog.regprocedure::text, p.proacl, acldefault('f', p.proowner)
    FROM wanted w JOIN pg_catalog.pg_proc p ON p.pronamespace = w.space AND p.proname = w.name
    UNION ALL SELECT 'TYPE', t.oid::pg_catalog.regtype::text, t.typacl, acldefault('T', t.typowner)
    FROM wanted w JOIN pg_catalog.pg_type t ON t.typnamespace = w.space AND t.typname = w.name AND t.typacl IS NOT NULL
    UNION ALL SELECT 'SCHEMA', quote_ident(n.nspname), n.nspacl, acldefault('n', n.nspowner)
    FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($3::text[]))`;

/**
 * Gives objects that were just made the grants they have by themselves, whatever ALTER DEFAULT PRIVILEGES of the target
 * gave them: a dump names only grants that differ from those, and what a default opens would stay open.
 */
export async function resetDefaultGrants(client: pg.Client, names: QualifiedName[], schemas: string[]): Promise<void> {
  const { rows } = await client.query<{ sql: string }>(
    `${OBJECTS}
     SELECT DISTINCT format(s.template, a.privilege_type, o.kind, o.name,
       CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END) AS sql
     FROM objects o, LATERAL (VALUES ('REVOKE %s ON %s %s FROM %s', o.acl, o.base), ('GRANT %s ON %s %s TO %s', o.base, o.acl))
       s (template, has, lacks), LATERAL pg_catalog.aclexplode(s.has) a
     WHERE o.acl IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(s.lacks) b
       WHERE b.grantee = a.grantee AND b.privilege_type = a.privilege_type)
     ORDER BY 1`,
    [names.map(({ schema }) => schema), names.map(({ name }) => name), schemas],
  );
  for (const { sql } of rows) await command(client, sql, 'Resetting default privileges');
}
