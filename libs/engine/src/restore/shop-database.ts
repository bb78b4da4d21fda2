/**
 * A small database with what a choice of parts has to see through: triggers of every kind, sequences, foreign keys in a
 * ring, partitions in two schemas, and names that look like SQL.
 */
export const SHOP = String.raw`
create schema shop; create schema other; create schema "odd ON ""schema""";
create type shop.state as enum ('new', 'paid');
create table shop.log (what text);
create function shop.note() returns trigger language plpgsql as $$ begin insert into shop.log values (tg_op); return null; end $$;
create table shop.customers (id int generated always as identity primary key, name text not null);
create table shop.orders (id serial primary key, customer int references shop.customers deferrable, state shop.state default 'new', total numeric(10, 2));
create index orders_state on shop.orders (state) where total > 0;
create trigger noted after insert or update on shop.orders for each row execute function shop.note();
create trigger always_noted after insert or truncate on shop.orders for each statement execute function shop.note();
alter table shop.orders enable always trigger always_noted, enable row level security;
create policy own on shop.orders using (state = 'new');
comment on table shop.orders is 'what was sold';
create table shop.events (at date not null, n int, primary key (at, n)) partition by range (at);
create table shop.events_2023 partition of shop.events for values from ('2023-01-01') to ('2024-01-01');
create table other.events_2024 partition of shop.events for values from ('2024-01-01') to ('2025-01-01');
create index on shop.events (n);
create trigger noted after insert on shop.events for each row execute function shop.note();
create table "odd ON ""schema""".": TO; ON ""shop"".""orders""" (" ON " serial primary key, "a;b" text);
create table other."user" (id int primary key, best int);
create table other.lines (id int primary key, user_id int references other."user");
alter table other."user" add foreign key (best) references other.lines;
insert into shop.customers (name) select 'customer ' || g from generate_series(1, 50) g;
insert into shop.orders (customer, total) select g, g from generate_series(1, 50) g;
insert into shop.events select '2023-06-01'::date + g * 5, g from generate_series(1, 100) g;
insert into "odd ON ""schema""".": TO; ON ""shop"".""orders""" ("a;b") values (E'a\tb\\.'), (null);
insert into other."user" values (1, null), (2, null); insert into other.lines values (1, 1), (2, 1); update other."user" set best = 2;
truncate shop.log;
`;
const ODD = `"odd ON ""schema"""`;
export const ODD_TABLE = `${ODD}.": TO; ON ""shop"".""orders"""`;
