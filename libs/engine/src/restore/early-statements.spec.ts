import { expect, it } from 'vitest';
import { splitStatements } from '../postgres/statements.ts';
import { splitPostData } from './early-statements.ts';

const entry = (name: string, type: string, sql: string): string =>
  `--\n-- Name: ${name}; Type: ${type}; Schema: public; Owner: -\n--\n\n${sql};\n\n`;
const key = (table: string): string =>
  entry(
    `${table} ${table}_pkey`,
    'CONSTRAINT',
    `ALTER TABLE ONLY "public"."${table}"\n    ADD CONSTRAINT "${table}_pkey" PRIMARY KEY ("id")`,
  );
const index = (table: string, name: string): string =>
  entry(name, 'INDEX', `CREATE INDEX "${name}" ON "public"."${table}" USING "btree" ("at")`);
const comment = entry(
  'CONSTRAINT a_pkey ON public.a',
  'COMMENT',
  `COMMENT ON CONSTRAINT "a_pkey" ON "public"."a" IS 'of a'`,
);
const view = entry('m', 'MATERIALIZED VIEW DATA', 'REFRESH MATERIALIZED VIEW "public"."m"');
const settings = "SET statement_timeout = 0;\nSET client_encoding = 'UTF8';\n\n";

/** First words that tell statements apart. */
function split(sql: string, ...loaded: string[]) {
  const shown = (text: string): string =>
    text
      .replaceAll(/["\n]|USING.*|PRIMARY.*/g, '')
      .replaceAll(/ +/g, ' ')
      .trim();
  const { prelude, early, rest } = splitPostData([...splitStatements(sql)], new Set(loaded));
  const texts = (lanes: { text: string }[][]): string[] =>
    lanes.map((lane) => lane.map(({ text }) => shown(text)).join(' & '));
  return {
    prelude: prelude.length,
    rest: rest.map(({ text }) => shown(text).replaceAll(';', '')),
    early: Object.fromEntries(
      [...early].map(([name, { exclusive, shared }]) => [name, { exclusive: texts(exclusive), shared: texts(shared) }]),
    ),
  };
}

it('gives each loaded table its keys and indexes, and keeps the settings', () => {
  expect(
    split(
      settings + key('a') + comment + key('b') + index('a', 'a_at') + index('other', 'o_at'),
      'public.a',
      'public.b',
    ),
  ).toEqual({
    prelude: 2,
    early: {
      'public.a': {
        exclusive: ['ALTER TABLE ONLY public.a ADD CONSTRAINT a_pkey'],
        shared: ['CREATE INDEX a_at ON public.a'],
      },
      'public.b': { exclusive: ['ALTER TABLE ONLY public.b ADD CONSTRAINT b_pkey'], shared: [] },
    },
    rest: ["COMMENT ON CONSTRAINT a_pkey ON public.a IS 'of a'", 'CREATE INDEX o_at ON public.other'],
  });
});

it('keeps an index together with what is altered about it, as one that locks', () => {
  const clustered = index('a', 'a_at') + 'ALTER TABLE "public"."a" CLUSTER ON "a_at";\n';
  const { early } = split(clustered, 'public.a');
  expect(early['public.a']?.shared).toEqual([]);
  expect(early['public.a']?.exclusive).toEqual([
    'CREATE INDEX a_at ON public.a & ALTER TABLE public.a CLUSTER ON a_at;',
  ]);
});

it('takes nothing from behind what it could depend on', () => {
  for (const barrier of [view, entry('a', 'INDEX', 'SET default_tablespace = fast')]) {
    const { early, rest } = split(key('a') + barrier + index('a', 'a_at'), 'public.a');
    expect(early['public.a']).toEqual({ exclusive: ['ALTER TABLE ONLY public.a ADD CONSTRAINT a_pkey'], shared: [] });
    expect(rest.at(-1)).toBe('CREATE INDEX a_at ON public.a');
  }
});

it('leaves an index that calls what somebody wrote for later, and goes on with those behind it', () => {
  const on = (name: string, rest: string): string =>
    entry(name, 'INDEX', `CREATE INDEX "${name}" ON "public"."a" USING ${rest}`);
  const sql =
    on('f', '"btree" ("public"."lk"("id"))') +
    on('o', '"btree" ("at") WHERE ("at" OPERATOR(public.===) 1)') +
    on('c', '"btree" ((("id")::"public"."mood"))') +
    on('l', '"btree" ("lower"("name"))');
  const { early, rest } = split(sql, 'public.a');
  expect(early['public.a']?.shared).toEqual(['CREATE INDEX l ON public.a']);
  expect(rest).toHaveLength(3);
});
