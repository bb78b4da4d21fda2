/** Roles as a Supabase project has them; made where the server lacks them. */
export const ROLES = `
do $$ begin
  if not exists (select from pg_roles where rolname = 'anon') then create role anon nologin; end if;
  if not exists (select from pg_roles where rolname = 'authenticated') then create role authenticated nologin; end if;
  if not exists (select from pg_roles where rolname = 'service_role') then create role service_role nologin bypassrls; end if;
end $$;
`;

/** Schemas, types, functions that defaults need, and the tables with their keys; everything else follows the rows. */
export const TABLES = `
create extension if not exists btree_gist;
create extension if not exists citext;
create schema app; create schema billing; create schema support; create schema audit;

create type public.member_role as enum ('owner', 'manager', 'staff', 'guide');
create type public.order_status as enum ('cart', 'placed', 'paid', 'packed', 'shipped', 'delivered', 'cancelled',
  'returned');
create type public.booking_status as enum ('requested', 'confirmed', 'checked_in', 'done', 'no_show', 'cancelled');
create type support.ticket_status as enum ('new', 'open', 'waiting', 'solved');
create type support.urgency as enum ('low', 'normal', 'high', 'urgent');
create type billing.invoice_status as enum ('draft', 'sent', 'paid', 'overdue', 'void');
create domain public.email as citext check (value ~ '^[^@ ]+@[^@ ]+[.][a-z]+$');
create domain public.money_amount as numeric(12, 2) check (value >= 0);
create domain public.currency as char(3) default 'EUR' check (value in ('EUR', 'GBP', 'USD', 'CHF'));
create type public.postal_address as (street text, postcode text, city text, country char(2));
create function app.slug(title text) returns text language sql immutable strict parallel safe
  as $$ select trim(both '-' from regexp_replace(lower(title), '[^a-z0-9]+', '-', 'g')) $$;
create sequence public.order_ids; create sequence public.order_numbers start 100001;
create sequence billing.invoice_numbers start 2601;

create table public.organisations (id int generated always as identity primary key, public_id uuid not null unique,
  name text not null, slug text generated always as (app.slug(name)) stored, country char(2) not null,
  settings jsonb not null default '{}', created_at timestamptz not null);
create table public.customers (id int generated always as identity primary key, public_id uuid not null,
  full_name text not null, email email not null, phone text, home postal_address,
  preferences jsonb not null default '{}', newsletter boolean not null default false,
  created_at timestamptz not null);
create table public.memberships (organisation_id int, customer_id int, role member_role not null default 'staff',
  since date not null, primary key (organisation_id, customer_id));
create table public.locations (id int generated always as identity primary key, organisation_id int not null,
  name text not null, address postal_address not null, place point not null,
  time_zone text not null default 'Europe/Berlin');
create table public.opening_hours (location_id int, weekday smallint check (weekday between 0 and 6),
  opens time not null, closes time not null, primary key (location_id, weekday), check (opens < closes));
create table public.categories (id int generated always as identity primary key, parent_id int, name text not null,
  position int not null default 0);
create table public.products (id int generated always as identity primary key, organisation_id int not null,
  category_id int not null, title text not null, slug text generated always as (app.slug(title)) stored,
  description text not null, attributes jsonb not null default '{}',
  search tsvector generated always as (setweight(to_tsvector('english', title),
  'A') || setweight(to_tsvector('english', description), 'B')) stored, active boolean not null default true,
  created_at timestamptz not null);
create table public.product_variants (id int generated always as identity primary key, product_id int not null,
  sku text not null, size text, colour text, weight_grams int, barcode text);
create table public.product_images (id int generated always as identity primary key, product_id int not null,
  content oid not null, mime_type text not null default 'image/webp', alt text);
create table public.tags (id int generated always as identity primary key, name citext not null unique);
create table public.product_tags (product_id int, tag_id int, primary key (product_id, tag_id));
create table public.price_lists (id int generated always as identity primary key, organisation_id int not null,
  name text not null, currency currency not null, valid daterange not null);
create table public.prices (price_list_id int, variant_id int, amount money_amount not null,
  primary key (price_list_id, variant_id));
create table public.inventory_levels (location_id int, variant_id int, on_hand int not null,
  reserved int not null default 0, available int generated always as (on_hand - reserved) stored,
  primary key (location_id, variant_id));
create table public.stock_movements (id bigint generated always as identity primary key, location_id int not null,
  variant_id int not null, change int not null check (change <> 0), reason text not null,
  moved_at timestamptz not null);
create table public.resources (id int generated always as identity primary key, location_id int not null,
  name text not null, capacity int not null check (capacity > 0), features text[] not null default '{}',
  hourly money_amount not null);
create table public.bookings (id int generated always as identity primary key, resource_id int not null,
  customer_id int not null, during tstzrange not null, status booking_status not null default 'requested',
  people int not null default 1, note text, total money_amount not null);
create table public.booking_participants (booking_id int, position smallint, full_name text not null,
  birth_year smallint, primary key (booking_id, position));
create table public.orders (id bigint not null default nextval('public.order_ids'),
  number bigint not null default nextval('public.order_numbers'), organisation_id int not null,
  customer_id int not null, status order_status not null default 'cart', placed_at timestamptz not null,
  currency currency not null, total money_amount not null, ship_to postal_address,
  metadata jsonb not null default '{}', primary key (id, placed_at)) partition by range (placed_at);
create table public.order_items (order_id bigint not null, position smallint not null, placed_at timestamptz not null,
  variant_id int not null, quantity int not null check (quantity > 0), unit_price money_amount not null,
  line_total numeric(14, 2) generated always as (quantity * unit_price) stored, primary key (order_id, placed_at,
  position)) partition by range (placed_at);
create table public.order_events (id bigint generated by default as identity, order_id bigint not null,
  at timestamptz not null, status order_status not null, details jsonb, primary key (id, at)) partition by range (at);
create table public.reviews (id int generated always as identity primary key, product_id int not null,
  customer_id int not null, stars smallint not null check (stars between 1 and 5), title text, body text,
  published boolean not null default true, written_at timestamptz not null, unique (product_id, customer_id));
create table public.coupons (id int generated always as identity primary key, organisation_id int not null,
  code citext not null, percent numeric(4, 1) check (percent between 0 and 100), valid tstzrange not null,
  unique (organisation_id, code));
create table public.coupon_redemptions (coupon_id int, order_id bigint, redeemed_at timestamptz not null,
  primary key (coupon_id, order_id));
create table public.notifications (id bigint generated always as identity primary key, customer_id int not null,
  kind varchar(20) not null check (kind in ('order', 'booking', 'review', 'news')), payload jsonb not null,
  read_at timestamptz, created_at timestamptz not null);
create table public.page_views (at timestamptz not null, organisation_id int not null, session uuid not null,
  path text not null, referrer text, milliseconds int, address inet) partition by range (at);

create table app.settings (key text primary key, value jsonb not null, changed_at timestamptz not null);
create unlogged table app.cache (key text primary key, value text, expires_at timestamptz not null);
create table billing.plans (code text primary key, name text not null, monthly public.money_amount not null,
  limits jsonb not null);
create table billing.subscriptions (organisation_id int primary key, plan text not null, started date not null,
  seats int not null, renews_on date not null);
create table billing.invoices (id int generated always as identity primary key,
  number bigint not null default nextval('billing.invoice_numbers'), organisation_id int not null,
  status billing.invoice_status not null, issued date not null, due date not null, check (due >= issued));
create table billing.invoice_lines (invoice_id int, position smallint, text text not null, quantity numeric(8,
  2) not null, price numeric(10, 4) not null, amount numeric(14, 2) generated always as (round(quantity * price,
  2)) stored, primary key (invoice_id, position));
create table billing.payment_methods (id int generated always as identity primary key, customer_id int not null,
  brand text not null, last_four char(4) not null, expires date not null, token uuid not null);
create table billing.payments (id bigint generated always as identity primary key, order_id bigint not null,
  method_id int, amount public.money_amount not null, paid_at timestamptz not null, provider_reference text not null,
  raw jsonb not null);
create table billing.refunds (payment_id bigint primary key, amount public.money_amount not null,
  reason text not null, refunded_at timestamptz not null);
create table support.agents (id int generated always as identity primary key, customer_id int not null unique,
  signature text, languages text[] not null);
create table support.tickets (id int generated always as identity primary key, organisation_id int not null,
  customer_id int not null, agent_id int, subject text not null, status support.ticket_status not null default 'new',
  urgency support.urgency not null default 'normal', opened_at timestamptz not null, solved_at timestamptz);
create table support.ticket_messages (id bigint generated always as identity primary key, ticket_id int not null,
  from_agent boolean not null, body text not null, sent_at timestamptz not null);
create table support.attachments (id int generated always as identity primary key, ticket_id int not null,
  file_name text not null, content oid not null);
create table support.articles (id int generated always as identity primary key, title text not null,
  body text not null, language char(2) not null default 'en', search tsvector);
create table support.macros (id int generated always as identity primary key, name text not null unique,
  actions jsonb[] not null);
create table audit.changes (id bigint generated by default as identity, at timestamptz not null, actor text not null,
  table_name text not null, row_id text not null, action char(1) not null check (action in ('I', 'U', 'D')),
  before jsonb, after jsonb, primary key (id, at)) partition by range (at);
create table audit.sign_ins (id bigint generated always as identity primary key, customer_id int not null,
  at timestamptz not null, address inet not null, agent text not null, succeeded boolean not null);

do $$ declare parent text; month date;
begin
  foreach parent in array array['public.orders', 'public.order_items', 'public.order_events', 'public.page_views', 'audit.changes'] loop
    for month in select generate_series(date '2025-12-01', date '2026-11-01', interval '1 month') loop
      execute format('create table %s_%s partition of %s for values from (%L) to (%L)', parent, to_char(month,
        'YYYY_MM'), parent, month, month + interval '1 month');
    end loop;
    execute format('create table %s_later partition of %s default', parent, parent);
  end loop;
end $$;
`;
