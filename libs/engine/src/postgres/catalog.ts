import type pg from 'pg';
import { MAJOR_KIND } from './catalog/across-majors.ts';
import { CONSTRAINT_READERS } from './catalog/constraints-and-indexes.ts';
import { DATABASE_READERS } from './catalog/database.ts';
import type { Catalog, CatalogEntry, CatalogOptions, CatalogRow, Reader } from './catalog/entry.ts';
import { settleExpression, settleRoutine } from './catalog/expressions.ts';
import { FOREIGN_READERS, largeObjects } from './catalog/foreign-and-replication.ts';
import { FUNCTION_READERS } from './catalog/functions.ts';
import { GRANT_READERS } from './catalog/grants.ts';
import { OPERATOR_READERS } from './catalog/operators.ts';
import { CARRIED_READERS } from './catalog/carried.ts';
import { SCHEMA_READERS } from './catalog/schemas.ts';
import { TABLE_READERS } from './catalog/tables.ts';
import { TEXT_SEARCH_READERS } from './catalog/text-search.ts';
import { TYPE_READERS } from './catalog/types-and-collations.ts';
import { READABLE_SEQUENCES, VIEW_READERS } from './catalog/views-and-sequences.ts';

export { compareCatalogs } from './catalog/compare.ts';
export type { Catalog, CatalogEntry, CatalogOptions } from './catalog/entry.ts';
export { selectFromCatalog } from './catalog/select.ts';

const READERS: Reader[] = [
  ...SCHEMA_READERS,
  ...TYPE_READERS,
  ...TABLE_READERS,
  ...CONSTRAINT_READERS,
  ...VIEW_READERS,
  ...FUNCTION_READERS,
  ...OPERATOR_READERS,
  ...TEXT_SEARCH_READERS,
  ...FOREIGN_READERS,
  ...CARRIED_READERS,
  ...GRANT_READERS,
  ...DATABASE_READERS,
];

/** All that the text of a deparsed expression or a qualified name depends on. */
const SETTINGS: Record<string, string> = {
  search_path: 'pg_catalog',
  quote_all_identifiers: 'off',
  standard_conforming_strings: 'on',
  bytea_output: 'hex',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '3',
  lc_monetary: 'C',
  xmlbinary: 'base64',
  jit: 'off',
};

const SAVEPOINT = 'holdfast_catalog';
const SEQUENCES_AT_ONCE = 200;

/** The kinds whose definition is SQL as Postgres deparses it. */
const DEPARSED = new Set([
  ...['column', 'domain constraint', 'index', 'materialized view', 'policy', 'publication table', 'rule'],
  ...['statistics object', 'table', 'table constraint', 'trigger', 'type', 'view'],
]);

const settle = ({ kind, definition }: CatalogRow): string => {
  if (DEPARSED.has(kind)) return settleExpression(definition);
  return kind === 'function' || kind === 'procedure' ? settleRoutine(definition) : definition;
};

const toEntry = (row: CatalogRow, subject: string): CatalogEntry => ({
  kind: row.kind,
  subject,
  definition: settle(row),
  protection: row.protection ?? false,
  ...(row.schema ? { schema: row.schema } : {}),
  ...(row.of ? { of: row.of } : {}),
});

const readSequenceValues = async (client: pg.ClientBase, scope: [string[] | null, string[]]): Promise<Catalog> => {
  const { rows } = await client.query<{ name: string; schema: string; readable: boolean }>(READABLE_SEQUENCES, scope);
  const entry = (name: string, schema: string, definition: string): CatalogEntry => ({
    kind: 'sequence value',
    subject: name,
    definition,
    protection: false,
    schema,
    of: `sequence ${name}`,
  });
  const result = rows.filter((row) => !row.readable).map((row) => entry(row.name, row.schema, 'unreadable'));
  const readable = rows.filter((row) => row.readable);
  for (let start = 0; start < readable.length; start += SEQUENCES_AT_ONCE) {
    const some = readable.slice(start, start + SEQUENCES_AT_ONCE);
    const selects = some.map((row, at) => `select ${at} as at, last_value::text, is_called from ${row.name}`);
    const values = await client.query<{ at: number; last_value: string; is_called: boolean }>(
      selects.join(' union all '),
    );
    for (const value of values.rows) {
      const row = some[value.at];
      if (row) result.push(entry(row.name, row.schema, `${value.last_value}${value.is_called ? '' : ', not called'}`));
    }
  }
  return result;
};

const readAll = async (client: pg.ClientBase, scope: [string[] | null, string[]]): Promise<CatalogEntry[]> => {
  const version = await client.query<{ major: number; large_objects: boolean }>(
    `select current_setting('server_version_num')::int / 10000 as major,
      has_table_privilege('pg_catalog.pg_largeobject', 'select') as large_objects`,
  );
  const { major, large_objects: sized } = version.rows[0] ?? { major: 0, large_objects: false };
  const entries: CatalogEntry[] = [
    { kind: MAJOR_KIND, subject: 'postgres', definition: String(major), protection: false },
  ];
  for (const sql of [...READERS.map((reader) => reader(major)), largeObjects(sized)]) {
    const { rows } = await client.query<CatalogRow>(sql, scope);
    // What somebody dropped after our snapshot has no name any more.
    for (const row of rows) if (row.subject !== null) entries.push(toEntry(row, row.subject));
  }
  entries.push(...(await readSequenceValues(client, scope)));
  return entries;
};

/** Opens a transaction, or a savepoint where the caller has one open (so that its snapshot is read); answers how to leave. */
const enter = async (client: pg.Client | pg.PoolClient): Promise<string[]> => {
  if (client.getTransactionStatus() === 'I') {
    await client.query('begin isolation level repeatable read read only');
    return ['rollback'];
  }
  await client.query(`savepoint ${SAVEPOINT}`);
  return [`rollback to savepoint ${SAVEPOINT}`, `release savepoint ${SAVEPOINT}`];
};

const order = (a: CatalogEntry, b: CatalogEntry): number => {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0;
};

/**
 * Reads every kind of object that pg_dump knows into canonical entries, in the caller's open transaction or in one of
 * its own; settings and transaction state are as before afterwards. Throws the server's error as it came.
 */
export const readCatalog = async (
  client: pg.Client | pg.PoolClient,
  options: CatalogOptions = {},
): Promise<Catalog> => {
  const leave = await enter(client);
  try {
    await client.query(
      Object.entries(SETTINGS)
        .map(([name, value]) => `set local ${name} = '${value}'`)
        .join(';'),
    );
    const entries = await readAll(client, [options.schemas ?? null, options.excludeSchemas ?? []]);
    for (const statement of leave) await client.query(statement);
    return entries.sort(order);
  } catch (error) {
    // The first error is the one to tell: a lost connection fails the way back too.
    for (const statement of leave) await client.query(statement).catch(() => undefined);
    throw error;
  }
};
