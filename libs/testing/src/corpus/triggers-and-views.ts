import { ensureRoles, type CorpusDatabase } from './corpus-database.ts';

const TRIGGERS = String.raw`
create schema tg;
create table tg.orders (id int primary key, state text default 'new', total numeric, changed int default 0);
create table tg.log (id bigint generated always as identity, what text, op text);
insert into tg.orders select g, 'state ' || g % 3, g * 2.5, 0 from generate_series(1, 60) g;
create function tg.note() returns trigger
  language plpgsql as $$ begin insert into tg.log (what, op) values (tg_name, tg_op); return coalesce(new, old); end $$;
create function tg.note_statement() returns trigger
  language plpgsql as $$ begin insert into tg.log (what, op) select 'rows ' || count(*), tg_op from changed; return null; end $$;
create trigger row_before before insert or update of total, state or delete on tg.orders for each row
  execute function tg.note('one', 'it''s', E'back\\slash', '');
create trigger "when ""odd""" after update on tg.orders for each row when (old.state is distinct
  from new.state and new.state in ('a', 'b')) execute function tg.note();
create trigger at_statement after truncate on tg.orders for each statement execute function tg.note();
create trigger with_tables after update on tg.orders referencing old table as before new table as changed for each statement
  execute function tg.note_statement();
create constraint trigger checked after insert on tg.orders deferrable initially deferred for each row
  execute function tg.note();
create constraint trigger checked_from after update on tg.orders from tg.log not deferrable for each row
  execute function tg.note();
create trigger off before insert on tg.orders for each row execute function tg.note();
create trigger always_on before insert on tg.orders for each row execute function tg.note();
create trigger on_replica before insert on tg.orders for each row execute function tg.note();
alter table tg.orders disable trigger off, enable always trigger always_on, enable replica trigger on_replica;
comment on trigger off on tg.orders is 'is off';
create view tg.order_view as select id, state from tg.orders;
create trigger instead instead of update on tg.order_view for each row execute function tg.note();
create rule on_insert as on insert to tg.order_view do instead insert into tg.orders (id, state) values (new.id,
  new.state) returning id, state;
create rule "odd ""rule""" as on delete to tg.orders where old.id < 0 do also (insert into tg.log (what, op)
  values ('a; b', 'rule'); delete from tg.log where what = 'it''s';);
create rule telling as on delete to tg.log do also notify "odd channel", 'it''s';
create rule nothing as on update to tg.log do instead nothing;
alter table tg.log disable rule nothing;
comment on rule "odd ""rule""" on tg.orders is 'also -- notes';
create function tg.on_ddl() returns event_trigger language plpgsql as $$ begin end $$;
create event trigger hfc_ddl_start on ddl_command_start when tag in ('CREATE TABLE', 'DROP TABLE')
  execute function tg.on_ddl();
create event trigger hfc_ddl_end on ddl_command_end execute function tg.on_ddl();
create event trigger hfc_dropped on sql_drop execute function tg.on_ddl();
create event trigger "hfc rewrite" on table_rewrite execute function tg.on_ddl();
alter event trigger hfc_ddl_end disable;
alter event trigger hfc_dropped enable always;
alter event trigger "hfc rewrite" enable replica;
comment on event trigger hfc_dropped is 'tells drops';
`;

const VIEWS = String.raw`
create schema v;
create table v.people (id int primary key, name varchar(50), tags text[], boss int references v.people, born date,
  status varchar(10));
insert into v.people select g, 'person ' || g, array['t' || g % 5, 'x'], nullif(g / 2, 0), '1990-01-01'::date + g,
  case g % 2 when 0 then 'on' else 'off' end from generate_series(1, 120) g;
create view v.simple as select * from v.people;
create view v.named ("the id", "select", c) as select id, name, case when status in ('on',
  'off') then status || '!' end from v.people where status = any (array['on', 'off']);
create view v.recursive_view as with recursive chain (id, boss, depth) as (select id, boss, 0 from v.people
  where boss is null
  union all select p.id, p.boss, depth + 1 from v.people p
    join chain on p.boss = chain.id) search depth first by id set ordering cycle id set looped using path select id,
    depth, looped from chain;
create view v.joined as select a.id, b.name as boss_name, row_number() over (partition by a.boss
  order by a.born desc nulls last rows between 1 preceding and current row) as n,
  count(*) filter (where a.id > 5) over w as c from v.people a left join v.people b using (id) cross join lateral unnest(a.tags) as t (tag) where t.tag ~ '^t' window w as (order by a.id);
create view v.grouped as select status, born, grouping(status) as g, sum(id),
  percentile_cont(0.5) within group (order by id) from v.people group by rollup (status, born) having count(*) > 1;
create view v.sets as (select id from v.people except select 1) union all (select 2 intersect select 2)
  order by 1 desc limit 5 offset 1;
create view v.literals as select 'it''s' as a, E'tab\t' as b, -5 as c, interval '1 day 2 hours' as d,
  timestamptz '2024-01-01 12:00+02' as e, '{1,2}'::int[] as f, null::text as g, true as h, 1.10 as i, b'101' as j,
  '\x00'::bytea as k, 1e300::float8 as l, row(1, 'x')::text as m, array[]::text[] as n;
create view v.checked with (check_option = cascaded, security_barrier) as select * from v.people where id > 0;
create view v.local_check with (security_barrier = false) as select id, name from v.checked
  where id < 100 with local check option;
create view v.invoker with (security_invoker = true) as select * from v.people;
create view v.distinct_ones as select distinct on (status) status, id from v.people order by status, id;
create view v.locking as select id from v.people order by id for no key update of people skip locked;
create view v.values_view (a, b) as values (1, 'x'), (2, null);
create view v.sampled as select * from v.people tablesample bernoulli (10) repeatable (1);
create view v.no_columns as select from v.people;
alter view v.simple alter column name set default 'a default';
alter view v.named rename column c to "renamed";
comment on view v.simple is 'simple'; comment on column v.simple.id is 'its id';
create materialized view v.totals with (fillfactor = 80) as select status, count(*) as n, array_agg(id
  order by id) as ids from v.people group by status;
create materialized view v.of_totals as select sum(n) as n from v.totals;
create view v.named_totals as select status from v.totals;
create materialized view v.of_view as select t.n, g.status from v.of_totals t, v.named_totals g;
create materialized view v.never_filled as select * from v.of_totals with no data;
create materialized view v.of_never as select 1 as one where exists (select from v.people) with no data;
create unique index totals_status on v.totals (status);
create index on v.totals using gin (ids);
alter materialized view v.totals cluster on totals_status;
alter materialized view v.totals alter column status set statistics 300;
comment on materialized view v.never_filled is 'empty';
grant select on v.totals, v.simple to hfc_viewer;
grant select (id) on v.joined to hfc_viewer;
alter view v.grouped owner to hfc_viewer;
`;

/** Triggers of every level, moment and state, rules, event triggers. */
export const triggers: CorpusDatabase = {
  name: 'triggers',
  async create(client, major) {
    await client.query(TRIGGERS);
    if (major >= 17)
      await client.query(
        `create event trigger hfc_login on login execute function tg.on_ddl(); alter event trigger hfc_login disable`,
      );
  },
};

/** Views of many shapes and options, materialised views that depend on each other, one never filled. */
export const views: CorpusDatabase = {
  name: 'views',
  roles: ['hfc_viewer'],
  async create(client) {
    await ensureRoles(client, ['hfc_viewer']);
    await client.query(VIEWS);
  },
};
