import { connect, makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  attachRepository,
  backUp,
  compareCatalogs,
  defaultToolsDir,
  readCatalog,
  restore,
  type PostgresTarget,
  type Repository,
  type RestoreArguments,
} from '../index.ts';
import { ODD_TABLE, SHOP } from './shop-database.ts';
import { mark } from './switch.ts';

const signal = new AbortController().signal;
const environment = { id: randomUUID(), name: 'shop', kind: 'postgres' as const };

describe.each([15, 17])('a restore into the database that is there, on Postgres %i', (major) => {
  let server: ThrowawayPostgres;
  let repository: Repository;
  let backupId: string;
  let target: PostgresTarget;
  let client: pg.Client;

  async function backedUp(source: PostgresTarget): Promise<string> {
    const id = randomUUID();
    const backup = { id, name: 'shop', description: '', tags: [], components: ['database' as const] };
    const tools = { toolsDir: defaultToolsDir(), lockTimeoutSeconds: 10, parallel: 2 };
    await backUp({ environment, source, repository, backup, ...tools }, { signal });
    return id;
  }

  beforeAll(async () => {
    server = await throwawayPostgres(major);
    repository = (await attachRepository(await makeTempDir('within'))).repository;
    const source = await server.createDatabase('shop template');
    const builder = await connect(source);
    await builder.query(SHOP);
    await builder.end();
    backupId = await backedUp(source);
  });
  afterAll(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    target = { ...server.target, database: `shop ${randomUUID().slice(0, 8)}` };
    const admin = await connect(server.target);
    await admin.query(`CREATE DATABASE "${target.database}" TEMPLATE "shop template"`);
    await admin.end();
    client = await connect(target);
  });
  afterEach(async () => {
    await client.end();
  });

  /** What no version does in a way of its own is tried on one. */
  const itOn17 = major === 17 ? it : () => undefined;
  const give = (more: Partial<RestoreArguments>, run: Partial<Parameters<typeof restore>[1]> = {}) =>
    restore(
      {
        ...{ repository, sourceEnvironmentId: environment.id, backupId, target, newDatabase: null },
        ...{ schemas: [], tables: [], content: 'all', dryRun: false, overwrite: false },
        ...{ operationId: randomUUID(), parallel: 2, ...more },
      },
      { signal, ...run },
    );
  const refusal = (more: Partial<RestoreArguments>) =>
    give(more).then(
      () => ({ code: 'nothing thrown', message: '' }),
      (error: { code: string; message: string }) => error,
    );
  const ask = async (sql: string): Promise<unknown> => {
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    return rows.length === 1 ? (rows[0] as unknown[])[0] : rows;
  };
  /** Catalog and rows of everything; sequences are part of the catalog. */
  async function stateOf() {
    const catalog = await readCatalog(client);
    const tables = catalog.filter(({ kind }) => kind === 'table').map(({ subject }) => subject);
    const rows: unknown[] = [];
    for (const table of tables) rows.push((await client.query(`select t::text from only ${table} t order by 1`)).rows);
    return { catalog, rows };
  }
  async function expectUnchanged(before: Awaited<ReturnType<typeof stateOf>>): Promise<void> {
    const after = await stateOf();
    expect(compareCatalogs(before.catalog, after.catalog)).toEqual([]);
    expect(after.rows).toEqual(before.rows);
  }
  /** Waits until the restore waits for a lock. */
  async function restoreWaits(): Promise<number> {
    for (let tries = 0; tries < 300; tries++) {
      const { rows } = await client.query<{ pid: number }>(
        `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      if (rows[0]) return rows[0].pid;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('the restore never waited');
  }

  describe('of chosen tables', () => {
    itOn17('is refused where they are there, and the pre-flight names them only', async () => {
      const before = await stateOf();
      expect(await refusal({ tables: ['shop.orders'] })).toMatchObject({ code: 'restore.preflight_failed' });
      const report = await give({ tables: ['shop.orders', 'shop.events'], dryRun: true });
      const blockers = report.findings.filter(({ severity }) => severity === 'blocker').map(({ code }) => code);
      expect(blockers).toEqual(['restore.target_not_empty']);
      const names = ['other.events_2024', 'shop.events', 'shop.events_2023', 'shop.orders'];
      expect(report.overwritten).toEqual(names);
      await expectUnchanged(before);
    });

    it('replaces them and leaves everything else as it is', async () => {
      const original = await stateOf();
      await client.query(`
        update shop.customers set name = 'changed'; delete from shop.orders where id > 10;
        drop policy own on shop.orders; alter table shop.orders add column later int;
        select setval('shop.orders_id_seq', 5000);
        create table other.mine (id serial); insert into other.mine default values;`);
      const report = await give({ tables: ['shop.orders'], overwrite: true });
      expect(report).toMatchObject({ tables: 1, rows: 50, overwritten: ['shop.orders'], gaps: [], keptDatabase: null });
      const differing = compareCatalogs(original.catalog, (await stateOf()).catalog);
      expect(differing.map(({ subject }) => subject)).toEqual(['other.mine']);
      expect(await ask(`select distinct name from shop.customers`)).toBe('changed');
      expect(await ask(`insert into shop.orders (customer) values (1) returning id`)).toBe(51);
    });

    it('brings back what was dropped, with its foreign keys, from hostile names too', async () => {
      const original = await stateOf();
      await client.query(
        `drop table ${ODD_TABLE}; drop schema "odd ON ""schema"""; drop table shop.orders; drop type shop.state`,
      );
      const report = await give({ tables: ['shop.orders', ODD_TABLE], parallel: 1 });
      expect(report.gaps).toEqual([]);
      await expectUnchanged(original);
    });

    itOn17('leaves out foreign keys to what is nowhere', async () => {
      await client.query('drop table shop.orders, shop.customers');
      const report = await give({ tables: ['shop.orders'] });
      const subjects = ['orders_customer_fkey on shop.orders'];
      expect(report.gaps).toMatchObject([{ code: 'foreign-keys', subjects }]);
      expect(await ask('select count(*)::int from shop.orders')).toBe(50);
    });

    it('replaces a tree of partitions whole, and a lonely partition in its tree', async () => {
      const original = await stateOf();
      await client.query(`create table shop.extra partition of shop.events for values from ('2030-01-01') to ('2031-01-01');
        delete from other.events_2024`);
      const tree = await give({ tables: ['shop.events'], overwrite: true });
      expect(tree.overwritten).toContain('shop.extra');
      await expectUnchanged(original);
      await client.query('drop table other.events_2024');
      const one = await give({ tables: ['other.events_2024'] });
      expect(one.gaps).toEqual([]);
      await expectUnchanged(original);
    });

    itOn17('makes them empty where only the schema is wanted', async () => {
      const original = await stateOf();
      await give({ tables: ['shop.orders', 'shop.events'], content: 'schema', overwrite: true });
      const { catalog } = await stateOf();
      const differing = compareCatalogs(original.catalog, catalog).map(({ kind, subject }) => `${kind} ${subject}`);
      expect(differing).toEqual(['sequence value shop.orders_id_seq']);
      expect(await ask('select count(*)::int from shop.orders')).toBe(0);
    });

    itOn17('names what was not chosen and stands in the way', async () => {
      const customers = await refusal({ tables: ['shop.customers'], overwrite: true });
      expect(customers.message).toContain('orders_customer_fkey of shop.orders');
      await client.query('create view other.on_orders as select * from shop.orders');
      const before = await stateOf();
      const orders = await refusal({ tables: ['shop.orders'], overwrite: true });
      expect(orders).toMatchObject({ code: 'postgres.statement_failed' });
      expect(orders.message).toContain('view other.on_orders depends on table shop.orders');
      await expectUnchanged(before);
    });

    it('leaves everything as it was when a statement fails in the middle', async () => {
      await client.query(`update shop.orders set customer = 1; delete from shop.customers where id > 1;
        insert into shop.orders (customer) values (1)`);
      const before = await stateOf();
      const error = await refusal({ tables: ['shop.orders'], overwrite: true });
      expect(error).toMatchObject({ code: 'postgres.statement_failed' });
      expect(error.message).toMatch(/FK CONSTRAINT shop\.orders orders_customer_fkey.*SQLSTATE 23503/);
      await expectUnchanged(before);
    });

    it('leaves everything as it was when its backend is killed, or it is cancelled', async () => {
      const before = await stateOf();
      const blocker = await connect(target);
      for (const end of ['kill', 'cancel']) {
        // the foreign key waits for this table, when all rows are loaded
        await blocker.query('begin; lock table shop.customers in row exclusive mode');
        const stop = new AbortController();
        const outcome = give({ tables: ['shop.orders'], overwrite: true }, { signal: stop.signal }).then(
          () => ({ code: 'nothing thrown' }),
          (error: { code?: string; name?: string }) => error,
        );
        const pid = await restoreWaits();
        if (end === 'kill') await client.query('select pg_terminate_backend($1)', [pid]);
        else stop.abort(Object.assign(new Error('enough'), { code: 'stopped' }));
        expect(await outcome).toMatchObject({ code: end === 'kill' ? 'postgres.connection_lost' : 'stopped' });
        // it has let go by itself, though what it waited for is still locked
        await client.query(`begin; set local lock_timeout = '5s'; lock table shop.orders in access exclusive mode`);
        await client.query('rollback');
        await blocker.query('rollback');
        await expectUnchanged(before);
      }
      await blocker.end();
    });

    it('gives no more than the backup did, whatever the target gives by default', async () => {
      await client.query(`alter default privileges in schema shop grant all on tables to public;
        alter default privileges grant select on sequences to public`);
      const before = await stateOf();
      await give({ tables: ['shop.orders'], overwrite: true });
      await expectUnchanged(before);
    });

    itOn17('is done once: an attempt that was killed after its commit is not repeated', async () => {
      const operationId = randomUUID();
      await mark(client, target.database, operationId);
      const comment = `select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()`;
      const before = await ask(comment);
      expect(await give({ tables: ['shop.orders'], operationId })).toMatchObject({ rows: 50 });
      expect(before).toContain(operationId);
      expect(await ask(comment)).toBeNull();
    });
  });

  describe('of chosen schemas', () => {
    it('replaces all that lives in them', async () => {
      const original = await stateOf();
      await client.query(`create table shop.newer (s shop.state); create function shop.f(shop.newer) returns int language sql as 'select 1';
        create view shop.v as select shop.f(n) from shop.newer n; drop function shop.note() cascade; delete from shop.customers where id > 40 and id not in (select customer from shop.orders)`);
      const report = await give({ schemas: ['shop'], overwrite: true });
      expect(report.overwritten).toEqual(expect.arrayContaining(['shop.orders', 'other.events_2024', 'view shop.v']));
      await expectUnchanged(original);
    });

    itOn17('is refused when others depend on what is there', async () => {
      await client.query('create view other.states as select null::shop.state as state');
      const before = await stateOf();
      const error = await refusal({ schemas: ['shop'], overwrite: true });
      expect(error.message).toContain('view other.states');
      await expectUnchanged(before);
    });
  });

  describe('of rows alone', () => {
    it('replaces rows without firing triggers, and sequences go on after them', async () => {
      const original = await stateOf();
      await client.query(`alter table shop.orders disable trigger user; delete from shop.orders where id > 7;
        insert into shop.orders values (900, 1); alter table shop.orders enable trigger noted, enable always trigger always_noted;
        select setval('shop.orders_id_seq', 900); truncate shop.events, ${ODD_TABLE};`);
      const tables = ['shop.orders', 'shop.events', ODD_TABLE];
      const report = await give({ tables, content: 'data', overwrite: true });
      expect(report).toMatchObject({ tables: 4, rows: 152, overwritten: ['shop.orders'] });
      await expectUnchanged(original);
      expect(await ask('select count(*)::int from shop.log')).toBe(0);
      expect(await ask(`insert into shop.orders (customer) values (1) returning id`)).toBe(51);
      expect(await ask(`insert into ${ODD_TABLE} ("a;b") values ('x') returning " ON "`)).toBe(3);
    });

    it('takes the whole backup where nothing is named, rings of foreign keys too', async () => {
      const original = await stateOf();
      await client.query(
        `truncate shop.customers, shop.orders, shop.events, other."user", other.lines restart identity`,
      );
      await client.query('truncate shop.log');
      const report = await give({ content: 'data', overwrite: true });
      expect(report.rows).toBe(206);
      await expectUnchanged(original);
    });

    itOn17('names tables that are not empty, not there, of other columns, or referred to', async () => {
      const before = await stateOf();
      const filled = await give({ tables: ['shop.orders'], content: 'data', dryRun: true });
      expect(filled.findings).toMatchObject([{ code: 'restore.target_not_empty', severity: 'blocker' }]);
      expect(filled.overwritten).toEqual(['shop.orders']);
      const referred = await refusal({ tables: ['shop.customers'], content: 'data', overwrite: true });
      expect(referred.message).toContain('orders_customer_fkey of shop.orders');
      await expectUnchanged(before);
      await client.query(`drop table ${ODD_TABLE}; alter table shop.orders drop column total`);
      const lacking = await give({
        tables: ['shop.orders', ODD_TABLE],
        content: 'data',
        overwrite: true,
        dryRun: true,
      });
      expect(lacking.findings.map(({ code, message }) => `${code}: ${message}`)).toEqual([
        `restore.table_missing: The target lacks these tables: ${ODD_TABLE}`,
        'restore.column_missing: The target lacks these columns: shop.orders.total',
      ]);
    });

    itOn17('is refused when loaded rows refer to rows of others that are gone', async () => {
      await client.query(`update shop.orders set customer = 1; delete from shop.customers where id > 1`);
      const before = await stateOf();
      const error = await refusal({ tables: ['shop.orders'], content: 'data', overwrite: true });
      expect(error.message).toContain('Foreign key orders_customer_fkey of shop.orders to shop.customers');
      await expectUnchanged(before);
    });

    itOn17('rolls sequences back with the rest when rows come out otherwise', async () => {
      await client.query(`alter table shop.orders alter total type numeric(10, 1);
        select setval('shop.orders_id_seq', 7000)`);
      const before = await stateOf();
      const error = await refusal({ schemas: ['shop'], content: 'data', overwrite: true });
      expect(error).toMatchObject({ code: 'restore.differs' });
      expect(error.message).toContain('rows shop.orders');
      await expectUnchanged(before);
    });
  });

  describe('by a role that only owns the tables', () => {
    const owner = { user: `keeper ${major}`, password: 'keeps "it"' };
    beforeAll(async () => {
      const admin = await connect(server.target);
      await admin.query(`CREATE ROLE "${owner.user}" LOGIN PASSWORD '${owner.password}'`);
      await admin.end();
    });
    beforeEach(async () => {
      await client.query(`do $$ declare r record; begin
        for r in select format('alter %s %I.%I owner to "${owner.user}"', case relkind when 'S' then 'sequence' else 'table' end, nspname, relname) as sql
          from pg_class c join pg_namespace n on n.oid = relnamespace where nspname in ('shop', 'other') and relkind in ('r', 'p')
        loop execute r.sql; end loop;
        for r in select nspname from pg_namespace where nspname in ('shop', 'other')
        loop execute format('alter schema %I owner to "${owner.user}"', r.nspname); end loop; end $$;
        grant usage on type shop.state to "${owner.user}"; grant execute on function shop.note() to "${owner.user}"`);
      target = { ...target, ...owner };
    });

    it('replaces rows in the order of foreign keys, without firing triggers', async () => {
      const original = await stateOf();
      await client.query('truncate shop.orders, shop.customers restart identity; truncate shop.log');
      const report = await give({
        tables: ['shop.orders', 'shop.customers', 'shop.events'],
        content: 'data',
        overwrite: true,
      });
      expect(report.rows).toBe(200);
      await expectUnchanged(original);
      expect(await ask('select count(*)::int from shop.log')).toBe(0);
      expect(await ask(`insert into shop.customers (name) values ('next') returning id`)).toBe(51);
    });

    itOn17('is told that tables which refer to each other have no order', async () => {
      const error = await refusal({ tables: ['other."user"', 'other.lines'], content: 'data', overwrite: true });
      expect(error).toMatchObject({ code: 'restore.preflight_failed' });
      expect(error.message).toContain('other.lines, other.user');
      await client.query('alter table other.lines alter constraint lines_user_id_fkey deferrable');
      const before = await stateOf();
      await give({ tables: ['other."user"', 'other.lines'], content: 'data', overwrite: true });
      await expectUnchanged(before);
    });

    it('replaces its own tables', async () => {
      const id = await backedUp({ ...target, user: server.target.user, password: server.target.password });
      const original = await stateOf();
      await client.query('delete from shop.orders');
      await give({ backupId: id, tables: ['shop.orders', 'shop.events'], overwrite: true });
      await expectUnchanged(original);
    });
  });
});
