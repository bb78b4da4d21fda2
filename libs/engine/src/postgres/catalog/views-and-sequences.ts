import { relationKind, SCOPE } from './scope.ts';
import { STORAGE_LINES } from './tables.ts';

const views = (): string => `${SCOPE}
  select 'view' as kind, c.name as subject, c.nspname as schema, true as protection, concat_ws(E'\\n',
      (select string_agg('with ' || o, E'\\n' order by o collate "C") from unnest(c.reloptions) o),
      pg_get_viewdef(c.oid)) as definition
  from relations c where c.relkind = 'v'`;

const materializedViews = (): string => `${SCOPE}
  select 'materialized view' as kind, c.name as subject, c.nspname as schema, concat_ws(E'\\n', ${STORAGE_LINES},
      pg_get_viewdef(c.oid), case when c.relispopulated then 'with data' else 'with no data' end) as definition
  from relations c where c.relkind = 'm'`;

/**
 * The column that a sequence lives and dies with, and whether it is that column's identity. By the oid of each table, and
 * not from `relations`: that would be read through once for every sequence.
 */
const OWNING_COLUMN = `left join lateral (
    select ${relationKind('t')} || ' ' || t.name as of, d.deptype, t.name || '.' || quote_ident(a.attname) as column
    from pg_depend d
      join lateral (
        select r.oid, r.relkind, format('%I.%I', n.nspname, r.relname) as name
        from pg_class r join spaces n on n.oid = r.relnamespace
        where r.oid = d.refobjid and not exists (
          select from pg_depend m where m.classid = 'pg_class'::regclass and m.objid = r.oid and m.deptype = 'e')) t on true
      join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
      and d.deptype in ('a', 'i') and d.refobjsubid > 0) w on true`;

const sequences = (): string => `${SCOPE}
  select 'sequence' as kind, c.name as subject, c.nspname as schema, w.of, concat_ws(' ',
      case c.relpersistence when 'u' then 'unlogged' end, 'as', format_type(s.seqtypid, null),
      'start', s.seqstart, 'increment', s.seqincrement, 'min', s.seqmin, 'max', s.seqmax, 'cache', s.seqcache,
      case when s.seqcycle then 'cycle' end,
      case w.deptype when 'i' then 'identity of ' || w.column when 'a' then 'owned by ' || w.column end) as definition
  from relations c join pg_sequence s on s.seqrelid = c.oid ${OWNING_COLUMN} where c.relkind = 'S'`;

/** The sequences whose values may be read, by name; the values themselves are asked of each. */
export const READABLE_SEQUENCES = `${SCOPE}
  select c.name, c.nspname as schema,
    has_schema_privilege(c.relnamespace, 'usage') and has_sequence_privilege(c.oid, 'select') as readable
  from relations c where c.relkind = 'S' order by c.name`;

/** Readers of views, materialised views and sequences. */
export const VIEW_READERS = [views, materializedViews, sequences];
