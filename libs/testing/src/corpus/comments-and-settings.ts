import { ensureRoles, type CorpusDatabase } from './corpus-database.ts';

const ROLES = ['hfc_reader', 'hfc_writer'];

const COMMENTS = String.raw`
comment on schema public is E'-- not the standard one\n''quoted'' "double" \\ $$ %s 🙂\ttab';
create schema c; comment on schema c is '/* open';
create table c.t (id int primary key, "odd ""col""" text);
  comment on table c.t is E'line one\nline two; drop table c.t;\n\\.';
comment on column c.t."odd ""col""" is '--'; comment on constraint t_pkey on c.t is 'the key';
  comment on index c.t_pkey is 'its index';
create sequence c.s; comment on sequence c.s is ' leading and trailing ';
create view c.v as select 1 as one; comment on view c.v is ''''; comment on column c.v.one is '"';
create function c.f(a int) returns int language sql return a; comment on function c.f(int) is E'\r\n';
create type c.e as enum ('x'); comment on type c.e is '$tag$ $tag$';
create domain c.d as int check (value > 0); comment on domain c.d is E'\u0001 control';
insert into c.t values (1, 'x');
`;

/** Comments of every hostile kind, and settings of the database and of roles in it. */
export const commentsAndSettings: CorpusDatabase = {
  name: 'comments_and_settings',
  roles: ROLES,
  async create(client) {
    await ensureRoles(client, ROLES);
    await client.query(COMMENTS);
    const { rows } = await client.query<{ name: string }>('select current_database() as name');
    const database = client.escapeIdentifier(rows[0]?.name ?? '');
    await client.query(`
      comment on database ${database} is 'a database -- with ''a'' comment';
      alter database ${database} set work_mem = '7MB';
      alter database ${database} set search_path = c, "odd path", public;
      alter database ${database} set "app.note" = 'it''s "odd"';
      alter role hfc_reader in database ${database} set statement_timeout = '5s';
      alter role hfc_writer in database ${database} set search_path = 'c';
      grant connect, temporary on database ${database} to hfc_reader with grant option;
      revoke temporary on database ${database} from public;
      alter database ${database} connection limit 50;
    `);
  },
};

const DEPENDENCIES = String.raw`
create schema dep; create schema other;
create table dep.base (id int primary key, kind text default 'plain', amount numeric);
insert into dep.base select g, 'kind ' || g % 3, g from generate_series(1, 30) g;
create function dep.kinds() returns text[] language sql stable as $$ select array_agg(distinct kind) from dep.base $$;
create function other.double(n numeric) returns numeric language sql immutable as 'select n * 2';
create table other.child (id int default (length('x') + 1), base_id int references dep.base,
  doubled numeric generated always as (other.double(base_id)) stored, kinds text[] default dep.kinds());
insert into other.child (id, base_id) select g, g from generate_series(1, 20) g;
create view dep.a_first as select b.id, other.double(b.amount) as d from dep.base b where b.kind = any (dep.kinds());
create view other.on_view as select a.id, c.kinds from dep.a_first a join other.child c on c.base_id = a.id;
create function other.rows_of() returns setof other.on_view language sql as 'select * from other.on_view';
create view dep.on_function as select * from other.rows_of();
create materialized view dep.z_first as select count(*) as n from dep.on_function;
create materialized view dep.a_second as select n from dep.z_first;
-- a view that groups by a primary key cannot be restored before the key
create view dep.grouped as select id, kind, sum(amount) from dep.base group by id;
-- two views that need each other
create view dep.loop_a as select 1 as x;
create view dep.loop_b as select x from dep.loop_a;
create or replace view dep.loop_a as select 1 as x where exists (select from dep.base);
create rule "_RETURN_extra" as on insert to dep.loop_b do instead nothing;
-- a domain, a type and a function in a ring of use
create type dep.pair as (a int, b int);
create function dep.is_pair(dep.pair) returns boolean language sql immutable as 'select $1.a < $1.b';
create domain dep.ordered as dep.pair check (dep.is_pair(value));
create table dep.pairs (p dep.ordered, ps dep.pair[]);
insert into dep.pairs values ('(1,2)', '{"(3,4)","(9,1)"}');
create sequence dep.shared_numbers;
create table dep.one (id int default nextval('dep.shared_numbers'));
  create table dep.two (id int default nextval('dep.shared_numbers'));
insert into dep.one select from generate_series(1, 5); insert into dep.two select from generate_series(1, 5);
create table dep.self (id int primary key, parent int references dep.self); insert into dep.self values (1, 3), (2,
  1), (3, 2);
create function dep.check_total() returns trigger
  language plpgsql as $$ begin if (select sum(amount) from dep.base) < 0 then raise exception 'below zero'; end if; return null; end $$;
create constraint trigger total after insert or update on dep.base deferrable initially deferred for each row
  execute function dep.check_total();
`;

/** Things whose order matters: defaults that call functions on tables, views on functions on views, rings of foreign keys. */
export const dependencies: CorpusDatabase = {
  name: 'dependencies',
  async create(client) {
    await client.query(DEPENDENCIES);
  },
};
