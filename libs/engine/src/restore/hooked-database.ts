/**
 * A database that acts by itself: jobs, webhooks and foreign servers under the names and with the columns of pg_cron,
 * pg_net and Supabase, made as plain objects. What would go over the network is a row in `net.sent`.
 */
export const HOOKED = String.raw`
create schema cron; create schema net; create schema supabase_functions; create schema "odd ""s""";
create table cron.job (jobid bigint primary key, schedule text not null, command text not null, nodename text default 'localhost',
  nodeport int default 5432, database text default 'postgres', username text default current_user,
  active boolean not null default true, jobname text);
insert into cron.job (jobid, schedule, command, active, jobname) values (1, '* * * * *', 'select 1', true, 'it''s nightly'),
  (2, '0 3 * * *', 'vacuum', true, null), (3, '0 4 * * *', 'select 2', false, 'paused');
create table net.sent (id bigint generated always as identity, url text);
create function net.http_post(url text, body jsonb default '{}') returns bigint language sql as
  $$ insert into net.sent (url) values (url) returning id $$;
create function supabase_functions.http_request() returns trigger language plpgsql as
  $$ begin perform net.http_post(tg_argv[0]); return new; end $$;
create function public.tell() returns trigger language plpgsql as $$ begin perform net.http_post ('tell'); return new; end $$;
create function public.helper() returns void begin atomic select net.http_post('helper'); end;
create function public.tell_by_helper() returns trigger language plpgsql as $$ begin perform helper(); return new; end $$;
create function public.stamp() returns trigger language plpgsql as $$ begin new.note := 'stamped; see http_post'; return new; end $$;
create table public.orders (id int primary key, note text);
create trigger hook after insert on public.orders for each row execute function supabase_functions.http_request('hook', 'POST');
create trigger hook_always after insert on public.orders for each row execute function public.tell();
create trigger hook_replica after insert on public.orders for each row execute function public.tell();
create trigger hook_off after insert on public.orders for each row execute function public.tell();
create trigger by_helper after update on public.orders for each row execute function public.tell_by_helper();
create trigger stamp before insert on public.orders for each row execute function public.stamp();
alter table public.orders enable always trigger hook_always, enable replica trigger hook_replica, disable trigger hook_off;
create table "odd ""s"""."odd ON t" (id int); create trigger "odd ""t""; --" after delete on "odd ""s"""."odd ON t" execute function public.tell();
create table public.parts (id int) partition by range (id); create table public.parts_1 partition of public.parts for values from (0) to (9);
create trigger parted after insert on public.parts for each row execute function public.tell();
create view public.seen as select id from public.orders;
create trigger through_view instead of insert on public.seen for each row execute function public.tell();
create extension postgres_fdw; create server far foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1');
create user mapping for public server far options (user 'u', password 'p'); create foreign table public.far_away (id int) server far;
create foreign data wrapper unused;
create function public.ddl_tell() returns event_trigger language plpgsql as $$ begin perform net.http_post('ddl'); end $$;
create table public.ddl_log (at timestamptz default now());
create function public.ddl_note() returns event_trigger language plpgsql as $$ begin insert into public.ddl_log default values; end $$;
create event trigger ddl_hook on ddl_command_end execute function public.ddl_tell();
create event trigger ddl_calm on ddl_command_end execute function public.ddl_note();
`;

/** What of it acts by itself and is on, by name. */
export const HOOKED_ACTORS = [
  "cron job: 1 it's nightly",
  'cron job: 2',
  'event trigger: ddl_hook',
  'foreign-data wrapper: postgres_fdw',
  'trigger: "odd ""t""; --" on "odd ""s"""."odd ON t"',
  'trigger: by_helper on public.orders',
  'trigger: hook on public.orders',
  'trigger: hook_always on public.orders',
  'trigger: hook_replica on public.orders',
  'trigger: parted on public.parts',
  'trigger: parted on public.parts_1',
];
