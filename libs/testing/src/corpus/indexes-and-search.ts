import { supports, type CorpusDatabase } from './corpus-database.ts';

const INDEXES = String.raw`
create schema ix;
create table ix.t (id int primary key, a int, b text, c jsonb, d int[], e tsvector, f point, g tsrange, h varchar(20),
  i timestamptz, j inet, status varchar(10));
insert into ix.t select n, n % 17, 'text ' || n, jsonb_build_object('k', n, 'tags', array[n % 3, n % 5]), array[n,
  n + 1], to_tsvector('simple', 'word' || n), point(n, -n),
  tsrange('2024-01-01'::timestamp + n * interval '1 hour', null), 'h' || n % 100, '2024-01-01 00:00+00'::timestamptz + n * interval '1 min', ('10.0.0.' || n % 250)::inet, 'on' from generate_series(1, 1500) n;
create index plain on ix.t (a, b desc nulls last, lower(h) collate "C" varchar_pattern_ops);
create unique index partial on ix.t (a, id) include (b, h) where status in ('on', 'off') and a > 3;
create unique index nulls_same on ix.t (id, a) nulls not distinct;
create index expressions on ix.t ((a + 1), (c ->> 'k'), coalesce(b, 'x''y'));
create index brin on ix.t using brin (i timestamptz_minmax_multi_ops (values_per_range = 16),
  a) with (pages_per_range = 4, autosummarize = on);
create index gin on ix.t using gin (c jsonb_path_ops) with (fastupdate = off);
create index gin_array on ix.t using gin (d, e);
create index gist on ix.t using gist (f, g) with (buffering = on, fillfactor = 70);
create index gist_options on ix.t using gist (e tsvector_ops (siglen = 64));
create index spgist on ix.t using spgist (j);
create index hash on ix.t using hash (b);
create index filled on ix.t (i) with (fillfactor = 60, deduplicate_items = off);
create index "odd ""index"" -- name" on ix.t (id desc);
alter index ix.expressions alter column 1 set statistics 200;
alter table ix.t cluster on "odd ""index"" -- name";
comment on index ix.gin is 'for paths';
create statistics ix.dependent (dependencies, ndistinct) on a, h from ix.t;
create statistics ix.frequent (mcv) on a, status, (b || h) from ix.t;
create statistics ix.expression on (c ->> 'k') from ix.t;
create statistics "odd ""stats""" on id, a, b from ix.t;
alter statistics ix.frequent set statistics 77;
comment on statistics ix.dependent is 'knows';
analyze ix.t;
`;

const SEARCH = String.raw`
create schema ts;
create text search dictionary ts.stem (template = snowball, language = english, stopwords = english);
create text search dictionary ts.plain (template = simple, stopwords = 'english', accept = false);
create text search dictionary ts.synonyms (template = synonym, synonyms = synonym_sample, casesensitive = true);
create text search dictionary ts.thesaurus (template = thesaurus, dictfile = thesaurus_sample, dictionary = ts.stem);
create text search configuration ts.own (copy = english);
alter text search configuration ts.own alter mapping for asciiword, word with ts.synonyms, ts.plain, ts.stem;
alter text search configuration ts.own drop mapping for email, url;
create text search configuration ts."odd ""config""" (parser = default);
create text search parser ts.parser (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end,
  lextypes = prsd_lextype, headline = prsd_headline);
create text search template ts.template (init = dsimple_init, lexize = dsimple_lexize);
create text search configuration ts.by_parser (parser = ts.parser);
alter text search configuration ts.by_parser add mapping for word with simple;
comment on text search configuration ts.own is 'ours'; comment on text search dictionary ts.stem is 'stems';
comment on text search parser ts.parser is 'parses'; comment on text search template ts.template is 'a template';
create table ts.articles (id int primary key, title text, body text,
  search tsvector generated always as (setweight(to_tsvector('ts.own', coalesce(title, '')),
  'A') || to_tsvector('ts.own', coalesce(body, ''))) stored);
insert into ts.articles (id, title, body) select g, 'Running title ' || g,
  'The quick foxes jumped over ' || g || ' lazy dogs' from generate_series(1, 200) g;
create index on ts.articles using gin (search);
create collation ts.c_copy from "C";
create collation "odd ""collation""" (lc_collate = 'C', lc_ctype = 'POSIX');
comment on collation ts.c_copy is 'a copy';
create table ts.sorted (a text collate ts.c_copy, b text collate "POSIX" default ('x' collate "C"),
  check (a collate "C" < 'zz'));
insert into ts.sorted values ('B', 'b'), ('a', 'A');
create index on ts.sorted (a collate "odd ""collation""");
`;

const ICU = String.raw`
create collation ts.german (provider = icu, locale = 'de-u-co-phonebk');
create collation ts.ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create table ts.icu (g text collate ts.german, c text collate ts.ignoring_case primary key);
insert into ts.icu values ('Äpfel', 'one'), ('Zebra', 'TWO');
`;

/** Indexes of every method with options, expressions and predicates; extended statistics. */
export const indexes: CorpusDatabase = {
  name: 'indexes',
  async create(client) {
    await client.query(INDEXES);
  },
};

/** Text search configurations and their parts, collations of every provider that the server has. */
export const searchAndCollations: CorpusDatabase = {
  name: 'search_and_collations',
  async create(client, major) {
    await client.query(SEARCH);
    if (await supports(client, `create collation tried (provider = icu, locale = 'de')`)) {
      await client.query(ICU);
      if (major >= 16)
        await client.query(`create collation ts.ruled (provider = icu, locale = 'und', rules = '&a < g')`);
    }
    if (major >= 17)
      await client.query(
        `create collation ts.built_in (provider = builtin, locale = 'C.UTF-8'); create table ts.built (t text collate ts.built_in)`,
      );
  },
};
