import { supports, type CorpusDatabase } from './corpus-database.ts';

const TRAPS = String.raw`
create table traps (id int primary key, t text, c text);
insert into traps values
  (1, E'\\.', E'\\.\n\\.'), (2, E'\\N', null), (3, E'\\\\N', ''), (4, E'tab\there', E'\t'), (5, E'line\nfeed', E'\n'),
  (6, E'carriage\rreturn', E'\r\n'), (7, E'\\', E'\\\\'), (8, E'\b\f\v', E'\x01\x02\x1f\x7f'), (9, 'null', 'NULL'),
    (10, ' ', '  '),
  (11, '--', '/* not a comment */'), (12, '$$', '$tag$ $tag$'), (13, '%s %d %%', '\u0041 &amp; \x41'), (14, ';', E'''; drop table traps; --'),
  (15, '{1,2}', '(1,2)'), (16, U&'\FEFFbom', U&'\200B'), (17, '🙂', U&'\+01F469\200D\+01F4BB'), (18, U&'e\0301', 'é'),
  (19, 'COPY traps FROM stdin;', E'COPY traps FROM stdin;\n1\tx\n\\.\n'), (20, E'\n\\restrict x\n\\connect y\n', E'\\! echo no'), (21, '"', ''''), (22, ',', E',"\n"');
-- one column only: a row can be nothing but the end mark of COPY, or nothing at all
create table single (t text);
insert into single values (E'\\.'), (''), (null), (E'\n'), (E'\\N'), (E'\\.'), (''), (null), (E'x\n\\.\ny');
create table duplicates (a int, b text);
insert into duplicates select g % 3, case g % 2 when 0 then 'same' end from generate_series(1, 1000) g;
create table bytes (id int primary key, b bytea);
insert into bytes select g, decode(lpad(to_hex(g), 2, '0'), 'hex') from generate_series(0, 255) g;
insert into bytes select 256, string_agg(b, '' order by id) from bytes;
create table many_columns ();
do $body$ begin for i in 1..300 loop execute format('alter table many_columns add column c%s int', i); end loop; end $body$;
insert into many_columns (c1, c150, c300) values (1, 150, 300), (null, null, null);
`;

const WIDE = String.raw`
create table wide (id int primary key, extended text, external text, main text, plain text, b bytea, j jsonb);
alter table wide alter column external set storage external, alter column main set storage main,
  alter column plain set storage plain,
  alter column b set storage external;
insert into wide values
  (1, repeat('compressible ', 80660), repeat('external ', 116600), repeat('m', 1048576), repeat('p', 2000), null, null),
  (2, (select string_agg(md5(g::text), '') from generate_series(1, 32768) g), (select string_agg(md5((-g)::text),
    E'\n') from generate_series(1, 32000) g),
   'short', 'short', (select string_agg(decode(md5(g::text), 'hex'), '') from generate_series(1, 65536) g), null),
  (3, E'\\.\n' || repeat(E'\\', 100000), repeat(E'\t\n', 100000), '', '', decode(repeat('5c2e0a', 100000), 'hex'),
   (select jsonb_object_agg('key ' || g, repeat(g::text, 50)) from generate_series(1, 5000) g)),
  (4, '🙂' || repeat('é', 524288), null, null, null, '', '[]');
`;

/** Text that could be taken for COPY's, psql's or SQL's own words, bytes of every value, and rows of one column or of 300. */
export const textTraps: CorpusDatabase = {
  name: 'text_traps',
  async create(client) {
    await client.query(TRAPS);
  },
};

/** Values of 1 MB and more in every storage mode, compressed both ways. */
export const wideValues: CorpusDatabase = {
  name: 'wide_values',
  async create(client) {
    await client.query(WIDE);
    if (await supports(client, 'create table t (c text compression lz4)'))
      await client.query(`
        create table squeezed (id int primary key, l text compression lz4, p text compression pglz);
        insert into squeezed select g, repeat(md5(g::text), 2000), repeat(md5(g::text), 2000) from generate_series(1,
          20) g;
        create materialized view squeezed_view as select id, l from squeezed;
        alter materialized view squeezed_view alter column l set compression pglz, alter column l set storage external;
      `);
  },
};
