import { SCOPE, isGlobal, notMember } from './scope.ts';

/** A kind of object that lives in a schema: its system catalog, the prefix of its columns, and its letter in acldefault. */
interface Source {
  catalog: string;
  prefix: string;
  acl?: string;
  owned?: boolean;
  where?: string;
}

const IN_SCHEMAS: Source[] = [
  { catalog: 'pg_proc', prefix: 'pro', acl: 'f' },
  {
    catalog: 'pg_type',
    prefix: 'typ',
    acl: 'T',
    where: `o.typtype <> 'm' and not exists (select from pg_type e where e.typarray = o.oid)
      and (o.typrelid = 0 or exists (select from pg_class c where c.oid = o.typrelid and c.relkind = 'c'))`,
  },
  { catalog: 'pg_operator', prefix: 'opr' },
  { catalog: 'pg_opclass', prefix: 'opc' },
  { catalog: 'pg_opfamily', prefix: 'opf' },
  { catalog: 'pg_collation', prefix: 'coll' },
  { catalog: 'pg_conversion', prefix: 'con' },
  { catalog: 'pg_ts_config', prefix: 'cfg' },
  { catalog: 'pg_ts_dict', prefix: 'dict' },
  { catalog: 'pg_ts_parser', prefix: 'prs', owned: false },
  { catalog: 'pg_ts_template', prefix: 'tmpl', owned: false },
  { catalog: 'pg_statistic_ext', prefix: 'stx' },
];

const GLOBAL: Source[] = [
  { catalog: 'pg_language', prefix: 'lan', acl: 'l' },
  { catalog: 'pg_foreign_data_wrapper', prefix: 'fdw', acl: 'F' },
  { catalog: 'pg_foreign_server', prefix: 'srv', acl: 'S' },
  { catalog: 'pg_event_trigger', prefix: 'evt' },
  { catalog: 'pg_publication', prefix: 'pub' },
  { catalog: 'pg_cast', prefix: '', owned: false },
  { catalog: 'pg_transform', prefix: '', owned: false },
  { catalog: 'pg_am', prefix: '', owned: false },
];

const row = (source: Source, space: string): string => {
  const owner = source.owned === false ? 'null::oid' : `o.${source.prefix}owner`;
  const acl = source.acl ? `o.${source.prefix}acl, '${source.acl}'::"char"` : `null::aclitem[], null::"char"`;
  return `'${source.catalog}'::regclass::oid, o.oid, ${space}, ${owner}, ${acl}`;
};

const inSchemas = IN_SCHEMAS.map(
  (source) => `select ${row(source, 'n.nspname')}
    from ${source.catalog} o join spaces n on n.oid = o.${source.prefix}namespace
    where ${notMember(source.catalog, 'o')} and ${source.where ?? 'true'}`,
);
const global = GLOBAL.map(
  (source) => `select ${row(source, 'null::name')} from ${source.catalog} o where ${isGlobal(source.catalog, 'o')}`,
);

/** Sequences that belong to a column have no owner of their own: it follows the table's. */
const RELATION_OWNER = `case when c.relkind in ('i', 'I', 'c') or c.relkind = 'S' and exists (select from pg_depend d
    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
      and d.deptype in ('a', 'i') and d.refobjsubid > 0) then null::oid else c.relowner end`;

/**
 * SCOPE and `objects`: everything that can carry a comment, a label, an owner or grants, as
 * (classid, objid, space, owner, acl, code); `owner` null where none is told, `code` for acldefault.
 */
export const OBJECTS = `${SCOPE}, objects (classid, objid, space, owner, acl, code) as materialized (
    select 'pg_namespace'::regclass::oid, o.oid, n.nspname, o.nspowner, o.nspacl, 'n'::"char"
    from pg_namespace o join spaces n on n.oid = o.oid where ${notMember('pg_namespace', 'o')}
    union all select 'pg_class'::regclass::oid, c.oid, c.nspname, ${RELATION_OWNER},
      c.relacl, case c.relkind when 'S' then 's'::"char" else 'r'::"char" end from relations c
    union all select 'pg_constraint'::regclass::oid, o.oid, c.nspname, null, null, null
    from pg_constraint o join relations c on c.oid = o.conrelid
    union all select 'pg_constraint'::regclass::oid, o.oid, n.nspname, null, null, null
    from pg_constraint o join pg_type t on t.oid = o.contypid join spaces n on n.oid = t.typnamespace where ${notMember('pg_type', 't')}
    union all select 'pg_trigger'::regclass::oid, o.oid, c.nspname, null, null, null
    from pg_trigger o join relations c on c.oid = o.tgrelid where not o.tgisinternal
    union all select 'pg_rewrite'::regclass::oid, o.oid, c.nspname, null, null, null
    from pg_rewrite o join relations c on c.oid = o.ev_class where o.rulename <> '_RETURN'
    union all select 'pg_policy'::regclass::oid, o.oid, c.nspname, null, null, null
    from pg_policy o join relations c on c.oid = o.polrelid
    union all select 'pg_largeobject'::regclass::oid, o.oid, null, o.lomowner, o.lomacl, 'L'::"char"
    from pg_largeobject_metadata o where $1::text[] is null
    union all select 'pg_extension'::regclass::oid, o.oid, null, null, null, null from pg_extension o where $1::text[] is null
    union all select 'pg_subscription'::regclass::oid, o.oid, null, o.subowner, null, null from pg_subscription o
    where $1::text[] is null and o.subdbid = (select oid from pg_database where datname = current_database())
    union all ${[...inSchemas, ...global].join('\n    union all ')}
  )`;

/** `type identity` of pg_identify_object, in one form for all server versions; a composite type is told as the type it is. */
export const OF = `case io.type when 'composite type' then 'type ' || io.identity
  when 'transform' then 'transform ' || replace(io.identity, ' on language ', ' language ')
  else io.type || ' ' || io.identity end`;
