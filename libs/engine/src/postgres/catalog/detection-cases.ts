/** Roles of the database that is altered; made once on the server. */
export const ROLES = ['hfc_one', 'hfc_two'];

/** One of each kind of object, small, so that each can be altered alone. */
export const ORIGINAL = String.raw`
create schema s; create schema empty_schema; create schema published;
create extension hstore schema s;
create table s.t (id int primary key, a text not null default 'x', b text, n int check (n > 0), g int generated always as (n * 2) stored,
  kind varchar(9) constraint kind_known check (kind in ('p', 'q')));
create table s.child (id int generated always as identity, t_id int constraint to_t references s.t deferrable, w tsrange, exclude using gist (w with &&));
create index i on s.t (a) where b is not null;
create unique index u on s.t (n);
create statistics s.st (ndistinct) on a, b from s.t;
create table s.p (id int, at date) partition by range (at);
create table s.p1 partition of s.p for values from ('2024-01-01') to ('2025-01-01');
create table s.ordered (x int, y int); create table s.parent (x int); create table s.heir (y int) inherits (s.parent);
create sequence s.q; select setval('s.q', 7);
create view s.v with (security_invoker = true) as select id, a from s.t;
create materialized view s.m as select count(*) as c from s.t;
create function s.f(i int) returns int language plpgsql as $$ begin return i; end $$;
create function s.safe() returns int language sql security definer set search_path = '' as 'select 1';
create procedure s.pr() begin atomic insert into s.t (id) values (1); end;
create aggregate s.ag(int) (sfunc = int4pl, stype = int, initcond = '0');
create type s.e as enum ('a', 'b'); create type s.c as (x int, y text); create domain s.d as int default 1 constraint above check (value > 0);
create type s.r as range (subtype = float8);
create function s.eq(s.c, s.c) returns boolean language sql immutable as 'select $1.x = $2.x';
create operator s.=== (function = s.eq, leftarg = s.c, rightarg = s.c);
create operator family s.fam using btree;
create operator class s.cls for type int using btree family s.fam as operator 1 <, operator 3 =, function 1 btint4cmp(int, int);
create function s.to_c(int) returns s.c language sql immutable as 'select ($1, null)::s.c';
create cast (int as s.c) with function s.to_c(int);
create conversion s.conv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create collation s.coll from "C";
create text search configuration s.cfg (copy = simple); create text search dictionary s.dict (template = simple);
create text search parser s.prs (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype);
create text search template s.tmpl (lexize = dsimple_lexize);
create function s.tg() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger tg before insert on s.t for each row execute function s.tg();
create rule ru as on delete to s.t do also nothing;
create function s.ev() returns event_trigger language plpgsql as $$ begin end $$;
create event trigger hfc_ev on ddl_command_end execute function s.ev(); alter event trigger hfc_ev disable;
alter table s.t enable row level security, force row level security;
create policy pol on s.t for select to hfc_one using (id > 0);
create policy strict on s.t as restrictive using (true);
create foreign data wrapper hfc_fdw; create server hfc_srv foreign data wrapper hfc_fdw options (host 'h');
create user mapping for hfc_one server hfc_srv options (password 'made up');
create foreign table s.ft (id int) server hfc_srv options (name 'x');
create publication hfc_pub for table s.p1 where (id > 0), tables in schema published;
create subscription hfc_sub connection 'host=127.0.0.1 port=1' publication p with (connect = false, slot_name = none);
select lo_from_bytea(9, 'abc'); select lo_create(10);
create function s.handler() returns language_handler language c as '$libdir/plpgsql', 'plpgsql_call_handler';
create language hfc_lang handler s.handler;
create function s.from_sql(internal) returns internal language internal immutable strict as 'int4recv';
create transform for s.e language hfc_lang (from sql with function s.from_sql(internal));
create access method hfc_am type table handler heap_tableam_handler;
grant select on s.t to hfc_one; grant select (a) on s.t to hfc_two; revoke execute on function s.f(int) from public;
alter default privileges in schema s grant select on tables to hfc_one;
comment on table s.t is 'a table'; comment on column s.t.a is 'a column';
insert into pg_seclabel values ('s.t'::regclass, 'pg_class'::regclass, 0, 'hfc', 'secret');
`;

/** [what is done, the one difference: kind and subject, whether protection shrank]; `DB` stands for the database's name. */
export const CASES: [change: string, kind: string, subject: string, protection?: boolean][] = [
  ['create schema more', 'schema', 'more'],
  ['drop schema empty_schema', 'schema', 'empty_schema'],
  ['create extension citext schema empty_schema', 'extension', 'citext'],
  ['alter extension hstore set schema empty_schema', 'extension', 'hstore'],
  [`update pg_extension set extversion = '0' where extname = 'hstore'`, 'extension version', 'hstore'],
  ['alter index s.i depends on extension hstore', 'extension dependency', 'index s.i on hstore'],
  [`alter type s.e add value 'aa' before 'b'`, 'type', 's.e'],
  [`alter type s.e rename value 'b' to 'B'`, 'type', 's.e'],
  ['alter type s.c add attribute z int', 'type', 's.c'],
  ['alter domain s.d set default 2', 'type', 's.d'],
  ['alter domain s.d set not null', 'type', 's.d'],
  ['drop type s.r', 'type', 's.r'],
  ['create type s.shell', 'type', 's.shell'],
  [
    'alter domain s.d drop constraint above; alter domain s.d add constraint above check (value > 1)',
    'domain constraint',
    'above on s.d',
  ],
  ['create collation s.other from "C"', 'collation', 's.other'],
  ['drop table s.child', 'table', 's.child'],
  ['create table s.more (id int, t text)', 'table', 's.more'],
  ['alter table s.heir set unlogged', 'table', 's.heir'],
  ['alter table s.t set (fillfactor = 50)', 'table', 's.t'],
  ['alter table s.t set (toast.autovacuum_enabled = off)', 'table', 's.t'],
  ['alter table s.t replica identity full', 'table', 's.t'],
  ['alter table s.t cluster on u', 'table', 's.t'],
  ['alter table s.p1 set access method hfc_am', 'table', 's.p1'],
  [
    "alter table s.heir no inherit s.parent; update pg_attribute set attislocal = true where attrelid = 's.heir'::regclass",
    'table',
    's.heir',
  ],
  [
    `alter table s.p detach partition s.p1; alter table s.p attach partition s.p1 for values from ('2024-01-01') to ('2026-01-01')`,
    'table',
    's.p1',
  ],
  ['alter table s.t alter column b type varchar(5)', 'column', 's.t.b'],
  [`alter table s.t alter column a set default 'y'`, 'column', 's.t.a'],
  ['alter table s.t alter column a drop not null', 'column', 's.t.a'],
  ['alter table s.t alter column b set storage external', 'column', 's.t.b'],
  ['alter table s.t alter column b set compression pglz', 'column', 's.t.b'],
  ['alter table s.t alter column b set statistics 9', 'column', 's.t.b'],
  ['alter table s.t alter column b set (n_distinct = 5)', 'column', 's.t.b'],
  ['alter table s.t alter column b type text collate "C"', 'column', 's.t.b'],
  ['alter table s.t alter column g drop expression', 'column', 's.t.g'],
  ['alter table s.child alter column id set generated by default', 'column', 's.child.id'],
  ['alter table s.ordered drop column y', 'column', 's.ordered.y'],
  ['alter table s.t add column z int', 'column', 's.t.z'],
  ["alter foreign table s.ft alter column id options (add name 'y')", 'column', 's.ft.id'],
  [
    'drop table s.ordered; create table s.ordered (y int, x int); revoke all on s.ordered from hfc_one',
    'column order',
    's.ordered',
  ],
  ['alter table s.t drop constraint kind_known', 'table constraint', 'kind_known on s.t'],
  [
    `alter table s.t drop constraint kind_known, add constraint kind_known check (kind in ('p', 'q', 'r'))`,
    'table constraint',
    'kind_known on s.t',
  ],
  [
    `alter table s.t drop constraint kind_known, add constraint kind_known check (kind in ('p', 'q')) not valid`,
    'table constraint',
    'kind_known on s.t',
  ],
  ['alter table s.child alter constraint to_t initially deferred', 'table constraint', 'to_t on s.child'],
  ['alter table s.child drop constraint child_w_excl', 'table constraint', 'child_w_excl on s.child'],
  ['alter index s.t_pkey set (fillfactor = 60)', 'table constraint', 't_pkey on s.t'],
  ['drop index s.i', 'index', 's.i'],
  ['alter index s.u set (fillfactor = 60)', 'index', 's.u'],
  ['create index z on s.t (b)', 'index', 's.z'],
  ['alter statistics s.st set statistics 5', 'statistics object', 's.st'],
  ['alter sequence s.q increment 2', 'sequence', 's.q'],
  ['alter sequence s.q owned by s.t.id', 'sequence', 's.q'],
  [`select nextval('s.q')`, 'sequence value', 's.q'],
  [`select setval('s.q', 7, false)`, 'sequence value', 's.q'],
  ['create or replace view s.v with (security_invoker = true) as select id, a from s.t where id > 1', 'view', 's.v'],
  ['alter view s.v set (security_invoker = false)', 'view', 's.v', true],
  ['alter view s.v set (security_barrier = true)', 'view', 's.v'],
  ['refresh materialized view s.m with no data', 'materialized view', 's.m'],
  ['drop materialized view s.m', 'materialized view', 's.m'],
  [
    'create or replace function s.f(i int) returns int language plpgsql as $$ begin return i + 1; end $$',
    'function',
    's.f(integer)',
  ],
  ['alter function s.f(int) stable', 'function', 's.f(integer)'],
  ['alter function s.f(int) set work_mem = 99', 'function', 's.f(integer)'],
  ['alter function s.f(int) security definer', 'function', 's.f(integer)', true],
  ['alter function s.f(int) leakproof', 'function', 's.f(integer)', true],
  ['alter function s.safe() security invoker', 'function', 's.safe()', true],
  ['alter function s.safe() reset search_path', 'function', 's.safe()', true],
  ['drop function s.f(int)', 'function', 's.f(integer)'],
  ['create or replace procedure s.pr() begin atomic insert into s.t (id) values (2); end', 'procedure', 's.pr()'],
  [
    `drop aggregate s.ag(int); create aggregate s.ag(int) (sfunc = int4pl, stype = int, initcond = '5')`,
    'aggregate',
    's.ag(integer)',
  ],
  ['alter operator s.=== (s.c, s.c) set (restrict = eqsel)', 'operator', 's.===(s.c,s.c)'],
  ['alter operator family s.fam using btree add operator 1 < (int4, int8)', 'operator family', 's.fam USING btree'],
  ['drop operator class s.cls using btree', 'operator class', 's.cls USING btree'],
  [
    'drop cast (int as s.c); create cast (int as s.c) with function s.to_c(int) as assignment',
    'cast',
    '(integer AS s.c)',
  ],
  ['drop conversion s.conv', 'conversion', 's.conv'],
  [
    'alter text search configuration s.cfg alter mapping for word with english_stem',
    'text search configuration',
    's.cfg',
  ],
  ['alter text search dictionary s.dict (accept = false)', 'text search dictionary', 's.dict'],
  ['drop text search parser s.prs', 'text search parser', 's.prs'],
  ['drop text search template s.tmpl', 'text search template', 's.tmpl'],
  ['alter table s.t disable trigger tg', 'trigger', 'tg on s.t'],
  ['drop trigger tg on s.t', 'trigger', 'tg on s.t'],
  ['alter table s.t enable always rule ru', 'rule', 'ru on s.t'],
  ['alter event trigger hfc_ev enable', 'event trigger', 'hfc_ev'],
  ['alter table s.t disable row level security', 'row security', 's.t', true],
  ['alter table s.t no force row level security', 'row security', 's.t', true],
  ['alter table s.parent enable row level security', 'row security', 's.parent'],
  ['drop policy pol on s.t', 'policy', 'pol on s.t', true],
  ['alter policy pol on s.t using (true)', 'policy', 'pol on s.t', true],
  ['alter policy pol on s.t to public', 'policy', 'pol on s.t', true],
  ['create policy open on s.t using (true)', 'policy', 'open on s.t', true],
  ['create policy narrow on s.t as restrictive using (false)', 'policy', 'narrow on s.t'],
  [`alter foreign data wrapper hfc_fdw options (add debug 'on')`, 'foreign-data wrapper', 'hfc_fdw'],
  [`alter server hfc_srv options (set host 'other')`, 'server', 'hfc_srv'],
  [
    `alter user mapping for hfc_one server hfc_srv options (set password 'another')`,
    'user mapping',
    'hfc_one on server hfc_srv',
  ],
  [`alter foreign table s.ft options (set name 'y')`, 'foreign table', 's.ft'],
  [`alter publication hfc_pub set (publish = 'insert')`, 'publication', 'hfc_pub'],
  [
    'alter publication hfc_pub set table s.p1 where (id > 1), tables in schema published',
    'publication table',
    's.p1 in publication hfc_pub',
  ],
  [
    'alter publication hfc_pub drop tables in schema published',
    'publication schema',
    'published in publication hfc_pub',
  ],
  ['alter subscription hfc_sub set (binary)', 'subscription', 'hfc_sub'],
  [`select lo_put(9, 3, 'd')`, 'large object', '9'],
  ['select lo_unlink(10)', 'large object', '10'],
  ['select lo_create(11)', 'large object', '11'],
  ['create trusted language hfc_more handler s.handler', 'language', 'hfc_more'],
  ['drop transform for s.e language hfc_lang', 'transform', 'for s.e language hfc_lang'],
  ['create access method hfc_more type index handler bthandler', 'access method', 'hfc_more'],
  ['grant insert on s.t to hfc_one', 'grant', 'table s.t to hfc_one', true],
  ['grant select on s.t to hfc_one with grant option', 'grant', 'table s.t to hfc_one', true],
  ['grant select on s.t to public', 'grant', 'table s.t to PUBLIC', true],
  ['revoke select on s.t from hfc_one', 'grant', 'table s.t to hfc_one'],
  ['revoke delete on s.t from postgres', 'grant', 'table s.t to its owner'],
  ['grant update (a) on s.t to hfc_two', 'grant', 'column s.t.a to hfc_two', true],
  ['revoke select (a) on s.t from hfc_two', 'grant', 'column s.t.a to hfc_two'],
  ['grant execute on function s.f(int) to public', 'grant', 'function s.f(integer) to PUBLIC', true],
  ['revoke execute on function s.safe() from public', 'grant', 'function s.safe() to PUBLIC'],
  ['grant execute on function s.akeys(s.hstore) to hfc_one', 'grant', 'function s.akeys(s.hstore) to hfc_one', true],
  [
    'revoke execute on function pg_catalog.pg_sleep(float8) from public',
    'grant',
    'function pg_catalog.pg_sleep(double precision) to PUBLIC',
  ],
  ['grant select on pg_catalog.pg_authid to hfc_one', 'grant', 'table pg_catalog.pg_authid to hfc_one', true],
  ['grant usage on type s.e to hfc_one', 'grant', 'type s.e to hfc_one', true],
  ['grant select on large object 9 to public', 'grant', 'large object 9 to PUBLIC', true],
  ['grant create on schema public to hfc_two', 'grant', 'schema public to hfc_two', true],
  ['grant usage on foreign server hfc_srv to hfc_two', 'grant', 'server hfc_srv to hfc_two', true],
  ['grant create on database DB to hfc_one', 'grant', 'database to hfc_one', true],
  [
    'alter default privileges in schema s grant insert on tables to hfc_one',
    'default privileges',
    'for role postgres in schema s on tables to hfc_one',
    true,
  ],
  [
    'alter default privileges revoke execute on functions from public',
    'default privileges',
    'for role postgres on functions to PUBLIC',
  ],
  ['alter table s.parent owner to hfc_one', 'owner', 'table s.parent', true],
  ['alter function s.safe() owner to hfc_one', 'owner', 'function s.safe()', true],
  ['alter large object 10 owner to hfc_one', 'owner', 'large object 10', true],
  [`comment on table s.t is 'another'`, 'comment', 'table s.t'],
  ['comment on column s.t.a is null', 'comment', 'table column s.t.a'],
  [`comment on index s.t_pkey is 'key'`, 'comment', 'index s.t_pkey'],
  [`comment on policy pol on s.t is 'p'`, 'comment', 'policy pol on s.t'],
  [`comment on large object 9 is 'p'`, 'comment', 'large object 9'],
  [`comment on database DB is 'p'`, 'comment', 'database'],
  [`update pg_seclabel set label = 'open'`, 'security label', 'table s.t for hfc', true],
  ['alter database DB connection limit 3', 'database', 'connection limit'],
  ['alter database DB set work_mem = 99', 'database setting', 'work_mem'],
  ['alter role hfc_one in database DB set app.jwt_secret = 1', 'database setting', 'app.jwt_secret for hfc_one'],
];
