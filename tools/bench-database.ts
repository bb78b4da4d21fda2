// The database that `npm run bench` measures with: one large table, several others, text of words, deterministic.
import type { PostgresTarget } from '@holdfast/engine/embedded';
import pg from 'pg';

interface BenchTable {
  name: string;
  /** Of the whole database's size. */
  share: number;
  /** Measured on a loaded table, TOAST included. */
  bytesPerRow: number;
  columns: string;
  /** Values of the row `g`, over the phrases p1, p2, p3 and the paragraphs q1, q2. */
  values: string;
  /** Made after the rows, because that is faster. */
  indexes: string[];
  /** What an update changes. */
  change: string;
}

const roll = (salt: number, sides: number | string): string =>
  `((hashint8extended(g, ${salt}) & 9223372036854775807) % ${sides})`;
const SYLLABLES = 'ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu br sta cre pli tro shu';
const PHRASES = 200_000;
const PARAGRAPHS = PHRASES / 16;
/** The number of a word, low ones much more often. */
const common = (salt: number): string => `(pow(${roll(salt, 1_048_576)} / 1048576.0, 2) * 2000)::int % 2000`;

const TABLES: BenchTable[] = [
  {
    name: 'events',
    share: 0.6,
    bytesPerRow: 275,
    columns: `id bigint primary key, account_id int not null, kind text not null, occurred_at timestamptz not null,
      amount numeric(12, 2), trace uuid not null, payload jsonb not null, message text not null`,
    values: `g, ${roll(1, 100_000)}::int, (array['click', 'view', 'purchase', 'refund', 'login'])[1 + ${roll(2, 5)}],
      timestamptz '2024-01-01 00:00+00' + g * interval '7 seconds', ${roll(3, 9_999_999)} / 100.0,
      md5('trace ' || g)::uuid, ('{"session": ' || ${roll(4, 1_000_000)} || ', "path": "/' || replace(p1.words, ' ', '/')
        || '", "tags": ["' || replace(p2.words, ' ', '", "') || '"], "score": ' || ${roll(5, 1000)} || '}')::jsonb,
      p1.words || ' ' || p3.words || ' ' || p2.words`,
    indexes: ['(account_id, occurred_at)'],
    change: `amount = amount + 1, payload = payload || '{"revised": true}'`,
  },
  {
    name: 'documents',
    share: 0.15,
    bytesPerRow: 916,
    columns: `id bigint primary key, title text not null, body text not null, properties jsonb,
      changed_at timestamp not null`,
    values: `g, p1.words, q1.text || E'\\n\\n' || p2.words || ' ' || g || '. ' || case when g % 50 = 0
        then repeat(q1.text || p2.words || q2.text || p3.words, 15) else q2.text end,
      jsonb_build_object('author', p2.words, 'pages', ${roll(7, 400)}, 'labels', array[p3.words]),
      timestamp '2023-06-01' + ${roll(8, 40_000_000)} * interval '1 second'`,
    indexes: ['(changed_at)', '(lower(title))'],
    change: `title = title || ' revised', changed_at = changed_at + interval '1 day'`,
  },
  {
    name: 'orders',
    share: 0.13,
    bytesPerRow: 110,
    columns: `id bigint primary key, number uuid not null unique, account_id int not null,
      total numeric(10, 2) not null, tax numeric(6, 4), placed_at timestamptz not null, shipped_on date, note text`,
    values: `g, md5('order ' || g)::uuid, ${roll(9, 100_000)}::int, ${roll(10, 500_000)} / 100.0,
      ${roll(11, 2500)} / 10000.0, timestamptz '2024-01-01 00:00+00' + g * interval '31 seconds',
      date '2024-01-02' + (g / 2800)::int, case when g % 3 > 0 then p1.words || ' ' || p2.words end`,
    indexes: ['(account_id)'],
    change: `total = total + 0.01`,
  },
  {
    name: 'accounts',
    share: 0.06,
    bytesPerRow: 168,
    columns: `id bigint primary key, public_id uuid not null, email text not null, name text not null,
      settings jsonb not null, created_at timestamptz not null`,
    values: `g, md5('account ' || g)::uuid, replace(p1.words, ' ', '.') || g || '@example.org', p2.words,
      jsonb_build_object('language', (array['en', 'de', 'fr'])[1 + ${roll(12, 3)}], 'limit', ${roll(13, 5000)}),
      timestamptz '2020-01-01 00:00+00' + g * interval '3 minutes'`,
    indexes: ['(email)'],
    change: `settings = settings || '{"seen": true}'`,
  },
  {
    name: 'measurements',
    share: 0.06,
    bytesPerRow: 69,
    columns: `id bigint primary key, sensor int not null, at timestamptz not null, value double precision not null,
      quality numeric(4, 3)`,
    values: `g, ${roll(14, 500)}::int, timestamptz '2024-01-01 00:00+00' + g * interval '1 second',
      20 + sin(g / 3600.0) * 10 + ${roll(15, 100)} / 100.0, ${roll(16, 1000)} / 1000.0`,
    indexes: [],
    change: `value = value + 0.5`,
  },
];

/**
 * Words of two or three syllables, common ones much more often; three make a phrase, sixteen phrases a paragraph.
 * They live as long as the connection.
 */
const VOCABULARY = `
set work_mem = '256MB'; set maintenance_work_mem = '256MB'; set synchronous_commit = off;
set enable_mergejoin = off; set timezone = 'UTC';
create temp table words as
  select i, s[1 + i % 26] || s[1 + (i / 26) % 26] || case when i % 3 = 0 then s[1 + (i / 7) % 26] else '' end as word
  from generate_series(0, 1999) i, string_to_array('${SYLLABLES}', ' ') s;
create temp table phrases as
  select g as id, a.word || ' ' || b.word || ' ' || c.word as words from generate_series(0::bigint, ${PHRASES - 1}) g
    join words a on a.i = ${common(201)} join words b on b.i = ${common(202)} join words c on c.i = ${common(203)};
create temp table paragraphs as
  select id / 16 as id, initcap(min(words)) || ' ' || string_agg(words, ', ' order by id) || '.' as text
  from phrases group by id / 16;
analyze words; analyze phrases; analyze paragraphs;
`;

/** Rows are made in the order of their numbers: the planner probes the hashed phrases with them. */
const insert = ({ name, values }: BenchTable, from: number, to: number): string => `
insert into ${name} select ${values}
  from generate_series(${from}::bigint, ${to}::bigint) g
    join phrases p1 on p1.id = ${roll(101, PHRASES)} join phrases p2 on p2.id = ${roll(102, PHRASES)} join phrases p3 on p3.id = ${roll(103, PHRASES)}
    ${values.includes('q1.') ? `join paragraphs q1 on q1.id = ${roll(104, PARAGRAPHS)} join paragraphs q2 on q2.id = ${roll(105, PARAGRAPHS)}` : ''}`;

const connected = async <T>(target: PostgresTarget, use: (client: pg.Client) => Promise<T>): Promise<T> => {
  const { host, port, database, user, password } = target;
  const client = new pg.Client({ host, port, database, user, password });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
};

/** The rows and the keys of some tables, one after the other, each in one transaction (no WAL where `wal_level` is minimal). */
const fill = (
  target: PostgresTarget,
  tables: BenchTable[],
  sizeMb: number,
  note: (text: string) => void,
): Promise<void> =>
  connected(target, async (client) => {
    await client.query(VOCABULARY);
    for (const table of tables) {
      const rows = Math.max(1, Math.round((sizeMb * 1024 * 1024 * table.share) / table.bytesPerRow));
      const keys = table.columns.replace(' primary key', ' not null').replace(' unique', '');
      const unique = table.columns.includes(' unique') ? `alter table ${table.name} add unique (number);` : '';
      await client.query(`
        begin; create table ${table.name} (${keys}); ${insert(table, 1, rows)}; commit;
        alter table ${table.name} add primary key (id); ${unique}
        ${table.indexes.map((columns) => `create index on ${table.name} ${columns};`).join(' ')}`);
      await client.query(`vacuum (analyze) ${table.name}`);
      note(`${table.name}: ${rows} rows`);
    }
  });

/**
 * Fills an empty database with about `sizeMb` MB of heap (±10 %), the same rows every time, on two connections; its
 * pages are left clean, so that the first reader is not the one who writes. Needs a superuser.
 */
export async function createBenchDatabase(
  target: PostgresTarget,
  sizeMb: number,
  onProgress: (text: string) => void = () => undefined,
): Promise<void> {
  const [large, ...others] = TABLES;
  if (!large) return;
  await Promise.all([fill(target, [large], sizeMb, onProgress), fill(target, others, sizeMb, onProgress)]);
  await connected(target, (client) => client.query('checkpoint'));
}

const newest = async (client: pg.Client, table: string): Promise<number> => {
  const { rows } = await client.query<{ id: string | null }>(`select max(id)::text as id from ${table}`);
  return Number(rows[0]?.id ?? 0);
};

const inEachTable = (
  target: PostgresTarget,
  before: string,
  statement: (table: BenchTable, last: number) => string,
): Promise<number> =>
  connected(target, async (client) => {
    await client.query(before);
    let changed = 0;
    for (const table of TABLES)
      changed += (await client.query(statement(table, await newest(client, table.name)))).rowCount ?? 0;
    return changed;
  });

/** Adds `share` (0.01: one percent) of each table's rows at its end; answers how many. */
export const appendRows = (target: PostgresTarget, share: number): Promise<number> =>
  inEachTable(target, VOCABULARY, (table, last) =>
    insert(table, last + 1, last + Math.max(1, Math.round(last * share))),
  );

/** Changes the newest `share` of each table's rows; answers how many. */
export const updateNewest = (target: PostgresTarget, share: number): Promise<number> =>
  inEachTable(
    target,
    '',
    ({ name, change }, last) =>
      `update ${name} set ${change} where id > ${last - Math.max(1, Math.round(last * share))}`,
  );

/** Changes `share` of each table's rows, spread evenly over all of it; answers how many. */
export const updateSpread = (target: PostgresTarget, share: number): Promise<number> =>
  inEachTable(target, '', ({ name, change }) => `update ${name} set ${change} where id % ${Math.round(1 / share)} = 7`);
