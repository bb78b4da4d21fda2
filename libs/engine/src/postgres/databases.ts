import { OperationError } from '@holdfast/contracts';
import type pg from 'pg';
import type { ManifestSource } from '../manifest/manifest.ts';
import { connect, disconnect, faultCode, translateQuery, type ConnectOptions } from './connection.ts';
import { quoteIdent, quoteLiteral } from './identifiers.ts';
import type { PostgresTarget } from './target.ts';

const NAME_BYTES = 63;

/** `<name><suffix>`, the name cut so that Postgres keeps the suffix whole. */
export function suffixed(name: string, suffix: string): string {
  const room = NAME_BYTES - Buffer.byteLength(suffix);
  let cut = name;
  while (Buffer.byteLength(cut) > room) cut = cut.slice(0, -1);
  return cut + suffix;
}

/** Connects to a database that nobody renames or drops: `postgres`, or `template1` where that is gone. */
export async function connectAside(target: PostgresTarget, options: ConnectOptions): Promise<pg.Client> {
  const open = (database: string): Promise<pg.Client> => connect({ ...target, database }, options);
  return open('postgres').catch((error: unknown) => {
    if (error instanceof OperationError && error.code === 'environment.database_missing') return open('template1');
    throw error;
  });
}

/** Works in a session of `connectAside`. */
export async function maintenance<T>(
  target: PostgresTarget,
  signal: AbortSignal,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connectAside(target, { signal });
  try {
    return await work(client);
  } finally {
    await disconnect(client);
  }
}

export async function databaseExists(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query('SELECT FROM pg_catalog.pg_database WHERE datname = $1', [name]);
  return rows.length > 0;
}

/** Drops a database with whoever is connected to it; one that is not there is no error. */
export const dropDatabase = async (client: pg.Client, name: string): Promise<void> => {
  await client.query(`DROP DATABASE IF EXISTS ${quoteIdent(name)} WITH (FORCE)`);
};

function localeClauses(source: ManifestSource, major: number): string {
  const clauses = [`LC_COLLATE ${quoteLiteral(source.collate)}`, `LC_CTYPE ${quoteLiteral(source.ctype)}`];
  if (source.localeProvider === 'i' && source.icuLocale !== null) {
    clauses.push('LOCALE_PROVIDER icu', `ICU_LOCALE ${quoteLiteral(source.icuLocale)}`);
  } else if (source.localeProvider === 'b' && source.icuLocale !== null && major >= 17) {
    clauses.push('LOCALE_PROVIDER builtin', `BUILTIN_LOCALE ${quoteLiteral(source.icuLocale)}`);
  } else clauses.push('LOCALE_PROVIDER libc');
  return clauses.join(' ');
}

/**
 * Makes an empty database with the source's encoding and locale. Answers false when the server lacks the locale and the
 * database was made with `C` instead.
 */
export async function createLike(client: pg.Client, name: string, source: ManifestSource): Promise<boolean> {
  const version = await client.query<{ server_version_num: string }>('SHOW server_version_num');
  const major = Math.floor(Number(version.rows[0]?.server_version_num) / 10_000);
  const head = `CREATE DATABASE ${quoteIdent(name)} TEMPLATE template0 ENCODING ${quoteLiteral(source.encoding)}`;
  try {
    await client.query(`${head} ${localeClauses(source, major)}`);
    return true;
  } catch (error) {
    // 22023 invalid locale, 42809 wrong for the encoding, 0A000 provider not built in
    if (!['22023', '42809', '0A000', '42601'].includes(faultCode(error) ?? '')) {
      throw translateQuery(error, `Creating database ${name}`);
    }
    await client.query(`${head} LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc`);
    return false;
  }
}

const OBJECTS = `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
      AND d.deptype IN ('e', 'i'))
  UNION ALL SELECT pg_catalog.format('%I.%I()', n.nspname, p.proname) FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
      AND d.deptype = 'e')`;

/** Names of what users made in the database, at most `limit`, and how many there are. */
export async function listObjects(client: pg.Client, limit: number): Promise<{ names: string[]; count: number }> {
  const { rows } = await client.query<{ name: string; count: string }>(
    `SELECT name, count(*) OVER () AS count FROM (${OBJECTS}) o ORDER BY 1 LIMIT ${limit}`,
  );
  return { names: rows.map(({ name }) => name), count: Number(rows[0]?.count ?? 0) };
}
