import { address, AGENTS, CITIES, FIRST, KINDS, moment, name, pick, sentence, THINGS } from './demo-shop-words.ts';

/** One stage of rows: what is told while it runs, and its statement. */
export interface Stage {
  title: string;
  sql: string;
}

/** How many there are of what others refer to. */
interface Counts {
  people: number;
  products: number;
  variants: number;
  orders: number;
  bookings: number;
  tickets: number;
  /** A count at the chosen scale. */
  n: (count: number) => number;
}

const peopleRows = ({ people, n }: Counts): string => `
insert into organisations (public_id, name, country, settings, created_at) select md5('organisation ' || g)::uuid,
  ${pick(CITIES, 'g', 1)} || ' ' || ${pick(['Outdoor', 'Boats', 'Adventures', 'Rentals', 'Supply'], 'g', 2)} || ' ' || g,
  ${pick(['DE', 'FR', 'IT', 'GB'], 'g', 3)}, jsonb_build_object('theme', ${pick(['sea', 'forest', 'stone'], 'g', 4)},
  'vat', 19 + g % 4, 'features', array['shop', 'booking']), timestamptz '2024-01-01 00:00+00' + g * interval '5 days'
  from generate_series(1, 40) g;
insert into customers (public_id, full_name, email, phone, home, preferences, newsletter, created_at)
  select md5('customer ' || g)::uuid, ${name('g', 10)},
  'person' || g || '@example.' || ${pick(['org', 'com', 'net'], 'g', 12)}, '+49 30 ' || lpad(pg_temp.roll(g, 13,
  10000000)::text, 7, '0'), case when g % 7 > 0 then ${address('g', 14)} end, jsonb_build_object('language',
  ${pick(['en', 'de', 'fr', 'it'], 'g', 19)}, 'dark', g % 3 = 0), g % 2 = 0, ${moment('g', 20)} - interval '1 year'
  from generate_series(1, ${people}) g;
insert into memberships select 1 + g % 40, 1 + g % ${people}, (enum_range(null::member_role))[1 + pg_temp.roll(g, 21,
  4)], date '2024-02-01' + pg_temp.roll(g, 22, 600) from generate_series(0, ${Math.min(people, n(400)) - 1}) g;
insert into locations (organisation_id, name, address, place) select 1 + g % 40,
  ${pick(['Pier', 'Mill', 'Station', 'Market', 'Lake'], 'g', 23)} || ' ' || g, ${address('g', 24)},
  point(5 + pg_temp.roll(g, 29, 1000) / 100.0, 45 + pg_temp.roll(g, 30, 1000) / 100.0) from generate_series(0, 119) g;
insert into opening_hours select l, d, time '07:00' + (l % 4) * interval '30 min',
  time '17:00' + (d % 5) * interval '1 hour' from generate_series(1, 120) l, generate_series(0, 6) d;`;

const catalogueRows = ({ people, products, variants, n }: Counts): string => `
insert into categories (parent_id, name, position) select case when g > 10 then 1 + g % 10 end,
  ${pick(THINGS, 'g', 31)} || 's ' || g, g from generate_series(1, 60) g;
insert into products (organisation_id, category_id, title, description, attributes, active, created_at)
  select 1 + g % 40, 11 + g % 50, ${pick(KINDS, 'g', 32)} || ' ' || ${pick(THINGS, 'g', 33)} || ' ' || g,
  ${sentence('g', 34)} || ' ' || ${sentence('g', 35)} || E'\\n\\n' || ${sentence('g', 36)},
  jsonb_build_object('material', ${pick(['nylon', 'wool', 'steel', 'oak', 'carbon'], 'g', 37)}, 'season',
  array[${pick(['spring', 'summer'], 'g', 38)}, ${pick(['autumn', 'winter'], 'g', 39)}], 'warranty_months',
  12 * (1 + g % 3)), g % 23 > 0, ${moment('g', 40)} - interval '200 days' from generate_series(1, ${products}) g;
insert into product_variants (product_id, sku, size, colour, weight_grams, barcode) select 1 + (g - 1) / 3,
  'HH-' || lpad(g::text, 7, '0'), ${pick(['S', 'M', 'L', 'XL'], 'g', 41)},
  ${pick(['red', 'navy', 'sand', 'moss', 'black'], 'g', 42)}, 100 + pg_temp.roll(g, 43, 9000), lpad((pg_temp.roll(g,
  44, 2000000000))::text, 13, '4') from generate_series(1, ${variants}) g;
insert into tags (name) select ${pick(KINDS, 'g', 45)} || '-' || g from generate_series(1, 50) g;
insert into product_tags select p, 1 + (p * 7 + t * 13) % 50 from generate_series(1, ${products}) p,
  generate_series(0, 2) t;
insert into price_lists (organisation_id, name, currency, valid) select 1 + g % 40, case g / 40 when 0 then 'Regular'
  else 'Season' end, ${pick(['EUR', 'GBP', 'USD', 'CHF'], 'g', 46)}, daterange(date '2025-12-01' + (g / 40) * 180,
  null) from generate_series(0, 79) g;
insert into prices select l, v, (500 + pg_temp.roll(v * 2 + l, 47, 40000)) / 100.0 from generate_series(1,
  ${variants}) v, lateral (values (1 + (v - 1) / 3 % 40), (41 + (v - 1) / 3 % 40)) lists (l);
insert into inventory_levels (location_id, variant_id, on_hand, reserved) select 1 + (v + s * 37) % 120, v,
  pg_temp.roll(v, 48 + s, 200), pg_temp.roll(v, 50 + s, 5) from generate_series(1, ${variants}) v, generate_series(0,
  1) s;
insert into stock_movements (location_id, variant_id, change, reason, moved_at) select 1 + g % 120,
  1 + pg_temp.roll(g, 52, ${variants}), case when g % 3 = 0 then 20 else -1 - g % 4 end,
  ${pick(['sale', 'sale', 'delivery', 'return', 'count'], 'g', 53)}, ${moment('g', 54)} from generate_series(1,
  ${n(17_000)}) g;
insert into product_images (product_id, content, alt) select g, lo_from_bytea((910000 + g)::oid,
  decode(string_agg(md5((g * 10000 + x)::text), '' order by x), 'hex')), 'Picture of product ' || g
  from generate_series(1, ${Math.min(products, n(120))}) g, generate_series(1, 500 + g % 7 * 400) x group by g
  order by g;
insert into reviews (product_id, customer_id, stars, title, body, published, written_at) select 1 + g % ${products},
  1 + (g / ${products} * 997 + g) % ${people}, 1 + pg_temp.roll(g, 55, 5), left(${sentence('g', 56)}, 30),
  ${sentence('g', 57)} || ' ' || ${sentence('g', 58)}, g % 17 > 0, ${moment('g', 59)} from generate_series(0,
  ${n(8_000) - 1}) g on conflict do nothing;`;

const orderRows = ({ people, variants, orders, n }: Counts): string => `
insert into orders (id, organisation_id, customer_id, status, placed_at, currency, total, ship_to, metadata) select g,
  1 + pg_temp.roll(g, 60, 40), 1 + pg_temp.roll(g, 61, ${people}),
  (enum_range(null::order_status))[1 + pg_temp.roll(g, 62, 8)], ${moment('g', 63)},
  ${pick(['EUR', 'EUR', 'GBP', 'CHF'], 'g', 64)}, (1000 + pg_temp.roll(g, 65, 90000)) / 100.0, case
  when g % 5 > 0 then ${address('g', 66)} end, case when g % 4 = 0 then jsonb_build_object('coupon',
  'SAVE' || g % 200, 'gift', g % 8 = 0) else '{}' end from generate_series(1, ${orders}) g;
insert into order_items (order_id, position, placed_at, variant_id, quantity, unit_price) select o.id, i, o.placed_at,
  1 + pg_temp.roll(o.id * 8 + i, 71, ${variants}), 1 + pg_temp.roll(o.id * 8 + i, 72, 3),
  (500 + pg_temp.roll(o.id * 8 + i, 73, 20000)) / 100.0 from orders o, generate_series(1, 1 + (o.id % 4)::int) i
  where o.id % 4 < 3 or i < 4;
insert into order_events (order_id, at, status, details) select o.id, o.placed_at + s * interval '7 hours',
  (enum_range(null::order_status))[1 + s], case when s = 3 then jsonb_build_object('carrier',
  ${pick(['DHL', 'UPS', 'Post'], 'o.id', 74)}, 'parcel', md5(o.id::text)) end from orders o, generate_series(1,
  1 + (o.id % 2)::int) s order by o.id, s;
insert into coupons (organisation_id, code, percent, valid) select 1 + g % 40, 'SAVE' || g, 5 + g % 8 * 2.5,
  tstzrange(${moment('g', 75, 200)}, null) from generate_series(1, 200) g;
insert into coupon_redemptions select 1 + g % 200, 1 + (g * 11) % ${orders}, ${moment('g', 76)}
  from generate_series(1, ${n(2_500)}) g on conflict do nothing;
insert into billing.payment_methods (customer_id, brand, last_four, expires, token) select 1 + g % ${people},
  ${pick(['visa', 'mastercard', 'sepa', 'paypal'], 'g', 77)}, lpad(pg_temp.roll(g, 78, 10000)::text, 4, '0'),
  date '2027-01-31' + pg_temp.roll(g, 79, 1200), md5('token ' || g)::uuid from generate_series(0, ${n(9_000) - 1}) g;
insert into billing.payments (order_id, method_id, amount, paid_at, provider_reference, raw) select id,
  1 + (id * 3 % ${n(9_000)})::int, total, placed_at + interval '2 minutes', 'pay_' || left(md5('payment ' || id), 16),
  jsonb_build_object('status', 'succeeded', 'fee', round(total * 0.014, 2), 'risk', pg_temp.roll(id, 80, 100))
  from orders where status not in ('cart', 'placed') order by id;
select setval('public.order_ids', ${orders});
insert into billing.refunds select id, amount, ${pick(['damaged', 'late', 'wrong size', 'changed mind'], 'id', 81)},
  paid_at + interval '9 days' from billing.payments where id % 29 = 0;`;

const bookingRows = ({ people, bookings, n }: Counts): string => `
insert into resources (location_id, name, capacity, features, hourly) select 1 + g % 120,
  ${pick(['Canoe', 'Meeting room', 'Climbing wall', 'Bike', 'Sauna', 'Guide'], 'g', 82)} || ' ' || g, 1 + g % 8,
  array[${pick(['wifi', 'roof', 'lockers'], 'g', 83)}, ${pick(['accessible', 'heated', 'lit'], 'g', 84)}],
  (800 + pg_temp.roll(g, 85, 6000)) / 100.0 from generate_series(1, ${bookings / 50}) g;
insert into bookings (resource_id, customer_id, during, status, people, note, total) select 1 + g / 50,
  1 + pg_temp.roll(g, 86, ${people}), tstzrange(timestamptz '2025-12-01 08:00+00' + g % 50 * interval '7 days',
  timestamptz '2025-12-01 08:00+00' + g % 50 * interval '7 days' + (1 + g % 9) * interval '1 hour'),
  (enum_range(null::booking_status))[1 + pg_temp.roll(g, 87, 6)], 1 + g % 4, case
  when g % 6 = 0 then ${sentence('g', 88)} end, (2000 + pg_temp.roll(g, 89, 30000)) / 100.0 from generate_series(0,
  ${bookings - 1}) g;
insert into booking_participants select g, p, ${name('g * 4 + p', 90)}, 1950 + pg_temp.roll(g * 4 + p, 92, 65)
  from generate_series(1, ${bookings}) g, generate_series(1, 2) p where p = 1 or g % 2 = 0;
insert into notifications (customer_id, kind, payload, read_at, created_at) select 1 + pg_temp.roll(g, 93, ${people}),
  ${pick(['order', 'booking', 'review', 'news'], 'g', 94)}, jsonb_build_object('text', ${sentence('g', 95)}, 'id', g),
  case when g % 3 > 0 then ${moment('g', 96)} end, ${moment('g', 96)} - interval '1 hour' from generate_series(1,
  ${n(9_000)}) g;
insert into page_views select ${moment('g', 97)}, 1 + pg_temp.roll(g, 98, 40), md5('session ' || g / 5)::uuid,
  ${pick(['/', '/shop', '/shop/tents', '/book', '/about', '/cart', '/help'], 'g', 99)},
  ${pick(['', 'https://search.example', 'https://social.example/p'], 'g', 100)}, 20 + pg_temp.roll(g, 101, 900),
  ('10.' || pg_temp.roll(g, 102, 256) || '.' || pg_temp.roll(g, 103, 256) || '.7')::inet from generate_series(1,
  ${n(26_000)}) g;`;

const officeRows = ({ people, tickets, n }: Counts): string => `
insert into app.settings select ${pick(['mail', 'shop', 'tax', 'maps'], 'g', 104)} || '.' || g,
  jsonb_build_object('value', g * 3, 'note', ${sentence('g', 105)}), ${moment('g', 106)} from generate_series(1,
  60) g;
insert into app.cache select 'page:' || g, repeat(md5(g::text), 20), timestamptz '2026-12-01 00:00+00'
  from generate_series(1, ${n(500)}) g;
insert into billing.plans values ('free', 'Free', 0, '{"locations": 1}'), ('team', 'Team', 49, '{"locations": 5}'),
  ('pro', 'Pro', 129.5, '{"locations": 50}'), ('max', 'Enterprise', 990, '{"locations": null}');
insert into billing.subscriptions select g, ${pick(['free', 'team', 'pro', 'max'], 'g', 107)},
  date '2024-03-01' + g * 4, 2 + g % 30, date '2026-12-01' + g from generate_series(1, 40) g;
insert into billing.invoices (organisation_id, status, issued, due) select 1 + g % 40,
  (enum_range(null::billing.invoice_status))[1 + pg_temp.roll(g, 108, 5)], date '2025-12-01' + g / 40 * 30,
  date '2025-12-15' + g / 40 * 30 from generate_series(0, 479) g;
insert into billing.invoice_lines select i, p,
  ${pick(['Seats', 'Plan', 'Extra storage', 'Card fees'], 'i * 4 + p', 109)}, 1 + pg_temp.roll(i * 4 + p, 110, 30),
  pg_temp.roll(i * 4 + p, 111, 90000) / 1000.0 from generate_series(1, 480) i, generate_series(1, 4) p;
insert into support.agents (customer_id, signature, languages) select g * 7 % ${people} + 1, ${sentence('g', 112)},
  array['en', ${pick(['de', 'fr', 'it', 'pl'], 'g', 113)}] from generate_series(1, ${Math.min(60, people)}) g
  on conflict do nothing;
insert into support.tickets (organisation_id, customer_id, agent_id, subject, status, urgency, opened_at, solved_at)
  select 1 + g % 40, 1 + pg_temp.roll(g, 114, ${people}), case
  when g % 4 > 0 then 1 + g % ${Math.min(50, people)} end, left(${sentence('g', 115)}, 40),
  (enum_range(null::support.ticket_status))[1 + pg_temp.roll(g, 116, 4)],
  (enum_range(null::support.urgency))[1 + pg_temp.roll(g, 117, 4)], ${moment('g', 118)}, case
  when g % 3 = 0 then ${moment('g', 118)} + interval '3 days' end from generate_series(1, ${tickets}) g;
insert into support.ticket_messages (ticket_id, from_agent, body, sent_at) select t, m % 2 = 0,
  ${sentence('t * 8 + m', 119)} || E'\\n' || ${sentence('t * 8 + m', 120)},
  ${moment('t', 118)} + m * interval '5 hours' from generate_series(1, ${tickets}) t, generate_series(1, 1 + t % 5) m;
insert into support.attachments (ticket_id, file_name, content) select g, 'photo-' || g || '.jpg',
  lo_from_bytea((920000 + g)::oid, decode(repeat(md5('attachment ' || g), 400), 'hex')) from generate_series(1,
  ${Math.min(tickets, n(80))}) g order by g;
insert into support.articles (title, body, language, search)
  select 'How to ' || lower(${pick(THINGS, 'g', 121)}) || ' #' || g, repeat(${sentence('g', 122)} || E'\\n', 12),
  ${pick(['en', 'de'], 'g', 123)}, to_tsvector('simple', ${sentence('g', 122)}) from generate_series(1, 200) g;
insert into support.macros (name, actions) select 'macro ' || g, array[jsonb_build_object('set', 'status', 'to',
  'solved'), jsonb_build_object('reply', ${sentence('g', 124)})] from generate_series(1, 40) g;
insert into audit.changes (at, actor, table_name, row_id, action, before, after) select ${moment('g', 125)},
  'person' || 1 + pg_temp.roll(g, 126, ${people}) || '@example.org',
  ${pick(['orders', 'products', 'bookings', 'prices'], 'g', 127)}, (1 + g % 5000)::text,
  ${pick(['I', 'U', 'U', 'D'], 'g', 128)}, jsonb_build_object('price', g % 100), jsonb_build_object('price',
  g % 100 + 1, 'by', ${pick(FIRST, 'g', 129)}) from generate_series(1, ${n(15_000)}) g;
insert into audit.sign_ins (customer_id, at, address, agent, succeeded) select 1 + pg_temp.roll(g, 130, ${people}),
  ${moment('g', 131)}, ('192.168.' || g % 256 || '.' || pg_temp.roll(g, 132, 256))::inet, ${pick(AGENTS, 'g', 133)},
  g % 12 > 0 from generate_series(1, ${n(12_000)}) g;`;

/** The rows, in the order in which later ones count on earlier ones; `scale` multiplies all but the fixed lists. */
export const rowStages = (scale: number): Stage[] => {
  const n = (count: number): number => Math.max(1, Math.round(count * scale));
  const [people, products, orders, bookings, tickets] = [n(12_000), n(3_000), n(26_000), n(340) * 50, n(5_000)];
  const counts: Counts = { people, products, variants: products * 3, orders, bookings, tickets, n };
  return [
    { title: 'organisations and people', sql: peopleRows(counts) },
    { title: 'catalogue', sql: catalogueRows(counts) },
    { title: 'orders', sql: orderRows(counts) },
    { title: 'bookings', sql: bookingRows(counts) },
    { title: 'billing, support and audit', sql: officeRows(counts) },
  ];
};
