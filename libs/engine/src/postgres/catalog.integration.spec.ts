import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect, makeTempDir, throwawayPostgres, toolsDir, type ThrowawayPostgres } from '@holdfast/testing';
import { corpus, ensureRoles, type CorpusDatabase } from '@holdfast/testing/corpus';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executable, findClient } from './binaries.ts';
import { compareCatalogs, readCatalog, selectFromCatalog, type Catalog, type CatalogOptions } from './catalog.ts';
import type { PostgresTarget } from './target.ts';

const run = promisify(execFile);

const connected = async <T>(target: PostgresTarget, use: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = await connect(target);
  try {
    return await use(client);
  } finally {
    await client.end();
  }
};

const catalogOf = (target: PostgresTarget, options?: CatalogOptions): Promise<Catalog> =>
  connected(target, (client) => readCatalog(client, options));

const statement = (target: PostgresTarget, sql: string): Promise<unknown> =>
  connected(target, (client) => client.query(sql));

/** A database of the corpus, and the catalog that it had before anybody copied it. */
interface Original {
  target: PostgresTarget;
  catalog: Catalog;
}

const make = async (server: ThrowawayPostgres, database: CorpusDatabase, major: number): Promise<Original> => {
  const target = await server.createDatabase(database.hostileName ?? database.name);
  await connected(target, (client) => database.create(client, major));
  return { target, catalog: await catalogOf(target) };
};

/** Plain pg_dump and psql, as anybody would; the source steps aside, because `--create` gives the copy its name. */
const copyByPgDump = async (source: PostgresTarget, major: number, file: string): Promise<void> => {
  const client = await findClient(toolsDir(), major);
  const { host, port, user, password } = source;
  const env = { PGPASSWORD: password, PGHOST: host, PGPORT: String(port), PGUSER: user };
  const quoted = `dbname='${source.database.replaceAll(/[\\']/g, '\\$&')}'`;
  const binDir = client?.binDir ?? '';
  await run(executable(binDir, 'pg_dump'), ['--create', '--file', file, '--dbname', quoted], { env });
  await statement(
    { ...source, database: 'postgres' },
    `alter database "${source.database.replaceAll('"', '""')}" rename to "source"`,
  );
  await run(executable(binDir, 'psql'), ['-Xq', '-v', 'ON_ERROR_STOP=1', '-f', file, 'postgres'], { env });
};

const nameOf = ({ kind, subject }: { kind: string; subject: string }): string => `${kind} ${subject}`;

const duplicates = (catalog: Catalog): string[] => {
  const names = catalog.map(nameOf);
  return names.filter((name, at) => name === names[at + 1]);
};

/** Entries that say they belong to something the catalog does not hold. */
const orphans = (catalog: Catalog): string[] => {
  const names = new Set(catalog.map(nameOf));
  return catalog.filter(({ of }) => of !== undefined && of !== 'database' && !names.has(of)).map(nameOf);
};

/** All that pg_dump knows, but for security labels (no server at hand has a provider) and subscriptions. */
const KINDS = [
  ...['access method', 'aggregate', 'cast', 'collation', 'column', 'column order', 'comment', 'conversion'],
  ...['database', 'database setting', 'default privileges', 'domain constraint', 'event trigger', 'extension'],
  ...['extension dependency', 'extension version', 'foreign table', 'foreign-data wrapper', 'function', 'grant'],
  ...['index', 'language', 'large object', 'materialized view', 'operator', 'operator class', 'operator family'],
  ...['owner', 'policy', 'procedure', 'publication', 'publication schema', 'publication table', 'row security'],
  ...[
    'rule',
    'schema',
    'sequence',
    'sequence value',
    'server',
    'server major',
    'statistics object',
    'table',
    'table constraint',
  ],
  ...['text search configuration', 'text search dictionary', 'text search parser', 'text search template'],
  ...['transform', 'trigger', 'type', 'user mapping', 'view'],
];

// two thousand tables of one kind are the law's, which compares their catalog too
const corpusOf = (major: number): CorpusDatabase[] =>
  corpus.filter(({ name, minMajor = 0 }) => minMajor <= major && name !== 'many_tables');

const servers = new Map<number, ThrowawayPostgres>();
const originals = new Map<string, Promise<Original>>();
let directory: string;

const serverOf = (major: number): ThrowawayPostgres => servers.get(major) as ThrowawayPostgres;

/** Made by the first test that asks for it: each needs some time. */
function original(database: CorpusDatabase, major: number): Promise<Original> {
  const key = `${major} ${database.name}`;
  const made = originals.get(key) ?? make(serverOf(major), database, major);
  originals.set(key, made);
  return made;
}

beforeAll(async () => {
  for (const major of [15, 17]) servers.set(major, await throwawayPostgres(major));
  directory = await makeTempDir('catalog');
});
afterAll(async () => {
  for (const server of servers.values()) await server.stop();
  await rm(directory, { recursive: true, force: true });
});

describe.each([15, 17])('a catalog read on Postgres %i', (major) => {
  let server: ThrowawayPostgres;

  beforeAll(() => {
    server = serverOf(major);
  });

  it.each(corpusOf(major))(
    'is the same after pg_dump and psql: $name',
    async (database) => {
      const { target, catalog } = await original(database, major);
      expect(duplicates(catalog)).toEqual([]);
      expect(orphans(catalog)).toEqual([]);
      await copyByPgDump(target, major, join(directory, 'dump.sql'));
      expect(compareCatalogs(catalog, await catalogOf(target))).toEqual([]);
      await statement(server.target, `drop database source`);
    },
    120_000,
  );

  it('holds every kind of object over the corpus, and no password', async () => {
    const catalogs: Catalog = [];
    for (const database of corpusOf(major)) catalogs.push(...(await original(database, major)).catalog);
    expect([...new Set(catalogs.map(({ kind }) => kind))].sort()).toEqual(KINDS);
    expect(JSON.stringify(catalogs)).not.toMatch(/not-a-real-password|another-made-up-one/);
  });

  it('reads within the transaction of its caller and leaves transaction and settings as they were', async () => {
    const target = await server.createDatabase();
    await connected(target, async (client) => {
      await client.query(`begin; set local search_path = public; create table seen (id int)`);
      const catalog = await readCatalog(client);
      expect(catalog.map(({ subject }) => subject)).toContain('public.seen');
      expect(client.getTransactionStatus()).toBe('T');
      expect((await client.query('show search_path')).rows).toEqual([{ search_path: 'public' }]);
      await client.query('rollback');
      await readCatalog(client);
      expect(client.getTransactionStatus()).toBe('I');
      expect((await client.query('show search_path')).rows).toEqual([{ search_path: '"$user", public' }]);
    });
  });

  it('is the same when two sessions share the queries, and fails with the second one', async () => {
    const target = await server.createDatabase();
    await statement(
      target,
      'create table a (id int primary key, b text); create view v as select id from a; create sequence s',
    );
    await connected(target, (client) =>
      connected(target, async (beside) => {
        expect(await readCatalog(client, {}, beside)).toEqual(await readCatalog(client));
        await expect(beside.query('begin; select 1 / 0')).rejects.toThrow('division by zero');
        await expect(readCatalog(client, {}, beside)).rejects.toThrow('transaction is aborted');
        expect(client.getTransactionStatus()).toBe('I');
        expect(compareCatalogs(await readCatalog(client), await catalogOf(target))).toEqual([]);
      }),
    );
  });

  it('can be read by a role without rights, who cannot tell values it may not see', async () => {
    const target = await server.createDatabase();
    await statement(
      target,
      `create schema closed; create sequence closed.hidden; create table closed.t (id int);
       create sequence seen; select lo_create(5); create role hfc_nobody login password 'made-up'; grant select on seen to hfc_nobody`,
    );
    const whole = await catalogOf(target);
    const seen = await catalogOf({ ...target, user: 'hfc_nobody', password: 'made-up' });
    const hidden = seen.filter(({ definition }) => definition.endsWith('unreadable'));
    expect(hidden.map(nameOf)).toEqual(['large object 5', 'sequence value closed.hidden']);
    expect(compareCatalogs(whole, seen)).toEqual([]);
  });

  it('can be cut to schemas while it is read, and to tables or schemas afterwards', async () => {
    const target = await server.createDatabase();
    await statement(
      target,
      `create schema a; create schema b; create table a.t (id serial primary key, n int check (n > 0)); create index on a.t (n);
       comment on index a.t_n_idx is 'an index'; create table a.other (id int); create function a.f() returns int language sql return 1;
       create table b.t (id int); select lo_create(6)`,
    );
    const onlyA = await catalogOf(target, { schemas: ['a'] });
    const withoutB = await catalogOf(target, { excludeSchemas: ['b', 'public'] });
    const inSchemas = (catalog: Catalog) => catalog.filter(({ schema }) => schema !== undefined);
    expect(new Set(inSchemas(onlyA).map(({ schema }) => schema))).toEqual(new Set(['a']));
    expect(inSchemas(withoutB)).toEqual(inSchemas(onlyA));
    expect(withoutB.map(({ kind }) => kind)).toContain('large object');
    const whole = await catalogOf(target);
    expect(selectFromCatalog(whole, { schemas: ['a'], tables: [] })).toEqual(onlyA);
    const table = selectFromCatalog(whole, { schemas: [], tables: ['a.t'] });
    expect(table.map(nameOf)).toEqual([
      'column a.t.id',
      'column a.t.n',
      'column order a.t',
      'comment index a.t_n_idx',
      'index a.t_n_idx',
      'owner table a.t',
      'sequence a.t_id_seq',
      'sequence value a.t_id_seq',
      'server major postgres',
      'table a.t',
      'table constraint t_n_check on a.t',
      'table constraint t_pkey on a.t',
    ]);
  });
});

describe('a catalog of Postgres 15 and one of 17', () => {
  it('are equal after pg_dump and psql, apart from what belongs to the server', async () => {
    const client = await findClient(toolsDir(), 17);
    const file = join(directory, 'dump.sql');
    const asked = ['views', 'grants', 'routines', 'constraints', 'inheritance', 'partitions', 'row_security'];
    for (const database of corpus.filter(({ name }) => asked.includes(name))) {
      const older = await original(database, 15);
      const target = await serverOf(17).createDatabase();
      await connected(target, (one) => ensureRoles(one, database.roles ?? []));
      for (const [command, options, { host, port, user, password, database: name }] of [
        ['pg_dump', ['-f', file], older.target],
        ['psql', ['-Xqf', file, '-v', 'ON_ERROR_STOP=1'], target],
      ] as const)
        await run(executable(client?.binDir ?? '', command), [...options, '-d', name], {
          env: { PGPASSWORD: password, PGHOST: host, PGPORT: String(port), PGUSER: user },
        });
      const ofServer = new Set(['database', 'extension version']);
      const differences = compareCatalogs(older.catalog, await catalogOf(target));
      expect(differences.filter(({ kind }) => !ofServer.has(kind))).toEqual([]);
    }
  });
});
