import { OperationError, type CoverageGap, type EnvironmentKind } from '@holdfast/contracts';
import type pg from 'pg';
import type { ManifestSource, RoleDescription } from '../manifest/manifest.ts';
import { translateQuery } from './connection.ts';
import { displayName } from './identifiers.ts';

const OLDEST_MAJOR = 15;
const NAMES_SHOWN = 20;

/** Schemas of a Supabase project that belong to the platform and are made anew by it. */
const PLATFORM_SCHEMAS = [
  ...['_analytics', '_realtime', '_supavisor', 'graphql', 'graphql_public', 'net', 'pgbouncer'],
  ...['pgsodium', 'pgsodium_masks', 'pgtle', 'realtime', 'supabase_functions', 'vault'],
];

/** Schemas that a backup of this kind of environment leaves to the platform. */
export const excludedSchemas = (kind: EnvironmentKind): string[] => (kind === 'postgres' ? [] : PLATFORM_SCHEMAS);

/** A gap with its names cut to what fits on a page. */
export const gap = (code: string, subjects: string[], reason: string): CoverageGap => ({
  code,
  subjects: subjects.slice(0, NAMES_SHOWN),
  count: subjects.length,
  reason,
});

type DatabaseFacts = Omit<ManifestSource, 'environmentId' | 'environmentName' | 'environmentKind' | 'extensions'> & {
  sizeBytes: number;
};

/** Facts about the server and the database that hold for the whole backup. */
export async function readFacts(client: pg.Client): Promise<Omit<DatabaseFacts, 'snapshot' | 'takenAt' | 'roles'>> {
  const version = await client.query<{ version: string; number: string; encoding: string }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
       current_setting('server_encoding') AS encoding`,
  );
  const head = version.rows[0];
  const major = Math.floor(Number(head?.number) / 10_000);
  if (!head || major < OLDEST_MAJOR) {
    throw new OperationError('postgres.version_unsupported', `Postgres ${head?.version} is older than ${OLDEST_MAJOR}`);
  }
  const provider = major >= 17 ? 'd.datlocale' : 'd.daticulocale';
  const { rows } = await client.query<{ [key: string]: string | null }>(
    `SELECT d.datname AS database, d.datcollate AS collate, d.datctype AS ctype, d.datlocprovider::text AS provider,
       ${provider} AS locale, pg_catalog.pg_database_size(d.oid)::text AS size,
       CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
            ELSE pg_catalog.pg_current_wal_lsn() END::text AS wal
     FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`,
  );
  const row = rows[0] ?? {};
  return {
    serverVersion: head.version,
    serverMajor: major,
    systemIdentifier: await readSystemIdentifier(client),
    database: row['database'] ?? '',
    encoding: head.encoding,
    collate: row['collate'] ?? 'C',
    ctype: row['ctype'] ?? 'C',
    localeProvider: row['provider'] ?? 'c',
    icuLocale: row['locale'] ?? null,
    walPosition: row['wal'] ?? null,
    clientEncoding: head.encoding === 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8',
    sizeBytes: Number(row['size'] ?? 0),
  };
}

/** The cluster's identity; null where the role may not ask. */
export async function readSystemIdentifier(client: pg.Client): Promise<string | null> {
  const { rows } = await client.query<{ may: boolean }>(
    `SELECT pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') AS may`,
  );
  if (!rows[0]?.may) return null;
  const found = await client.query<{ id: string }>(
    'SELECT system_identifier::text AS id FROM pg_catalog.pg_control_system()',
  );
  return found.rows[0]?.id ?? null;
}

export async function readExtensions(client: pg.Client): Promise<ManifestSource['extensions']> {
  const { rows } = await client.query<{ name: string; version: string; schema: string }>(
    `SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema FROM pg_catalog.pg_extension e
     JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql' ORDER BY 1`,
  );
  return rows;
}

/** Roles that this database needs: owners, grantees and those they belong to; never a password. */
export async function readRoles(client: pg.Client, major: number): Promise<RoleDescription[]> {
  const membership =
    major >= 16
      ? `'admin', bool_or(m.admin_option), 'inherit', bool_or(m.inherit_option), 'set', bool_or(m.set_option)`
      : `'admin', bool_or(m.admin_option), 'inherit', NULL, 'set', NULL`;
  const { rows } = await client.query<RoleDescription>(
    `WITH RECURSIVE used AS (
       SELECT DISTINCT refobjid AS oid FROM pg_catalog.pg_shdepend
       WHERE refclassid = 'pg_catalog.pg_authid'::regclass AND (dbid = 0 AND classid = 'pg_database'::regclass
         AND objid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
         OR dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
       UNION SELECT setrole FROM pg_catalog.pg_db_role_setting
       WHERE setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
       UNION SELECT m.roleid FROM used u JOIN pg_catalog.pg_auth_members m ON m.member = u.oid)
     SELECT r.rolname AS name, r.rolsuper AS superuser, r.rolinherit AS inherit, r.rolcreaterole AS "createRole",
       r.rolcreatedb AS "createDatabase", r.rolcanlogin AS login, r.rolreplication AS replication,
       r.rolbypassrls AS "bypassRls", r.rolconnlimit AS "connectionLimit", r.rolvaliduntil::text AS "validUntil",
       coalesce((SELECT s.setconfig FROM pg_catalog.pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase = 0),
         '{}') AS settings,
       coalesce((SELECT json_agg(x.entry ORDER BY x.role) FROM (
         SELECT g.rolname AS role, json_build_object('role', g.rolname, ${membership}) AS entry
         FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
         WHERE m.member = r.oid GROUP BY g.rolname) x), '[]') AS "memberOf"
     FROM pg_catalog.pg_roles r WHERE r.oid IN (SELECT oid FROM used) AND r.rolname !~ '^pg_' AND r.oid <> 10
     ORDER BY 1`,
  );
  return rows;
}

/** Tables whose rows the role would see only in part, or not at all: each makes a backup fail. */
export async function readBlockers(
  client: pg.Client,
  excludeSchemas: string[],
): Promise<{ code: 'postgres.rows_hidden' | 'postgres.permission_denied'; message: string }[]> {
  const { rows } = await client.query<{ schema: string; name: string; readable: boolean }>(
    `SELECT n.nspname AS schema, c.relname AS name,
       pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> ALL ($1::text[])
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
         AND d.deptype = 'e')
       AND (NOT pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.row_security_active(c.oid))
     ORDER BY 1, 2 LIMIT 200`,
    [excludeSchemas],
  );
  return rows.map(({ schema, name, readable }) =>
    readable
      ? {
          code: 'postgres.rows_hidden' as const,
          message: `Row-level security hides rows of ${displayName(schema, name)} from this role`,
        }
      : {
          code: 'postgres.permission_denied' as const,
          message: `The role may not read ${displayName(schema, name)}`,
        },
  );
}

/** Tables that an extension makes anew, and that are none of its configuration: neither pg_dump nor we take their rows. */
const EXTENSION_TABLES = `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
  JOIN pg_catalog.pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
  WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND pg_catalog.pg_relation_size(c.oid) > 0
    AND c.oid <> ALL (coalesce(e.extconfig, '{}')) AND n.nspname <> ALL ($1::text[])
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`;

/** What a backup leaves out of this database, and why. */
export async function readGaps(client: pg.Client, kind: EnvironmentKind): Promise<CoverageGap[]> {
  const names = async (text: string, values: unknown[] = []): Promise<string[]> => {
    const { rows } = await client.query<{ name: string }>(text, values);
    return rows.map(({ name }) => name);
  };
  const gaps: CoverageGap[] = [];
  const add = (code: string, subjects: string[], reason: string): void => {
    if (subjects.length > 0) gaps.push(gap(code, subjects, reason));
  };
  add(
    'subscriptions',
    await names(
      `SELECT s.subname AS name FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
       WHERE d.datname = current_database() ORDER BY 1`,
    ),
    'A restored subscription would take changes away from the original; its connection holds a password.',
  );
  add(
    'foreign-rows',
    await names(
      `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'f' ORDER BY 1`,
    ),
    'The rows of foreign tables live on another server; the definitions are inside.',
  );
  add(
    'extension-tables',
    await names(EXTENSION_TABLES, [excludedSchemas(kind)]),
    'These tables belong to extensions, which make them anew, without their rows: take them out of their extension, ' +
      'if the rows matter.',
  );
  add(
    'platform-schemas',
    await names('SELECT nspname AS name FROM pg_catalog.pg_namespace WHERE nspname = ANY ($1::text[]) ORDER BY 1', [
      excludedSchemas(kind),
    ]),
    'These schemas belong to the platform, which makes them anew in every project.',
  );
  add(
    'tablespaces',
    await names(
      `SELECT DISTINCT t.spcname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_tablespace t
       ON t.oid = c.reltablespace WHERE t.spcname <> 'pg_global' ORDER BY 1`,
    ),
    'Where tables lie on disk is not kept: everything is restored into the default tablespace.',
  );
  add(
    'prepared-transactions',
    await names('SELECT gid AS name FROM pg_catalog.pg_prepared_xacts WHERE database = current_database() ORDER BY 1'),
    'Transactions that are prepared but not committed are in no snapshot.',
  );
  return gaps;
}

/** Passwords are never read; said for every backup that names roles. */
export const rolePasswordGap = (roles: RoleDescription[]): CoverageGap[] => {
  const login = roles.filter((role) => role.login).map((role) => role.name);
  return login.length === 0
    ? []
    : [gap('role-passwords', login, 'Passwords of roles are not read; set them after a restore that makes the roles.')];
};

/** Runs a read and says what it was for when it fails. */
export async function reading<T>(subject: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translateQuery(error, subject);
  }
}
