import { ensureRoles, type CorpusDatabase } from './corpus-database.ts';

const ROLES = ['hfc_reader', 'hfc_writer'];

const EXTENSIONS = String.raw`
create schema ext;
create schema "odd ext";
create extension hstore schema ext;
create extension citext schema ext;
create extension pg_trgm schema "odd ext";
create extension ltree schema ext;
create extension btree_gist;
create extension unaccent schema ext;
create table extended (id int primary key, h ext.hstore, c ext.citext unique, p ext.ltree, ps ext.ltree[], t text);
insert into extended select g, ext.hstore(array['a', g::text, 'quo"te', null]), 'Name ' || g,
  ('Top.L' || g % 7 || '.Leaf')::ext.ltree, array['A.B', 'C']::ext.ltree[], 'searchable text ' || g
  from generate_series(1, 300) g;
insert into extended values (0, '', null, '', '{}', null);
create index on extended using gin (t "odd ext".gin_trgm_ops);
create index on extended using gist (p);
create index on extended using gin (h);
create table booked (room int, during daterange, exclude using gist (room with =, during with &&));
create view like_view as select id from extended where c operator(ext.=) 'name 1' and t operator("odd ext".%) 'text';
create function plain_text(text) returns text
  language sql immutable strict as $$ select ext.unaccent('ext.unaccent', $1) $$;
create function depends_on_it() returns int language sql as 'select 1';
alter function depends_on_it() depends on extension hstore;
create index kept_by_extension on extended (id);
alter index kept_by_extension depends on extension citext;
revoke execute on function ext.hstore_to_json(ext.hstore) from public;
grant execute on function ext.hstore_to_json(ext.hstore) to hfc_reader;
revoke usage on type ext.citext from public;
comment on extension hstore is 'our own comment';
`;

const FOREIGN = String.raw`
create extension postgres_fdw;
create extension file_fdw;
create foreign data wrapper bare no handler options (debug 'true');
create foreign data wrapper "odd ""wrapper""" handler postgres_fdw_handler validator postgres_fdw_validator;
create server elsewhere type 'warehouse' version '1.2' foreign data wrapper postgres_fdw options (host '127.0.0.1',
  port '1', dbname 'it''s a "db"', fetch_size '500');
create server files foreign data wrapper file_fdw;
create server "odd ""server""" foreign data wrapper bare;
create user mapping for public server elsewhere options (user 'remote', password 'not-a-real-password');
create user mapping for hfc_reader server elsewhere options (user 'reader', password 'another-made-up-one');
create user mapping for current_user server "odd ""server""";
create foreign table far_orders (id int options (column_name 'ID') not null, total numeric(10, 2) default 0,
  note text collate "C", check (total >= 0)) server elsewhere options (schema_name 'public', table_name 'it''s',
  updatable 'false');
create foreign table "odd ""foreign"" table" (line text) server files options (filename '/nowhere/at all.csv',
  format 'csv', header 'true', delimiter ';', "null" '\N');
create table measured (day date, n int) partition by range (day);
create table measured_here partition of measured for values from ('2024-01-01') to ('2025-01-01');
create foreign table measured_far partition of measured for values
  from ('2023-01-01') to ('2024-01-01') server elsewhere;
insert into measured select '2024-01-01'::date + g, g from generate_series(0, 300) g;
create view over_far as select id from far_orders;
grant usage on foreign server elsewhere to hfc_reader;
grant usage on foreign data wrapper postgres_fdw to hfc_writer;
grant select on far_orders to hfc_reader;
comment on server elsewhere is 'far away'; comment on foreign table far_orders is 'far';
  comment on column far_orders.id is 'a far column';
comment on foreign data wrapper bare is 'bare';
alter server files owner to current_user;
`;

const PUBLICATIONS = String.raw`
create schema pub; create schema "odd pub";
create table pub.orders (id int primary key, state text, total numeric, secret text);
create table pub.lines (id int primary key, order_id int);
create table "odd pub"."a ""table""" (id int primary key);
create table pub.parts (id int, at date, primary key (id, at)) partition by range (at);
create table pub.parts_1 partition of pub.parts for values from ('2024-01-01') to ('2025-01-01');
insert into pub.orders select g, 's', g, 'x' from generate_series(1, 20) g;
create publication hfc_all for all tables with (publish = 'insert, update');
create publication hfc_some for table pub.orders (id, state) where (id > 5 and state in ('s', 't')), table pub.lines;
create publication hfc_schemas for tables in schema pub, "odd pub";
create publication hfc_root for table pub.parts with (publish_via_partition_root = true, publish = 'delete, truncate');
create publication "hfc ""odd""";
create publication hfc_mixed for table "odd pub"."a ""table""", tables in schema pub;
comment on publication hfc_some is 'some';
`;

const LARGE_OBJECTS = String.raw`
select lo_create(60001);
select lo_from_bytea(60002, 'small');
select lo_from_bytea(60003, (select string_agg(decode(md5(g::text), 'hex'), '') from generate_series(1, 75000) g));
select lo_from_bytea(60004, '\x');
select lo_put(60004, 5000, '\x00ff');
select lo_from_bytea(4000000001, decode(repeat('5c2e0a00', 2048), 'hex'));
comment on large object 60002 is 'small -- but ''commented''';
alter large object 60003 owner to hfc_writer;
grant select on large object 60002 to hfc_reader;
grant select, update on large object 60003 to hfc_reader with grant option;
revoke all on large object 60004 from current_user;
create table attachments (id int primary key, content oid, name text);
insert into attachments values (1, 60001, 'empty'), (2, 60002, 'small'), (3, 60003, 'big'), (4, 0, 'none');
do $$ begin for i in 1..200 loop perform lo_from_bytea(61000 + i, convert_to('object ' || i, 'UTF8')); end loop; end $$;
`;

/** Columns of extension types, indexes by their operator classes, grants and comments changed on what an extension made. */
export const extensions: CorpusDatabase = {
  name: 'extensions',
  roles: ROLES,
  async create(client) {
    await ensureRoles(client, ROLES);
    await client.query(EXTENSIONS);
  },
};

/** Foreign servers nobody can reach, their tables, and user mappings with passwords that are made up. */
export const foreignTables: CorpusDatabase = {
  name: 'foreign_tables',
  roles: ROLES,
  async create(client) {
    await ensureRoles(client, ROLES);
    await client.query(FOREIGN);
  },
};

/** Publications of all, some, whole schemas, with columns and filters. */
export const publications: CorpusDatabase = {
  name: 'publications',
  async create(client, major) {
    await client.query(PUBLICATIONS);
    if (major >= 18)
      await client.query(
        `create publication hfc_generated for table pub.lines with (publish_generated_columns = stored)`,
      );
  },
};

/** Large objects: empty, small, over 1 MB, with a hole, with the highest numbers, owned, granted and commented. */
export const largeObjects: CorpusDatabase = {
  name: 'large_objects',
  roles: ROLES,
  async create(client) {
    await ensureRoles(client, ROLES);
    await client.query(LARGE_OBJECTS);
  },
};
