/** The kind of a row of pg_class in the words of pg_identify_object. */
export const relationKind = (alias: string): string => `case ${alias}.relkind
      when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' when 'S' then 'sequence'
      when 'i' then 'index' when 'I' then 'index' when 'c' then 'composite type' else 'table' end`;

/**
 * The common table expressions that every reader starts with: `spaces` (the schemas in question), `members` (objects
 * that come with an extension, or with a range type: its constructors), `relations` (those of the spaces that are no
 * members). $1: schemas or null, $2: left out.
 */
export const SCOPE = `with spaces as materialized (
    select n.oid, n.nspname from pg_namespace n
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and ($1::text[] is null or n.nspname = any ($1::text[])) and n.nspname <> all ($2::text[])
  ), members as materialized (
    select d.classid, d.objid, d.deptype from pg_depend d
    where d.deptype = 'e' or d.deptype = 'i' and d.classid in ('pg_proc'::regclass, 'pg_cast'::regclass)
  ), relations as materialized (
    select c.*, n.nspname, format('%I.%I', n.nspname, c.relname) as name, ${relationKind('c')} as kind
    from pg_class c join spaces n on n.oid = c.relnamespace
    where not exists (select from members m where m.classid = 'pg_class'::regclass and m.objid = c.oid)
  )`;

/** Condition: the row `alias` of system catalog `catalog` came by itself, not with an extension or a type. */
export const notMember = (catalog: string, alias: string): string =>
  `not exists (select from members m where m.classid = '${catalog}'::regclass and m.objid = ${alias}.oid)`;

/** Condition for what lives in no schema: made after initdb, owned by no extension, and nobody asked for some schemas only. */
export const isGlobal = (catalog: string, alias: string): string =>
  `$1::text[] is null and ${alias}.oid >= 16384 and ${notMember(catalog, alias)}`;

/** `identity` and `type` of an object, from pg_identify_object, as columns of the lateral `alias`. */
export const identify = (catalog: string, oid: string, alias = 'io'): string =>
  `lateral pg_identify_object('${catalog}'::regclass, ${oid}, 0) ${alias}`;

const HASHED = `'sha256:' || left(encode(sha256(convert_to(o, getdatabaseencoding())), 'hex'), 8)`;

/** A sorted list of `name=value` options; values of names that look secret are shown as the start of their hash. */
export const optionList = (options: string): string =>
  `(select string_agg(case when split_part(o, '=', 1) ~* 'pass|secret|token|key|credential|cert'
      then split_part(o, '=', 1) || '=' || ${HASHED} else o end, ', ' order by o collate "C") from unnest(${options}) o)`;

/** As optionList, but every value is hashed: for lists that exist to hold passwords. */
export const hashedOptionList = (options: string): string =>
  `(select string_agg(split_part(o, '=', 1) || '=' || ${HASHED}, ', ' order by o collate "C") from unnest(${options}) o)`;

/** A label, a space and a value; null where the value is null, so that concat_ws leaves it out. */
export const labelled = (label: string, value: string): string => `'${label} ' || nullif((${value})::text, '')`;
/** A regproc-like OID as qualified text; null for none. */
export const procedureName = (column: string): string => `nullif(${column}::oid, 0)::regprocedure::text`;
