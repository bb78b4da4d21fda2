import { connect, makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { corpus } from '@holdfast/testing/corpus';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  attachRepository,
  backUp,
  compareCatalogs,
  defaultToolsDir,
  readCatalog,
  restore,
  selectFromCatalog,
  type PostgresTarget,
  type Repository,
  type RestoreArguments,
} from '../index.ts';
import { ODD_TABLE, SHOP } from './shop-database.ts';

const signal = new AbortController().signal;
const environment = { id: randomUUID(), name: 'shop', kind: 'postgres' as const };
const CORPORA = ['partitions', 'inheritance', 'hostile_names', 'dependencies', 'operators', 'extensions', 'grants'];

describe.each([15, 17])('chosen parts in a new database, on Postgres %i', (major) => {
  let server: ThrowawayPostgres;
  let repository: Repository;
  let source: PostgresTarget;
  let backupId: string;

  async function made(fill: (client: Awaited<ReturnType<typeof connect>>) => Promise<unknown>) {
    const target = await server.createDatabase();
    const client = await connect(target);
    await fill(client);
    await client.end();
    const id = randomUUID();
    const backup = { id, name: 'shop', description: '', tags: [], components: ['database' as const] };
    const tools = { toolsDir: defaultToolsDir(), lockTimeoutSeconds: 10, parallel: 2 };
    await backUp({ environment, source: target, repository, backup, ...tools }, { signal });
    return { target, id };
  }

  beforeAll(async () => {
    server = await throwawayPostgres(major);
    repository = (await attachRepository(await makeTempDir('selection'))).repository;
    const shop = await made((client) => client.query(SHOP));
    source = shop.target;
    backupId = shop.id;
  });
  afterAll(async () => {
    await server.stop();
  });

  const itOn17 = major === 17 ? it : () => undefined;
  const give = async (more: Partial<RestoreArguments>) => {
    const newDatabase = `new ${randomUUID().slice(0, 8)}`;
    const report = await restore(
      {
        ...{ repository, sourceEnvironmentId: environment.id, backupId, target: source, newDatabase },
        ...{ schemas: [], tables: [], content: 'all', dryRun: false, overwrite: false },
        ...{ operationId: randomUUID(), parallel: 2, ...more },
      },
      { signal },
    );
    return { report, restored: { ...source, database: report.database } };
  };
  const catalogOf = async (target: PostgresTarget) => {
    const client = await connect(target);
    try {
      return await readCatalog(client);
    } finally {
      await client.end();
    }
  };
  const namesOf = (catalog: Awaited<ReturnType<typeof catalogOf>>, kinds: RegExp) =>
    catalog.filter(({ kind }) => kinds.test(kind)).map(({ subject }) => subject);

  it('holds the chosen tables with what they need, and nothing else', async () => {
    const { report, restored } = await give({ tables: ['shop.orders', 'shop.customers', ODD_TABLE] });
    expect(report).toMatchObject({ tables: 3, rows: 102, differenceCount: 0, gaps: [] });
    const [before, after] = [await catalogOf(source), await catalogOf(restored)];
    const tables = ['shop.orders', 'shop.customers', ODD_TABLE];
    const parts = [before, after].map((catalog) => selectFromCatalog(catalog, { schemas: [], tables }));
    expect(compareCatalogs(parts[0] ?? [], parts[1] ?? [])).toEqual([]);
    expect(namesOf(after, /^(?:table|function|type|schema)$/).sort()).toEqual(
      [...tables, 'shop.note()', 'shop.state', '"odd ON ""schema"""', 'public', 'shop'].sort(),
    );
    const client = await connect(restored);
    const { rows } = await client.query(`insert into shop.customers (name) values ('next') returning id`);
    await client.end();
    expect(rows).toEqual([{ id: 51 }]);
  });

  it('lacks foreign keys to what was not chosen, and says so', async () => {
    const { report, restored } = await give({ tables: ['shop.orders'] });
    expect(report.gaps).toMatchObject([{ code: 'foreign-keys', subjects: ['orders_customer_fkey on shop.orders'] }]);
    const constraints = namesOf(await catalogOf(restored), /^table constraint$/);
    expect(constraints).toEqual(['orders_pkey on shop.orders']);
  });

  it('makes a lonely partition a table of its own', async () => {
    const { report, restored } = await give({ tables: ['other.events_2024'] });
    expect(report.gaps).toMatchObject([{ code: 'partition-parents', subjects: ['other.events_2024'] }]);
    const table = (await catalogOf(restored)).find(({ subject }) => subject === 'other.events_2024');
    expect(table?.definition).not.toContain('partition of');
  });

  it('holds no rows where only the schema is wanted', async () => {
    const { report, restored } = await give({ schemas: ['shop'], content: 'schema' });
    expect(report).toMatchObject({ rows: 0, bytes: 0, differenceCount: 0 });
    const client = await connect(restored);
    const { rows } = await client.query(
      `select (select count(*)::int from shop.orders) as n, nextval('shop.orders_id_seq')::int as id`,
    );
    await client.end();
    expect(rows).toEqual([{ n: 0, id: 1 }]);
  });

  itOn17('is refused for names that are not there, and for rows alone', async () => {
    await expect(give({ schemas: ['shop', 'gone'], tables: ['shop.nothing', 'orders'] })).rejects.toMatchObject({
      code: 'restore.selection_unknown',
      message: 'The backup holds no schema gone, no table shop.nothing, no table orders',
    });
    await expect(give({ tables: ['shop.orders'], content: 'data' })).rejects.toMatchObject({
      code: 'restore.preflight_failed',
    });
  });

  itOn17('is refused when what was chosen needs what was not', async () => {
    const { id } = await made((client) =>
      client.query(`create table members (id int); create table notes (member int); create table more () inherits (notes);
        create policy own on notes using (exists (select from members m where m.id = member))`),
    );
    const { report } = await give({ backupId: id, tables: ['public.more'], dryRun: true });
    expect(report.findings.map(({ severity, code, message }) => `${severity} ${code}: ${message}`)).toEqual([
      expect.stringMatching(/^blocker restore\.selection_incomplete: .*public\.notes \(TABLE public\.more/),
    ]);
    await expect(give({ backupId: id, tables: ['public.notes'] })).rejects.toMatchObject({
      message: expect.stringMatching(/needs what was not: public\.members \(POLICY public\.notes own/),
    });
    const { report: done } = await give({ backupId: id, tables: ['public.notes', 'public.members'] });
    expect(done.tables).toBe(3);
  });

  it.each(corpus.filter(({ name }) => CORPORA.includes(name)))(
    'equals the source when all schemas are chosen: $name',
    async ({ create }) => {
      const { target, id } = await made((client) => create(client, major));
      const before = await catalogOf(target);
      const schemas = namesOf(before, /^schema$/).map((name) => name.replace(/^"(.*)"$/s, '$1').replaceAll('""', '"'));
      const { report, restored } = await give({ backupId: id, schemas });
      expect(report.differenceCount).toBe(0);
      expect(
        report.gaps.map(({ code }) => code).filter((code) => !/^(?:role-passwords|tablespaces)$/.test(code)),
      ).toEqual([]);
      const parts = [before, await catalogOf(restored)].map((catalog) =>
        selectFromCatalog(catalog, { schemas, tables: [] }),
      );
      expect(compareCatalogs(parts[0] ?? [], parts[1] ?? [])).toEqual([]);
    },
  );

  itOn17('goes into a new database of a server that has none called postgres', async () => {
    const client = await connect(source);
    await client.query('ALTER DATABASE postgres RENAME TO elsewhere');
    try {
      const { report, restored } = await give({});
      expect(report).toMatchObject({ differenceCount: 0 });
      expect(compareCatalogs(await catalogOf(source), await catalogOf(restored))).toEqual([]);
    } finally {
      await client.query('ALTER DATABASE elsewhere RENAME TO postgres');
      await client.end();
    }
  });
});
