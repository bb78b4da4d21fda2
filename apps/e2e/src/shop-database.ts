import { connect, once } from '@holdfast/testing';
import type { Database } from './product.ts';

const SCHEMA = `
  DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'shop_keeper') THEN CREATE ROLE shop_keeper; END IF;
  END $$;
  CREATE SCHEMA sales AUTHORIZATION shop_keeper;
  CREATE TYPE sales.order_state AS ENUM ('placed', 'paid', 'shipped');
  CREATE TABLE sales.customers (id int PRIMARY KEY, email text NOT NULL, address jsonb);
  CREATE TABLE sales.orders (
    id bigint GENERATED ALWAYS AS IDENTITY, customer_id int NOT NULL, state sales.order_state NOT NULL,
    placed_at timestamptz NOT NULL, total numeric(12, 2) CHECK (total >= 0), note text);
  CREATE TABLE sales.events (at date NOT NULL, kind text, detail jsonb) PARTITION BY RANGE (at);
  CREATE TABLE sales.events_2025 PARTITION OF sales.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE sales.events_2026 PARTITION OF sales.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE TABLE sales.empty (id int);
  CREATE TABLE sales.searches (id int PRIMARY KEY, words regdictionary);
  CREATE TABLE sales.documents (id int PRIMARY KEY, body text);
  CREATE FUNCTION sales.label(o sales.orders) RETURNS text LANGUAGE sql STABLE AS 'SELECT o.id || o.note';
  CREATE VIEW sales.open_orders AS SELECT * FROM sales.orders WHERE state <> 'shipped';`;

/** The sequence is set at last: one that was only counted up skips some values when its server crashes. */
const KEYS = `
  SELECT setval('sales.orders_id_seq', (SELECT max(id) FROM sales.orders));
  ALTER TABLE sales.orders ADD PRIMARY KEY (id);
  CREATE INDEX ON sales.orders (customer_id, placed_at);
  CREATE UNIQUE INDEX ON sales.customers (lower(email));
  ALTER TABLE sales.orders ADD FOREIGN KEY (customer_id) REFERENCES sales.customers;
  ALTER TABLE sales.customers ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON sales.customers TO shop_keeper USING (email = current_setting('app.email', true));
  GRANT SELECT ON ALL TABLES IN SCHEMA sales TO shop_keeper;
  DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'sales'::regnamespace AND relkind IN ('r', 'p')
    LOOP EXECUTE format('ALTER TABLE %s OWNER TO shop_keeper', name); END LOOP;
  END $$;`;

/** A document is a mebibyte that lies compressed on disk: work for a backup, little to copy for a new place. */
const rows = (orders: number, documents: number): string => `
  INSERT INTO sales.documents SELECT n, repeat(md5(n::text), 32768) FROM generate_series(1, ${documents}) n;
  INSERT INTO sales.searches VALUES (1, 'simple');
  INSERT INTO sales.customers SELECT n, 'customer' || n || '@example.org', jsonb_build_object('city', n % 97)
    FROM generate_series(1, 2000) n;
  INSERT INTO sales.orders (customer_id, state, placed_at, total, note)
    SELECT 1 + n % 2000, (ARRAY['placed', 'paid', 'shipped'])[1 + n % 3]::sales.order_state,
      timestamptz '2026-01-01' + n * interval '1 minute', n % 1000, md5(n::text) || md5((n * 7)::text)
    FROM generate_series(1, ${orders}) n;
  INSERT INTO sales.events SELECT date '2025-01-01' + n % 700, 'seen', jsonb_build_object('n', n)
    FROM generate_series(1, 3000) n;`;

/** Fills an empty database with a small shop: keys, partitions, a policy, an owner; about 120 bytes an order. */
export const fillShop = (database: Database, orders: number, documents = 1): Promise<void> =>
  once(database, SCHEMA + rows(orders, documents) + KEYS);

/** A table of about `megabytes` whose rows hardly compress. */
export const addLargeTable = (database: Database, megabytes: number): Promise<void> =>
  once(
    database,
    `CREATE UNLOGGED TABLE public.large AS
       SELECT n AS id, md5(n::text) || md5((n + 1)::text) || md5((n * 3)::text) || md5((n * 5)::text) AS filler
       FROM generate_series(1, ${megabytes * 6_200}) n`,
  );

/** Copies a database on its own server, for comparing with it later. */
export async function copyOf(database: Database, name: string): Promise<Database> {
  await once({ ...database, database: 'postgres' }, `CREATE DATABASE "${name}" TEMPLATE "${database.database}"`);
  return { ...database, database: name };
}

/** Changes rows and schema, so that what is there now cannot be taken for what was backed up. */
export const spoil = (database: Database): Promise<void> =>
  once(
    database,
    `DELETE FROM sales.orders WHERE id % 5 = 0; UPDATE sales.customers SET email = 'spoiled' || id;
     CREATE TABLE public.intruder (id int); DROP POLICY own ON sales.customers; DROP VIEW sales.open_orders;`,
  );

/** Names of databases that fit a pattern of LIKE. */
export async function databasesLike(server: Database, pattern: string): Promise<string[]> {
  const client = await connect({ ...server, database: 'postgres' });
  try {
    const { rows } = await client.query('SELECT datname AS name FROM pg_database WHERE datname LIKE $1', [pattern]);
    return rows.map(({ name }: { name: string }) => name);
  } finally {
    await client.end();
  }
}
