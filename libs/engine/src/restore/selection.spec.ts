import { describe, expect, it } from 'vitest';
import type { TableArtifact } from '../manifest/manifest.ts';
import { splitStatements } from '../postgres/statements.ts';
import { readOutline } from './outline.ts';
import { planRestore, rolesOf } from './restore-plan.ts';
import { select } from './selection.ts';
import { subjectOf } from './statement-subject.ts';

const PRE_DATA = String.raw`
CREATE SCHEMA "shop";
ALTER SCHEMA "shop" OWNER TO "owner";
CREATE SCHEMA "odd ON "" TO";
CREATE SCHEMA "lib";
CREATE TYPE "lib"."state" AS ENUM (
    'new; "shop"."hidden" ON'
);
ALTER TYPE "lib"."state" OWNER TO "owner";
CREATE TYPE "lib"."span" AS RANGE (
    subtype = integer,
    multirange_type_name = "lib"."spans"
);
CREATE TYPE "lib"."unused" AS ENUM (
);
-- Name: check(x); Type: FUNCTION; Schema: lib; Owner: owner
CREATE FUNCTION "lib"."check"("value" "lib"."state" DEFAULT 'new'::"lib"."state") RETURNS boolean
    LANGUAGE "sql" IMMUTABLE
    AS $$ select helped_by(value) $$;
ALTER FUNCTION "lib"."check"("value" "lib"."state") OWNER TO "owner";
-- Name: helped_by(x); Type: FUNCTION; Schema: lib; Owner: owner
CREATE FUNCTION "lib"."helped_by"("lib"."state") RETURNS boolean LANGUAGE "sql" AS $$ select true $$;
ALTER FUNCTION "lib"."helped_by"("lib"."state") OWNER TO "owner";
-- Name: orders; Type: TABLE; Schema: lib; Owner: owner
CREATE TABLE "shop"."orders" (
    "id" integer NOT NULL,
    "state" "lib"."state" DEFAULT 'new'::"lib"."state",
    "spans" "lib"."spans",
    CONSTRAINT "known" CHECK ("lib"."check"("state"))
);
ALTER TABLE "shop"."orders" ALTER COLUMN "id" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME "shop"."orders_id_seq"
    START WITH 1
);
CREATE TABLE "shop"."customers" (
    "id" integer NOT NULL
);
CREATE SEQUENCE "shop"."customers_id_seq";
ALTER SEQUENCE "shop"."customers_id_seq" OWNED BY "shop"."customers"."id";
CREATE SEQUENCE "shop"."loose";
CREATE TABLE "odd ON "" TO"." ON ""shop"".""orders"" TO " (
    "n" integer DEFAULT "nextval"('"shop"."loose"'::"regclass")
);
CREATE TABLE "shop"."user" (
    "at" "date"
)
PARTITION BY RANGE ("at");
CREATE TABLE "odd ON "" TO"."part" (
    "at" "date"
);
CREATE TABLE "shop"."heir" (
    "more" integer
)
INHERITS ("shop"."customers");
ALTER TABLE ONLY "shop"."user" ATTACH PARTITION "odd ON "" TO"."part" DEFAULT;
SET SESSION AUTHORIZATION "grantor";
GRANT SELECT ON TABLE "shop"."orders" TO "reader";
RESET SESSION AUTHORIZATION;
GRANT SELECT ON TABLE "shop"."customers" TO "stranger";
`;

const POST_DATA = String.raw`
ALTER TABLE ONLY "shop"."orders"
    ADD CONSTRAINT "orders_pkey" PRIMARY KEY ("id");
CREATE INDEX " ON " ON "odd ON "" TO"." ON ""shop"".""orders"" TO " USING "btree" ("n");
COMMENT ON INDEX "odd ON "" TO"." ON " IS 'ON "shop"."orders"';
CREATE INDEX "of_user" ON ONLY "shop"."user" USING "btree" ("at");
CREATE INDEX "of_part" ON "odd ON "" TO"."part" USING "btree" ("at");
ALTER INDEX "shop"."of_user" ATTACH PARTITION "odd ON "" TO"."of_part";
CREATE RULE " TO " AS
    ON DELETE TO "odd ON "" TO"." ON ""shop"".""orders"" TO " DO INSTEAD NOTHING;
CREATE TRIGGER " ON " BEFORE UPDATE OF "n" ON "odd ON "" TO"." ON ""shop"".""orders"" TO " FOR EACH ROW EXECUTE FUNCTION "lib"."f"(' ON ');
ALTER TABLE "odd ON "" TO"."part" DISABLE TRIGGER "of the parent";
ALTER TABLE ONLY "shop"."orders"
    ADD CONSTRAINT "to_customers" FOREIGN KEY ("id") REFERENCES "shop"."customers"("id");
COMMENT ON CONSTRAINT "to_customers" ON "shop"."orders" IS 'its comment';
CREATE POLICY "own" ON "shop"."orders" USING ((EXISTS ( SELECT FROM "shop"."customers")));
CREATE PUBLICATION "all";
`;

const SEQUENCES = String.raw`
SELECT pg_catalog.setval('shop.orders_id_seq', 7, true);
SELECT pg_catalog.setval('shop.customers_id_seq', 8, true);
SELECT pg_catalog.setval('shop.loose', 9, true);
`;

const ODD = `"odd ON "" TO"." ON ""shop"".""orders"" TO "`;

const artifact = (name: string, schema: string, table: string): TableArtifact => ({
  ...{ kind: 'table', name, schema, table, columns: [], rows: 0, checksum: '0', loadInto: null, condition: null },
  ...{ size: 0, digest: '', pieces: [] },
});

const outline = readOutline([...splitStatements(PRE_DATA)], [...splitStatements(POST_DATA)]);
const artifacts = [
  artifact('shop.orders', 'shop', 'orders'),
  artifact('shop.customers', 'shop', 'customers'),
  artifact('shop.heir', 'shop', 'heir'),
  artifact(ODD, 'odd ON " TO', ' ON "shop"."orders" TO '),
  artifact('"odd ON "" TO".part', 'odd ON " TO', 'part'),
];
const values = [...splitStatements(SEQUENCES)].map((statement) => {
  const name = /'shop\.(\w+)'/.exec(statement.text)?.[1] ?? '';
  return { statement, sequence: { schema: 'shop', name } };
});

const choose = (more: { schemas?: string[]; tables?: string[]; content?: 'all' | 'data' }) =>
  select({ schemas: [], tables: [], content: 'all', ...more }, outline, artifacts, values);
const planned = (selection: ReturnType<typeof choose>, present: string[] = []) =>
  planRestore(selection, new Set(present));
const firstLines = (statements: { statement: { text: string } }[]): string[] =>
  statements.map(({ statement }) => statement.text.split('\n')[0] ?? '');

describe('what a statement is about', () => {
  it.each([
    [`CREATE TRIGGER " ON ""x"" " AFTER UPDATE OF " ON " ON "a ON b"." ON " FOR EACH ROW`, 'a ON b', ' ON '],
    [`CREATE RULE " TO " AS\n    ON INSERT TO "a TO"." TO " DO NOTHING;`, 'a TO', ' TO '],
    [`CREATE POLICY "p ON q" ON "s"."t" FOR SELECT USING (true);`, 's', 't'],
    [`CREATE STATISTICS "x"."FROM" ON "FROM", ("a" ->> 'FROM'::"text") FROM "s"."FROM t";`, 's', 'FROM t'],
    [`GRANT SELECT(" ON "),UPDATE("b") ON TABLE "s"."t" TO "r";`, 's', 't'],
    [`COMMENT ON COLUMN "s"."t"."c" IS ' ON "x"."y"';`, 's', 't'],
    [`COMMENT ON TRIGGER " ON " ON "s"."t" IS 'x';`, 's', 't'],
    [`SECURITY LABEL FOR " ON " ON TABLE "s"."t" IS 'x';`, 's', 't'],
    [`ALTER FOREIGN TABLE ONLY "s"."t" ALTER COLUMN "a" OPTIONS (x 'y');`, 's', 't'],
    [`CREATE UNIQUE INDEX "i" ON ONLY "s"."t" USING "btree" ("a");`, 's', 't'],
    [`REFRESH MATERIALIZED VIEW "s"."t";`, 's', 't'],
  ])('%s', (sql, schema, name) => {
    expect(subjectOf(sql)).toEqual({ of: 'relation', schema, name });
  });

  it('knows functions by their arguments, and operators', () => {
    expect(subjectOf(`REVOKE ALL ON FUNCTION "s"."f"("a (" integer) FROM PUBLIC;`)).toMatchObject({
      of: 'object',
      signature: `"s"."f"("a (" integer)`,
    });
    expect(subjectOf(`ALTER OPERATOR "s".|#%&| ("s"."t", "s"."t") OWNER TO "x";`)).toMatchObject({ name: '|#%&|' });
  });
});

describe('a selection', () => {
  it('names every schema and table that the backup lacks', () => {
    const wrong = { schemas: ['shop', 'nowhere'], tables: ['shop.orders', 'shop.gone', 'no table', 'shop.loose'] };
    expect(() => choose(wrong)).toThrow(
      expect.objectContaining({
        code: 'restore.selection_unknown',
        message: 'The backup holds no schema nowhere, no table shop.gone, no table no table, no table shop.loose',
      }),
    );
  });

  it('takes names quoted or not, also those that are keywords', () => {
    const { relations } = choose({ schemas: ['"lib"'], tables: ['"shop"."orders"', 'shop."user"', ODD] });
    expect([...relations.keys()]).toEqual(expect.arrayContaining(['shop.orders', 'shop.user', ODD]));
  });

  it('stands for partitions, heirs and owned sequences', () => {
    const { relations, tables } = choose({ tables: ['shop.user', 'shop.customers'] });
    expect([...relations.keys()].sort()).toEqual(
      ['"odd ON "" TO".part', 'shop.customers', 'shop.customers_id_seq', 'shop.heir', 'shop.user'].sort(),
    );
    expect(tables.map(({ name }) => name)).toEqual(['shop.customers', 'shop.heir', '"odd ON "" TO".part']);
  });

  it('is everything when nothing is named', () => {
    const selection = choose({ content: 'data' });
    expect(selection.tables).toHaveLength(artifacts.length);
    expect(planned(selection).sequences).toHaveLength(3);
  });
});

describe('a plan', () => {
  it('takes what is about a chosen table and what that may need, and nothing else', () => {
    const { preData, postData, sequences } = planned(choose({ tables: ['shop.orders'] }), ['shop.customers']);
    expect(firstLines(preData)).toEqual([
      'CREATE SCHEMA "shop";',
      'ALTER SCHEMA "shop" OWNER TO "owner";',
      'CREATE SCHEMA "lib";',
      'CREATE TYPE "lib"."state" AS ENUM (',
      'ALTER TYPE "lib"."state" OWNER TO "owner";',
      'CREATE TYPE "lib"."span" AS RANGE (',
      expect.stringContaining('CREATE FUNCTION "lib"."check"'),
      'ALTER FUNCTION "lib"."check"("value" "lib"."state") OWNER TO "owner";',
      expect.stringContaining('CREATE FUNCTION "lib"."helped_by"'),
      'ALTER FUNCTION "lib"."helped_by"("lib"."state") OWNER TO "owner";',
      'CREATE TABLE "shop"."orders" (',
      'ALTER TABLE "shop"."orders" ALTER COLUMN "id" ADD GENERATED ALWAYS AS IDENTITY (',
      'SET SESSION AUTHORIZATION "grantor";',
      'GRANT SELECT ON TABLE "shop"."orders" TO "reader";',
      'RESET SESSION AUTHORIZATION;',
    ]);
    expect(firstLines(postData)).toEqual([
      'ALTER TABLE ONLY "shop"."orders"',
      'ALTER TABLE ONLY "shop"."orders"',
      'COMMENT ON CONSTRAINT "to_customers" ON "shop"."orders" IS \'its comment\';',
      expect.stringContaining('CREATE POLICY "own"'),
    ]);
    expect(sequences.map(({ sequence }) => sequence.name)).toEqual(['orders_id_seq']);
  });

  it('leaves out foreign keys to tables that are nowhere, with their comments, and says so', () => {
    const plan = planned(choose({ tables: ['shop.orders'] }));
    expect(firstLines(plan.postData)).toEqual([
      'ALTER TABLE ONLY "shop"."orders"',
      expect.stringContaining('CREATE POLICY "own"'),
    ]);
    expect(plan.gaps).toMatchObject([{ code: 'foreign-keys', subjects: ['to_customers on shop.orders'] }]);
    expect([...plan.missing.keys()]).toEqual(['shop.customers']);
  });

  it('sees through names that look like SQL', () => {
    const { postData, supportSequences } = planned(choose({ tables: [ODD] }));
    expect(firstLines(postData)).toEqual([
      expect.stringContaining('CREATE INDEX " ON "'),
      expect.stringContaining('COMMENT ON INDEX "odd ON "" TO"." ON "'),
      'CREATE RULE " TO " AS',
      expect.stringContaining('CREATE TRIGGER " ON "'),
    ]);
    expect(supportSequences.map(({ sequence }) => sequence.name)).toEqual(['loose']);
  });

  it('attaches a lonely partition last where its parent is, and makes it a table of its own where not', () => {
    const selection = choose({ tables: ['"odd ON "" TO".part'] });
    expect(firstLines(planned(selection, ['shop.user']).postData)).toEqual([
      expect.stringContaining('CREATE INDEX "of_part"'),
      'ALTER TABLE ONLY "shop"."user" ATTACH PARTITION "odd ON "" TO"."part" DEFAULT;',
      'ALTER INDEX "shop"."of_user" ATTACH PARTITION "odd ON "" TO"."of_part";',
      'ALTER TABLE "odd ON "" TO"."part" DISABLE TRIGGER "of the parent";',
    ]);
    const alone = planned(selection);
    expect(firstLines(alone.postData)).toEqual([expect.stringContaining('CREATE INDEX "of_part"')]);
    expect(alone.gaps).toMatchObject([{ code: 'partition-parents', subjects: ['"odd ON "" TO".part'] }]);
  });

  it('needs only the roles that its statements name, and those they belong to', () => {
    const role = (name: string, memberOf: string[] = []) => ({
      ...{ name, superuser: false, inherit: true, createRole: false, createDatabase: false, login: false },
      ...{ replication: false, bypassRls: false, connectionLimit: -1, validUntil: null, settings: [] },
      memberOf: memberOf.map((group) => ({ role: group, admin: false, inherit: null, set: null })),
    });
    const roles = [role('reader', ['readers']), role('stranger'), role('readers'), role('owner'), role('grantor')];
    const named = rolesOf(planned(choose({ tables: ['shop.orders'] })), roles).map(({ name }) => name);
    expect(named).toEqual(['reader', 'readers', 'owner', 'grantor']);
  });
});
