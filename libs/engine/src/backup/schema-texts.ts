import type pg from 'pg';
import type { Catalog } from '../postgres/catalog.ts';
import { quoteIdent, quoteLiteral } from '../postgres/identifiers.ts';
import { doBlock, setClause } from './roles-sql.ts';

const SEQUENCES_AT_ONCE = 100;

/** A sequence's quoted, qualified name and its value. */
export interface SequenceValue {
  name: string;
  value: string;
  called: boolean;
}

/**
 * Every sequence's value. Sequences are in no snapshot: read after it was taken, a value is at least what the snapshot's
 * rows used; read once, so that all that is told of it agrees.
 */
export async function readSequences(client: pg.Client, excludeSchemas: string[]): Promise<SequenceValue[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name FROM pg_catalog.pg_class c
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND n.nspname <> ALL ($1::text[])
       AND (NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
           AND d.deptype = 'e')
         OR EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)))
     ORDER BY 1`,
    [excludeSchemas],
  );
  const values: SequenceValue[] = [];
  for (let at = 0; at < rows.length; at += SEQUENCES_AT_ONCE) {
    const batch = rows.slice(at, at + SEQUENCES_AT_ONCE);
    const query = batch.map(
      ({ name }, index) => `SELECT ${index} AS place, last_value::text AS value, is_called AS called FROM ${name}`,
    );
    const found = await client.query<{ place: number; value: string; called: boolean }>(query.join(' UNION ALL '));
    for (const { place, value, called } of found.rows.sort((a, b) => a.place - b.place)) {
      values.push({ name: batch[place]?.name ?? '', value, called });
    }
  }
  return values;
}

/** The artifact `sequences`. */
export const sequencesSql = (values: SequenceValue[]): string =>
  [
    '-- Values of sequences.\n\n',
    ...values.map(
      ({ name, value, called }) => `SELECT pg_catalog.setval(${quoteLiteral(name)}, ${value}, ${called});\n`,
    ),
  ].join('');

/** A catalog with the values that were read before it. */
export function withSequenceValues(catalog: Catalog, values: SequenceValue[]): Catalog {
  const known = new Map(values.map(({ name, value, called }) => [name, `${value}${called ? '' : ', not called'}`]));
  return catalog.map((entry) => {
    const definition = entry.kind === 'sequence value' ? known.get(entry.subject) : undefined;
    return definition === undefined ? entry : { ...entry, definition };
  });
}

interface DatabaseRow {
  owner: string;
  comment: string | null;
  connections: number;
  settings: { role: string | null; entries: string[] }[];
  grants: { grantee: string | null; privilege: string; grantable: boolean }[] | null;
}

/** The artifact `database`: settings, comment and grants of the database itself, for whatever database runs it. */
export async function databaseSql(client: pg.Client): Promise<string> {
  const { rows } = await client.query<DatabaseRow>(
    `SELECT pg_catalog.shobj_description(d.oid, 'pg_database') AS comment,
       pg_catalog.pg_get_userbyid(d.datdba) AS owner, d.datconnlimit AS connections,
       coalesce((SELECT json_agg(json_build_object('role', r.rolname, 'entries', s.setconfig) ORDER BY r.rolname)
         FROM pg_catalog.pg_db_role_setting s LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
         WHERE s.setdatabase = d.oid), '[]') AS settings,
       CASE WHEN d.datacl IS NOT NULL THEN (SELECT coalesce(json_agg(json_build_object('grantee', g.rolname,
           'privilege', a.privilege_type, 'grantable', a.is_grantable) ORDER BY g.rolname, a.privilege_type), '[]')
         FROM pg_catalog.aclexplode(d.datacl) a LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
         WHERE a.grantee <> d.datdba) END AS grants
     FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`,
  );
  const row = rows[0];
  const statements: string[] = [];
  // the name is filled in where it runs: a database may be restored under another one
  const run = (template: string, ...args: string[]): void => {
    const list = ['pg_catalog.current_database()', ...args].join(', ');
    statements.push(doBlock(`  EXECUTE pg_catalog.format(${quoteLiteral(template)}, ${list});`));
  };
  const escaped = (sql: string): string => sql.replaceAll('%', '%%');
  for (const { role, entries } of row?.settings ?? []) {
    for (const entry of entries) {
      if (role === null) run(`ALTER DATABASE %I ${escaped(setClause(entry))}`);
      else run(`ALTER ROLE ${escaped(quoteIdent(role))} IN DATABASE %I ${escaped(setClause(entry))}`);
    }
  }
  if (row && row.connections >= 0) run(`ALTER DATABASE %I CONNECTION LIMIT ${row.connections}`);
  if (row?.comment != null) run(`COMMENT ON DATABASE %I IS ${escaped(quoteLiteral(row.comment))}`);
  if (row?.grants) {
    run('REVOKE ALL ON DATABASE %I FROM PUBLIC');
    for (const { grantee, privilege, grantable } of row.grants) {
      const to = grantee === null ? 'PUBLIC' : escaped(quoteIdent(grantee));
      run(`GRANT ${privilege} ON DATABASE %I TO ${to}${grantable ? ' WITH GRANT OPTION' : ''}`);
    }
  }
  if (row) run(`ALTER DATABASE %I OWNER TO ${escaped(quoteIdent(row.owner))}`);
  return `-- Settings, comment, grants and owner of the database itself.\n\n${statements.join('\n')}`;
}

const OBJECTS_AT_ONCE = 1000;

interface LargeObjectRow {
  oid: string;
  owner: string;
  comment: string | null;
  labels: { provider: string; label: string }[];
  grants: { grantee: string | null; privilege: string; grantable: boolean }[] | null;
}

function largeObjectSql({ oid, owner, comment, labels, grants }: LargeObjectRow): string {
  const lines = [`SELECT pg_catalog.lo_create('${oid}');`, `ALTER LARGE OBJECT ${oid} OWNER TO ${quoteIdent(owner)};`];
  if (comment !== null) lines.push(`COMMENT ON LARGE OBJECT ${oid} IS ${quoteLiteral(comment)};`);
  for (const { provider, label } of labels) {
    lines.push(`SECURITY LABEL FOR ${quoteIdent(provider)} ON LARGE OBJECT ${oid} IS ${quoteLiteral(label)};`);
  }
  if (grants) lines.push(`REVOKE ALL ON LARGE OBJECT ${oid} FROM ${quoteIdent(owner)};`);
  for (const { grantee, privilege, grantable } of grants ?? []) {
    const to = grantee === null ? 'PUBLIC' : quoteIdent(grantee);
    lines.push(`GRANT ${privilege} ON LARGE OBJECT ${oid} TO ${to}${grantable ? ' WITH GRANT OPTION' : ''};`);
  }
  return `${lines.join('\n')}\n`;
}

/** The artifact `large-object-definitions`: makes the large objects, empty, with owner, grants, comment and labels. */
export async function* largeObjectDefinitions(client: pg.Client): AsyncGenerator<Buffer> {
  yield Buffer.from('-- Large objects, without their bytes.\n\n');
  for (let after = '0'; ;) {
    const { rows } = await client.query<LargeObjectRow>(
      `SELECT m.oid::text AS oid, pg_catalog.pg_get_userbyid(m.lomowner) AS owner,
         pg_catalog.obj_description(m.oid, 'pg_largeobject') AS comment,
         coalesce((SELECT json_agg(json_build_object('provider', l.provider, 'label', l.label) ORDER BY l.provider)
           FROM pg_catalog.pg_seclabel l WHERE l.objoid = m.oid AND l.classoid = 'pg_largeobject'::regclass), '[]') AS labels,
         CASE WHEN m.lomacl IS NOT NULL THEN (SELECT coalesce(json_agg(json_build_object('grantee', g.rolname,
             'privilege', a.privilege_type, 'grantable', a.is_grantable) ORDER BY g.rolname, a.privilege_type), '[]')
           FROM pg_catalog.aclexplode(m.lomacl) a LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee) END AS grants
       FROM pg_catalog.pg_largeobject_metadata m WHERE m.oid > $1::oid ORDER BY m.oid LIMIT ${OBJECTS_AT_ONCE}`,
      [after],
    );
    const last = rows.at(-1);
    if (!last) return;
    yield Buffer.from(rows.map(largeObjectSql).join(''));
    after = last.oid;
  }
}

/** Pages of all large objects as COPY text: oid, offset, bytes. */
export const LARGE_OBJECTS_COPY = `COPY (
  SELECT o.oid, s.page * 262144, pg_catalog.lo_get(o.oid, s.page * 262144, 262144)
  FROM (SELECT m.oid, (SELECT x.size FROM (
      SELECT pg_catalog.lo_lseek64(f.fd, 0, 2) AS size, pg_catalog.lo_close(f.fd)
      FROM (SELECT pg_catalog.lo_open(m.oid, 262144) AS fd OFFSET 0) f OFFSET 0) x) AS size
    FROM pg_catalog.pg_largeobject_metadata m ORDER BY m.oid OFFSET 0) o,
    LATERAL pg_catalog.generate_series(0::bigint, (o.size - 1) / 262144) AS s(page)
) TO STDOUT`;
