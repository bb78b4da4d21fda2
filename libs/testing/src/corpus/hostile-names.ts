import type pg from 'pg';
import { ensureRoles, type CorpusDatabase } from './corpus-database.ts';

const ROLES = ['hfc_plain', 'hfc_ "quoted" \' role', 'hfc_ünï🙂', 'hfc_-- $$ %s\\'];

/** Names that break whoever quotes by hand. The last two are 63 bytes long, the longest there are. */
const NAMES = [
  'select',
  'user',
  'TABLE',
  'MixedCase',
  ' leading and trailing ',
  'quo"te',
  '"',
  "apostrophe's",
  'back\\slash',
  'new\nline',
  'tab\there',
  'carriage\r\nreturn',
  'dot.in.name',
  'comma,(paren)',
  '--comment',
  '/* comment */',
  '; drop schema public cascade; --',
  '$$',
  '$tag$',
  '%s%d%%',
  ':variable',
  '-f',
  '--file=x',
  'host=x port=1',
  '\\.',
  '1starts_with_digit',
  'ünïcödé',
  '日本語',
  '🙂',
  'e\u0301',
  '\u200bzero width',
  'עברית',
  'x'.repeat(63),
  '🙂'.repeat(15) + 'end',
];

const buildTable = (client: pg.Client, schema: string, name: string, index: number): string => {
  const id = (text: string) => client.escapeIdentifier(text);
  const text = (value: string) => client.escapeLiteral(value);
  const other = NAMES[(index + 1) % NAMES.length] ?? '';
  const role = ROLES[index % ROLES.length] ?? '';
  const table = `${id(schema)}.${id(name)}`;
  return `
    create table ${table} (${id(name)} int primary key, ${id(other)} text default ${text(name)},
      constraint ${id(`${name.slice(0, 10)}!`)} check (${id(other)} <> ${text(`${other}'`)}));
    insert into ${table} values (1, ${text(name)}), (2, default), (3, null);
    create index ${id(`${name.slice(0, 12)} idx`)} on ${table} (lower(${id(other)})) where ${id(other)} is not null;
    comment on table ${table} is ${text(`comment on ${name}`)};
    comment on column ${table}.${id(name)} is ${text(`-- '${name}' $$ \\`)};
    grant select on ${table} to ${id(role)};
    grant update (${id(other)}) on ${table} to ${id(role)} with grant option;
    alter table ${table} owner to ${id(ROLES[(index + 1) % ROLES.length] ?? '')};`;
};

const buildObjects = (client: pg.Client, name: string): string => {
  const id = (value: string) => client.escapeIdentifier(value);
  const text = (value: string) => client.escapeLiteral(value);
  const space = id('odd "schema" \' \\ 🙂');
  const short = name.slice(0, 14);
  return `
    create type ${space}.${id(`${short} e`)} as enum (${text(name)}, ${text("it's a label")}, ${text('a\\b')}, 'label 🙂');
    create domain ${space}.${id(`${short} d`)} as text constraint ${id(short)} check (value <> ${text(name)});
    create type ${space}.${id(`${short} c`)} as (${id(name)} int, "its enum" ${space}.${id(`${short} e`)});
    create function ${space}.${id(`${short} f`)}(${id(name)} int, "order" text default ${text(name)}) returns text language sql as ${text(`select 'x' || $1 || $2 -- $$ '`)};
    create view ${space}.${id(`${short} v`)} as select ${text(name)}::text as ${id(name)}, 1 as "group";
    create sequence ${space}.${id(`${short} s`)} start 42;
    create policy ${id(short)} on ${space}."guarded" for select to ${ROLES.map(id).join(', ')} using ("owner" = ${text(name)});
    create rule ${id(short)} as on update to ${space}."guarded" where old."owner" = ${text(name)} do also nothing;
    create trigger ${id(short)} before insert on ${space}."guarded" for each row when (new."owner" = ${text(name)}) execute function ${space}."trigger ""f"""(${text(name)}, '$1');
    create table ${space}.${id(`${short} t`)} (${id(name)} ${space}.${id(`${short} e`)}, c ${space}.${id(`${short} c`)}[], d ${space}.${id(`${short} d`)});
    insert into ${space}.${id(`${short} t`)} values (${text(name)}, array[row(1, 'label 🙂')]::${space}.${id(`${short} c`)}[], 'x');
    comment on type ${space}.${id(`${short} e`)} is ${text(name)};`;
};

/** Schemas, tables, columns, types, functions, roles and more under names that break whoever quotes by hand. */
export const hostileNames: CorpusDatabase = {
  name: 'hostile_names',
  hostileName: `hfc "odd" 'db' --file=/tmp/x host=y 🙂`,
  roles: ROLES,
  async create(client) {
    await ensureRoles(client, ROLES);
    const id = (value: string) => client.escapeIdentifier(value);
    const schemas = ['public', 'odd "schema" \' \\ 🙂', 'new\nline schema', '-- schema'];
    for (const schema of schemas.slice(1)) await client.query(`create schema ${id(schema)}`);
    await client.query(`
      create table ${id('odd "schema" \' \\ 🙂')}."guarded" ("owner" text, n int);
      alter table ${id('odd "schema" \' \\ 🙂')}."guarded" enable row level security;
      create function ${id('odd "schema" \' \\ 🙂')}."trigger ""f""" () returns trigger language plpgsql as $fn$ begin return new; end $fn$;`);
    for (const [index, name] of NAMES.entries()) {
      await client.query(buildTable(client, schemas[index % schemas.length] ?? 'public', name, index));
      await client.query(buildObjects(client, name));
    }
    await client.query(`create schema "\\." authorization ${id(ROLES[2] ?? '')}`);
  },
};
