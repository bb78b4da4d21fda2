/** Indexes and foreign keys, made after the rows because that is faster. */
export const KEYS = `
create unique index on public.customers (email); create unique index on public.customers (public_id);
create unique index on public.product_variants (sku);
create index on public.products using gin (search); create index on public.products
  using gin (attributes jsonb_path_ops);
create index on public.products (organisation_id, category_id) where active;
create index on public.orders (customer_id, placed_at desc); create index on public.orders (organisation_id, status);
create index on public.order_items (variant_id); create index on public.order_events (order_id);
create index on public.page_views using brin (at); create index on audit.changes (table_name, row_id);
create index on public.notifications (customer_id) include (kind) where read_at is null;
create index on public.stock_movements (variant_id, moved_at); create index on billing.payments (order_id);
create index on support.ticket_messages (ticket_id); create index on support.articles using gin (search);
create index on public.locations using gist (place); create index on public.customers (lower(full_name));
create statistics public.orders_by_status (dependencies, ndistinct) on organisation_id, status, currency
  from public.orders;
alter table public.bookings add constraint one_at_a_time exclude using gist (resource_id with =, during with &&)
  where (status <> 'cancelled');
alter table public.memberships add foreign key (organisation_id) references public.organisations on delete cascade,
  add foreign key (customer_id) references public.customers on delete cascade;
alter table public.locations add foreign key (organisation_id) references public.organisations on delete cascade;
alter table public.opening_hours add foreign key (location_id) references public.locations on delete cascade;
alter table public.categories add foreign key (parent_id) references public.categories deferrable initially deferred;
alter table public.products add foreign key (organisation_id) references public.organisations,
  add foreign key (category_id) references public.categories;
alter table public.product_variants add foreign key (product_id) references public.products on delete cascade;
alter table public.product_images add foreign key (product_id) references public.products on delete cascade;
alter table public.product_tags add foreign key (product_id) references public.products on delete cascade,
  add foreign key (tag_id) references public.tags;
alter table public.price_lists add foreign key (organisation_id) references public.organisations;
alter table public.prices add foreign key (price_list_id) references public.price_lists, add foreign key (variant_id)
  references public.product_variants;
alter table public.inventory_levels add foreign key (location_id) references public.locations,
  add foreign key (variant_id) references public.product_variants;
alter table public.stock_movements add foreign key (location_id, variant_id)
  references public.inventory_levels not valid;
alter table public.resources add foreign key (location_id) references public.locations;
alter table public.bookings add foreign key (resource_id) references public.resources, add foreign key (customer_id)
  references public.customers;
alter table public.booking_participants add foreign key (booking_id) references public.bookings on delete cascade;
alter table public.orders add foreign key (organisation_id) references public.organisations,
  add foreign key (customer_id) references public.customers;
alter table public.order_items add foreign key (order_id, placed_at) references public.orders on delete cascade,
  add foreign key (variant_id) references public.product_variants;
alter table public.reviews add foreign key (product_id) references public.products, add foreign key (customer_id)
  references public.customers on delete set null;
alter table public.coupons add foreign key (organisation_id) references public.organisations;
alter table public.coupon_redemptions add foreign key (coupon_id) references public.coupons;
alter table public.notifications add foreign key (customer_id) references public.customers on delete cascade;
alter table billing.subscriptions add foreign key (organisation_id) references public.organisations,
  add foreign key (plan) references billing.plans on update cascade;
alter table billing.invoices add foreign key (organisation_id) references public.organisations;
alter table billing.invoice_lines add foreign key (invoice_id) references billing.invoices on delete cascade;
alter table billing.payment_methods add foreign key (customer_id) references public.customers;
alter table billing.payments add foreign key (method_id) references billing.payment_methods;
alter table billing.refunds add foreign key (payment_id) references billing.payments;
alter table support.agents add foreign key (customer_id) references public.customers;
alter table support.tickets add foreign key (organisation_id) references public.organisations,
  add foreign key (customer_id) references public.customers, add foreign key (agent_id) references support.agents;
alter table support.ticket_messages add foreign key (ticket_id) references support.tickets on delete cascade;
alter table support.attachments add foreign key (ticket_id) references support.tickets on delete cascade;
alter table audit.sign_ins add foreign key (customer_id) references public.customers;
`;

/** Functions and the triggers that call them. */
export const FUNCTIONS = `
create function app.current_organisation() returns int language sql stable
  as $$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'organisation_id')::int $$;
create function app.current_customer() returns int language sql stable
  as $$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'customer_id')::int $$;
create function app.is_member(organisation int) returns boolean
  language sql stable security definer set search_path = ''
  as $$ select exists (select from public.memberships m where m.organisation_id = organisation and m.customer_id = app.current_customer()) $$;
create function app.touch() returns trigger language plpgsql as $$ begin new.changed_at := now(); return new; end $$;
create function audit.record() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into audit.changes (at, actor, table_name, row_id, action, before, after)
  values (now(), coalesce(app.current_customer()::text, session_user), tg_table_name, coalesce(to_jsonb(new) ->> 'id',
    to_jsonb(old) ->> 'id', '-'),
    left(tg_op, 1), case when tg_op <> 'INSERT' then to_jsonb(old) end, case when tg_op <> 'DELETE' then to_jsonb(new) end);
  return null;
end $$;
create function public.order_total(order_number bigint) returns numeric language sql stable
  begin atomic select sum(i.line_total) from public.order_items i
    join public.orders o on o.id = i.order_id and o.placed_at = i.placed_at where o.number = order_number; end;
create function public.search_products(words text) returns setof public.products language sql stable
  as $$ select * from public.products where search @@ websearch_to_tsquery('english', words) order by ts_rank(search, websearch_to_tsquery('english', words)) desc limit 50 $$;
create procedure public.cancel_order(order_number bigint) language plpgsql as $$
begin
  update public.orders set status = 'cancelled' where number = order_number and status in ('cart', 'placed', 'paid');
  if not found then raise exception 'order % cannot be cancelled', order_number using hint = 'It may have been shipped.'; end if;
end $$;
create function support.index_article() returns trigger language plpgsql as $$
begin new.search := to_tsvector('simple', new.title || ' ' || new.body); return new; end $$;
create function public.tell_order() returns trigger
  language plpgsql as $$ begin perform pg_notify('orders', new.id::text); return null; end $$;
create trigger touch before update on app.settings for each row execute function app.touch();
create trigger record after insert or update or delete on public.products for each row execute function audit.record();
create trigger record after update or delete on public.bookings for each row execute function audit.record();
create trigger record_price after update on public.prices for each row when (old.amount is distinct from new.amount)
  execute function audit.record();
create trigger index_article before insert or update of title, body on support.articles for each row
  execute function support.index_article();
create trigger tell after insert or update of status on public.orders for each row execute function public.tell_order();
create constraint trigger late_check after insert on billing.refunds deferrable initially deferred for each row
  execute function audit.record();
alter table public.bookings disable trigger record;
`;

/** Views, row-level security, grants and comments. */
export const VIEWS_AND_PROTECTION = `
create view public.storefront with (security_invoker = true) as
  select p.id, p.title, p.slug, o.name as seller, min(pr.amount) as from_price, count(distinct v.id) as variants
  from public.products p join public.organisations o on o.id = p.organisation_id
    join public.product_variants v on v.product_id = p.id
    left join public.prices pr on pr.variant_id = v.id where p.active group by p.id, o.name;
create view support.open_tickets as
  select t.*, (select max(m.sent_at) from support.ticket_messages m where m.ticket_id = t.id) as last_message
  from support.tickets t where t.status in ('new', 'open') with check option;
create materialized view billing.monthly_revenue as
  select o.organisation_id, date_trunc('month', p.paid_at at time zone 'UTC')::date as month, o.currency,
    sum(p.amount) as revenue, count(*) as payments
  from billing.payments p join public.orders o on o.id = p.order_id group by 1, 2, 3;
create unique index on billing.monthly_revenue (organisation_id, month, currency);
create materialized view billing.yearly_revenue as select organisation_id, currency, sum(revenue) as revenue
  from billing.monthly_revenue group by 1, 2;
create materialized view public.bestsellers as
  select v.product_id, sum(i.quantity) as sold, rank() over (order by sum(i.quantity) desc, v.product_id) as place
    from public.order_items i join public.product_variants v on v.id = i.variant_id group by v.product_id;
do $$ declare name text;
begin
  foreach name in array array['organisations', 'locations', 'products', 'price_lists', 'orders', 'coupons', 'page_views'] loop
    execute format('alter table public.%I enable row level security', name);
    execute format('create policy of_members on public.%I for all to authenticated using (%s)', name,
      case name when 'organisations' then 'app.is_member(id)' else 'app.is_member(organisation_id)' end);
  end loop;
  foreach name in array array['customers', 'bookings', 'notifications', 'reviews'] loop
    execute format('alter table public.%I enable row level security', name);
    execute format('create policy own on public.%I to authenticated using (%s = app.current_customer()) with check (%s = app.current_customer())',
      name,
      case name when 'customers' then 'id' else 'customer_id' end, case name when 'customers' then 'id' else 'customer_id' end);
  end loop;
end $$;
create policy everybody_reads on public.products for select to anon, authenticated using (active);
create policy own_orders on public.orders for select to authenticated using (customer_id = app.current_customer());
create policy published on public.reviews for select to public using (published);
alter table billing.payments enable row level security, force row level security;
create policy nobody_deletes on billing.payments as restrictive for delete to public using (false);
create policy of_tenant on billing.payments using (exists (select from public.orders o
  where o.id = order_id and o.organisation_id = app.current_organisation()));
alter table support.tickets enable row level security;
create policy mine_or_my_organisations on support.tickets to authenticated
  using (customer_id = app.current_customer() or app.is_member(organisation_id));
grant usage on schema public, app, support to anon, authenticated; grant usage on schema public, app, billing,
  support, audit to service_role;
grant select on public.products, public.product_variants, public.categories, public.storefront, public.reviews to anon;
grant select, insert, update, delete on all tables in schema public to authenticated; grant
  select on all tables in schema support to authenticated;
grant all on all tables in schema public, billing, support, audit to service_role; grant usage,
  select on all sequences in schema public, billing to authenticated, service_role;
revoke update on public.customers from authenticated; grant update (full_name, phone, home, preferences,
  newsletter) on public.customers to authenticated;
revoke execute on function app.is_member(int), public.order_total(bigint) from public;
  grant execute on function app.is_member(int) to authenticated;
revoke execute on procedure public.cancel_order(bigint) from public;
  grant execute on procedure public.cancel_order(bigint) to service_role;
alter default privileges in schema public grant select on tables to authenticated;
alter default privileges in schema billing revoke execute on functions from public;
create publication app_realtime for table public.orders (id, placed_at, number, status, total), public.bookings,
  public.notifications with (publish_via_partition_root = true);
comment on schema billing is 'What organisations pay us, and what customers pay them';
comment on table public.organisations is 'A tenant: one shop with its locations';
comment on column public.customers.home is 'Where parcels go unless an order says otherwise';
comment on column billing.payment_methods.token is 'The provider''s token; never a card number';
comment on table public.orders is 'Partitioned by month of placed_at -- old months are archived';
comment on function app.is_member(int) is 'Whether the signed-in person works for the organisation';
comment on policy of_members on public.orders is 'Staff see the orders of their own organisation';
comment on materialized view billing.monthly_revenue is 'Refreshed every night';
comment on constraint one_at_a_time on public.bookings is 'A resource is booked by one party at a time';
`;
