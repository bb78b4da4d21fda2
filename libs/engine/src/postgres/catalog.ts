import type pg from 'pg';
import { sideBySide } from '../side-by-side.ts';
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

type Client = pg.Client | pg.PoolClient;

/** `clients` share the queries; the first alone reads what follows from another. */
const readAll = async (clients: [Client, ...Client[]], scope: [string[] | null, string[]]): Promise<CatalogEntry[]> => {
  const [client] = clients;
  const version = await client.query<{ major: number; large_objects: boolean }>(
    `select current_setting('server_version_num')::int / 10000 as major,
      has_table_privilege('pg_catalog.pg_largeobject', 'select') as large_objects`,
  );
  const { major, large_objects: sized } = version.rows[0] ?? { major: 0, large_objects: false };
  const queries = [...READERS.map((reader) => reader(major)), largeObjects(sized)];
  const found: CatalogEntry[][] = queries.map(() => []);
  let next = 0;
  const work = async (place: number): Promise<void> => {
    for (let at = next++; at < queries.length; at = next++) {
      const { rows } = await (clients[place] ?? client).query<CatalogRow>(queries[at] ?? '', scope);
      // What somebody dropped after our snapshot has no name any more.
      found[at] = rows.flatMap((row) => (row.subject === null ? [] : [toEntry(row, row.subject)]));
    }
  };
  await sideBySide(clients.length, work, () => (next = queries.length));
  return [
    { kind: MAJOR_KIND, subject: 'postgres', definition: String(major), protection: false },
    ...found.flat(),
    ...(await readSequenceValues(client, scope)),
  ];
};

/** Opens a transaction, or a savepoint where the caller has one open (so that its snapshot is read); answers how to leave. */
const enter = async (client: Client): Promise<string[]> => {
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

const SET_ALL = Object.entries(SETTINGS)
  .map(([name, value]) => `set local ${name} = '${value}'`)
  .join(';');

/** Does some work in a transaction or savepoint with settings of its own; all is as before afterwards. */
const within = async <T>(client: Client, work: () => Promise<T>): Promise<T> => {
  const leave = await enter(client);
  try {
    await client.query(SET_ALL);
    const result = await work();
    for (const statement of leave) await client.query(statement);
    return result;
  } catch (error) {
    // The first error is the one to tell: a lost connection fails the way back too.
    for (const statement of leave) await client.query(statement).catch(() => undefined);
    throw error;
  }
};

/**
 * Reads every kind of object that pg_dump knows into canonical entries, in the caller's open transaction or in one of
 * its own; settings and transaction state are as before afterwards. Throws the server's error as it came. `beside`: a
 * second session that takes its share of the queries; where others may change the database, it must read the same snapshot.
 */
export const readCatalog = async (
  client: Client,
  options: CatalogOptions = {},
  beside: Client | null = null,
): Promise<Catalog> => {
  const scope: [string[] | null, string[]] = [options.schemas ?? null, options.excludeSchemas ?? []];
  const read = (): Promise<CatalogEntry[]> => readAll(beside ? [client, beside] : [client], scope);
  const entries = await within(client, beside ? () => within(beside, read) : read);
  return entries.sort(order);
};
