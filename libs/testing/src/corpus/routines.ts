import { ensureRoles, type CorpusDatabase } from './corpus-database.ts';

const FUNCTIONS = String.raw`
create schema fn;
create table fn.items (id int primary key, price numeric, label text);
insert into fn.items select g, g * 1.5, 'item ' || g from generate_series(1, 40) g;
create function fn.plain(a int, b int default 2 + 3, variadic rest text[] default '{"x,y"}') returns text
  language plpgsql
  immutable strict leakproof parallel safe cost 7 set search_path to fn, pg_temp set work_mem to '8MB' as $body$
begin
  -- dollars $$ inside, 'quotes', "idents", backslash \ and %
  return format(E'%s\t%s', a, b); /* unicode 🙂 */
end
$body$;
create function fn.plain(a text) returns text language sql as 'select upper(a) -- no end';
create function fn.definer() returns setof fn.items
  language sql stable security definer rows 40 set search_path = '' as $$ select * from fn.items $$;
create function fn.many_out(in a int, out b int, inout c text, out "D e" numeric)
  language plpgsql as $$ begin b := a; "D e" := 1; end $$;
create function fn.table_out(n int) returns table (id int, "label text" text)
  language sql as $$ select id, label from fn.items limit n $$;
create function fn.polymorphic(a anyelement, b anyarray) returns anyelement language sql as 'select coalesce(b[1], a)';
create function fn.standard(wanted int, factor numeric default 1.0) returns numeric language sql stable
  begin atomic select price * factor from fn.items where id = wanted and label in ('item 1', 'item 2'); end;
create function fn.standard_return(a int) returns int language sql immutable parallel restricted return a + 1;
create procedure fn.do_it(inout n int, flag boolean default false)
  language plpgsql as $$ begin n := n + 1; commit; end $$;
create procedure fn.standard_procedure(i int) begin atomic insert into fn.items values (i, 0, 'added');
  update fn.items set price = 1 where id = i; end;
create function fn.running() returns bigint language internal window as 'window_row_number';
create function fn.lower_copy(text) returns text language internal immutable strict as 'lower';
create function fn.supported(text, text) returns boolean
  language internal immutable strict support pg_catalog.textlike_support as 'textlike';
create function fn.bare_record() returns record language sql as 'select 1, 2';
create function fn.crlf() returns text language sql as E'select ''a''\r\n  -- second line\r\n';
create function fn.cycle_a(n int) returns int
  language plpgsql as $$ begin return case when n > 0 then fn.cycle_b(n - 1) else 0 end; end $$;
create function fn.cycle_b(n int) returns int language plpgsql as $$ begin return fn.cycle_a(n); end $$;
-- things that need functions, and functions that need things
create function fn.next_label() returns text language sql volatile as $$ select 'label ' || max(id) from fn.items $$;
create table fn.defaults (id int default fn.standard_return(41), label text default fn.next_label(),
  check (fn.standard_return(id) > 0));
insert into fn.defaults values (default, default), (1, 'x');
create index on fn.items (fn.lower_copy(label));
create view fn.priced as select id, fn.standard(id) as price from fn.items;
create function fn.of_view(fn.priced) returns numeric language sql as 'select $1.price';
create view fn.of_of_view as select fn.of_view(p) as value from fn.priced p;
create function fn.returns_view() returns setof fn.of_of_view language sql begin atomic select * from fn.of_of_view;
  end;
revoke execute on function fn.definer() from public;
grant execute on function fn.definer() to hfc_caller with grant option;
grant execute on procedure fn.do_it(int, boolean) to hfc_caller;
alter function fn.plain(text) owner to hfc_caller;
comment on function fn.plain(int, int, text[]) is 'a function';
comment on procedure fn.do_it(int, boolean) is 'a procedure -- with dashes';
create function fn.call_handler() returns language_handler language c as '$libdir/plpgsql', 'plpgsql_call_handler';
create function fn.inline_handler(internal) returns void language c strict as '$libdir/plpgsql',
  'plpgsql_inline_handler';
create function fn.check_body(oid) returns void language c strict as '$libdir/plpgsql', 'plpgsql_validator';
create language hfc_language handler fn.call_handler inline fn.inline_handler validator fn.check_body;
create trusted language hfc_trusted handler fn.call_handler;
create function fn.in_language() returns int language hfc_language as $$ begin return 1; end $$;
comment on language hfc_language is 'a language';
grant usage on language hfc_trusted to hfc_caller;
`;

const AGGREGATES = String.raw`
create schema agg;
create aggregate agg.sum_of(numeric) (sfunc = numeric_add, stype = numeric, initcond = '0', combinefunc = numeric_add,
  parallel = safe);
create function agg.keep(state text[], item text, sep text) returns text[]
  language sql immutable as 'select coalesce(state, ''{}'') || item || sep';
create function agg.join_all(state text[], item text, sep text) returns text
  language sql immutable as 'select array_to_string(state, '''')';
create aggregate agg.joined(item text, sep text) (sfunc = agg.keep, stype = text[], finalfunc = agg.join_all,
  finalfunc_extra, finalfunc_modify = shareable);
create aggregate agg.moving(int4) (sfunc = int4pl, stype = int4, initcond = '0', msfunc = int4pl, minvfunc = int4mi,
  mstype = int4, minitcond = '0', sspace = 64, mspace = 32);
create aggregate agg.largest(text) (sfunc = text_larger, stype = text, sortop = >);
create aggregate agg.rows_seen(*) (sfunc = int8inc, stype = int8, initcond = '0');
create aggregate agg.percentile(double precision order by double precision) (sfunc = ordered_set_transition,
  stype = internal, finalfunc = percentile_cont_float8_final, finalfunc_modify = read_write);
create aggregate agg.rank_of(variadic "any" order by variadic "any") (sfunc = ordered_set_transition_multi,
  stype = internal, finalfunc = rank_final, finalfunc_extra, hypothetical);
create function agg.add_all(bigint, variadic int[]) returns bigint
  language sql immutable as 'select $1 + (select sum(x) from unnest($2) x)';
create aggregate agg.variadic_sum(variadic int[]) (sfunc = agg.add_all, stype = int8, initcond = '0');
comment on aggregate agg.sum_of(numeric) is 'a sum';
grant execute on function agg.sum_of(numeric) to hfc_caller;
`;

/** Functions in every language at hand, procedures, standard bodies, things and functions that need each other, languages. */
export const routines: CorpusDatabase = {
  name: 'routines',
  roles: ['hfc_caller'],
  async create(client) {
    await ensureRoles(client, ['hfc_caller']);
    await client.query(FUNCTIONS);
    await client.query(AGGREGATES);
  },
};

const OPERATORS = String.raw`
create schema op;
create type op.money as (amount numeric, unit text);
create function op.same(op.money, op.money) returns boolean
  language sql immutable strict as 'select $1.amount = $2.amount and $1.unit = $2.unit';
create function op.differs(op.money, op.money) returns boolean
  language sql immutable strict as 'select not op.same($1, $2)';
create function op.less(op.money, op.money) returns boolean
  language sql immutable strict as 'select $1.amount < $2.amount';
create function op.less_same(op.money, op.money) returns boolean
  language sql immutable strict as 'select $1.amount <= $2.amount';
create function op.more_same(op.money, op.money) returns boolean
  language sql immutable strict as 'select $1.amount >= $2.amount';
create function op.more(op.money, op.money) returns boolean
  language sql immutable strict as 'select $1.amount > $2.amount';
create function op.order_of(op.money, op.money) returns int
  language sql immutable strict as 'select sign($1.amount - $2.amount)::int';
create function op.hash_of(op.money) returns int
  language sql immutable strict as 'select hashfloat8($1.amount::float8)';
create function op.plus(op.money, op.money) returns op.money
  language sql immutable strict as 'select ($1.amount + $2.amount, $1.unit)::op.money';
create function op.minus(op.money) returns op.money
  language sql immutable strict as 'select (-$1.amount, $1.unit)::op.money';
create operator op.= (function = op.same, leftarg = op.money, rightarg = op.money, commutator = operator(op.=),
  negator = operator(op.<>), restrict = eqsel, join = eqjoinsel, hashes, merges);
create operator op.<> (function = op.differs, leftarg = op.money, rightarg = op.money, commutator = operator(op.<>),
  negator = operator(op.=), restrict = neqsel, join = neqjoinsel);
create operator op.< (function = op.less, leftarg = op.money, rightarg = op.money, commutator = operator(op.>),
  negator = operator(op.>=));
create operator op.<= (function = op.less_same, leftarg = op.money, rightarg = op.money, commutator = operator(op.>=),
  negator = operator(op.>));
create operator op.>= (function = op.more_same, leftarg = op.money, rightarg = op.money, commutator = operator(op.<=),
  negator = operator(op.<));
create operator op.> (function = op.more, leftarg = op.money, rightarg = op.money, commutator = operator(op.<),
  negator = operator(op.<=));
create operator op.+ (function = op.plus, leftarg = op.money, rightarg = op.money);
create operator op.- (function = op.minus, rightarg = op.money);
create operator op.|#%&| (function = op.plus, leftarg = op.money, rightarg = op.money);
create operator class op.money_order default for type op.money using btree as
  operator 1 op.<, operator 2 op.<=, operator 3 op.=, operator 4 op.>=, operator 5 op.>,
    function 1 op.order_of(op.money, op.money);
create operator class op.money_hash default for type op.money using hash as operator 1 op.=,
  function 1 op.hash_of(op.money);
create operator family op.loose using btree;
create operator class op.int_order for type int using btree family op.loose as
  operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 btint4cmp(int, int);
alter operator family op.loose using btree add operator 1 < (int4, int8), operator 3 = (int4, int8), function 1 (int4,
  int8) btint48cmp(int4, int8);
create operator class op.point_order for type point using gist as storage box, operator 1 <<,
  function 1 gist_point_consistent(internal, point, int2, oid, internal),
  function 2 gist_box_union(internal, internal), function 3 gist_point_compress(internal),
    function 5 gist_box_penalty(internal, internal, internal),
  function 6 gist_box_picksplit(internal, internal), function 7 gist_box_same(box, box, internal),
    operator 15 <-> (point, point) for order by float_ops, function 8 gist_point_distance(internal, point, int2, oid,
    internal);
create operator family op.unused using gin;
create table op.prices (id int, price op.money, primary key (price));
insert into op.prices select g, row(g, 'eur')::op.money from generate_series(1, 100) g;
create index on op.prices using hash (price);
create index on op.prices (id op.int_order);
create view op.sums as select a.price operator(op.+) b.price as both, operator(op.-) a.price as less from op.prices a
  join op.prices b on a.price operator(op.=) b.price;
create function op.to_money(numeric) returns op.money language sql immutable strict as 'select ($1, ''eur'')::op.money';
create function op.to_text(op.money, int, boolean) returns varchar
  language sql immutable as 'select ($1.amount || $1.unit)::varchar';
create cast (numeric as op.money) with function op.to_money(numeric) as implicit;
create cast (op.money as varchar) with function op.to_text(op.money, int, boolean) as assignment;
create type op.label as enum ('x');
create cast (op.label as bytea) with inout;
create domain op.tiny as int;
create cast (op.money as text) with inout as assignment;
create conversion op.own_conversion for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create default conversion op.default_conversion for 'LATIN2' to 'UTF8' from iso8859_to_utf8;
comment on operator op.+ (op.money, op.money) is 'adds';
comment on operator class op.money_order using btree is 'orders';
comment on operator family op.loose using btree is 'loose';
comment on cast (numeric as op.money) is 'casts';
comment on conversion op.own_conversion is 'converts';
alter operator op.+ (op.money, op.money) owner to hfc_caller;
create function op.from_sql(internal) returns internal language internal immutable strict as 'int4recv';
create function op.to_sql(internal) returns op.label language internal immutable strict as 'enum_recv';
create function op.call_handler() returns language_handler language c as '$libdir/plpgsql', 'plpgsql_call_handler';
create language hfc_transforming handler op.call_handler;
create transform for op.label language hfc_transforming (from sql with function op.from_sql(internal),
  to sql with function op.to_sql(internal));
comment on transform for op.label language hfc_transforming is 'transforms';
create function op.transformed(op.label) returns int transform for type op.label
  language hfc_transforming as 'begin return 1; end';
create access method hfc_heap type table handler heap_tableam_handler;
create access method hfc_btree type index handler bthandler;
comment on access method hfc_heap is 'an access method';
`;

/** Operators, operator classes and families, casts, conversions, transforms, access methods. */
export const operators: CorpusDatabase = {
  name: 'operators',
  roles: ['hfc_caller'],
  async create(client) {
    await ensureRoles(client, ['hfc_caller']);
    await client.query(OPERATORS);
  },
};
