import { OF } from './objects.ts';
import { SCOPE } from './scope.ts';

/**
 * Of (subject, of, schema, owner, acl, base): one row per grantee whose privileges are not those of `base`, the
 * access list that the object would have by itself. Grantors are left out, order is fixed, `*` marks a grant option.
 */
const differingGrants = (source: string, kind: string): string => `
  select '${kind}' as kind, format('%s to %s', subject, case when grantee = 0 then 'PUBLIC'
      when grantee = owner then 'its owner' else quote_ident(pg_get_userbyid(grantee)) end) as subject,
    of, schema, true as protection, coalesce(now_held, 'none') || coalesce('; by default ' || held_by_default, '') as definition
  from (
    select subject, of, schema, owner, grantee,
      string_agg(privilege, ', ' order by privilege) filter (where side = 'acl') as now_held,
      string_agg(privilege, ', ' order by privilege) filter (where side = 'base') as held_by_default
    from (
      select subject, of, schema, owner, side, grantee,
        (privilege_type || case when bool_or(is_grantable) then '*' else '' end) collate "C" as privilege
      from (${source}) s, lateral (values ('acl', s.acl), ('base', s.base)) sides (side, list), lateral aclexplode(sides.list)
      where s.acl is distinct from s.base
      group by subject, of, schema, owner, side, grantee, privilege_type
    ) exploded group by subject, of, schema, owner, grantee
  ) held where now_held is distinct from held_by_default`;

/** Of `objects`. */
export const objectGrants = differingGrants(
  `select io.type || ' ' || io.identity as subject, ${OF} as of, o.space as schema, r.owner, o.acl, acldefault(o.code, r.owner) as base
   from objects o, lateral pg_identify_object(o.classid, o.objid, 0) io,
     lateral (select coalesce(o.owner, (select relowner from pg_class c where c.oid = o.objid)) as owner) r
   where o.acl is not null`,
  'grant',
);

const columnGrants = (): string =>
  `${SCOPE} ${differingGrants(
    `select 'column ' || c.name || '.' || quote_ident(a.attname) as subject, c.kind || ' ' || c.name as of, c.nspname as schema,
     c.relowner as owner, a.attacl as acl, null::aclitem[] as base
   from relations c join pg_attribute a on a.attrelid = c.oid
   where a.attacl is not null and a.attnum > 0 and not a.attisdropped`,
    'grant',
  )}`;

/** What initdb or an extension made comes back by itself; only what was granted or revoked since is told. */
const initialGrants = (): string => {
  const source = (catalog: string, prefix: string, code: string, space: string) => `
    select '${catalog}'::regclass::oid as classid, o.oid as objid, ${space} as space, o.${prefix}owner as owner, o.${prefix}acl as acl, ${code} as code
    from ${catalog} o where o.${prefix}acl is not null`;
  const all = [
    source('pg_class', 'rel', `case o.relkind when 'S' then 's'::"char" else 'r'::"char" end`, 'o.relnamespace'),
    source('pg_proc', 'pro', `'f'::"char"`, 'o.pronamespace'),
    source('pg_type', 'typ', `'T'::"char"`, 'o.typnamespace'),
    source('pg_namespace', 'nsp', `'n'::"char"`, 'o.oid'),
    source('pg_language', 'lan', `'l'::"char"`, '0::oid'),
    source('pg_foreign_data_wrapper', 'fdw', `'F'::"char"`, '0::oid'),
    source('pg_foreign_server', 'srv', `'S'::"char"`, '0::oid'),
  ].join(' union all ');
  return `${SCOPE} ${differingGrants(
    `select io.type || ' ' || io.identity as subject, null::text as of, n.nspname as schema, o.owner, o.acl,
       coalesce(p.initprivs, acldefault(o.code, o.owner)) as base
     from (${all}) o left join pg_namespace n on n.oid = o.space
       left join pg_init_privs p on p.classoid = o.classid and p.objoid = o.objid and p.objsubid = 0,
       lateral pg_identify_object(o.classid, o.objid, 0) io
     where o.acl is distinct from coalesce(p.initprivs, acldefault(o.code, o.owner)) and (
       exists (select from members m where m.classid = o.classid and m.objid = o.objid and m.deptype = 'e')
         and (o.space = 0 and $1::text[] is null or o.space in (select oid from spaces))
       or $1::text[] is null and 'pg_catalog' <> all ($2::text[]) and (n.nspname = 'pg_catalog'
         or o.classid = 'pg_language'::regclass and o.objid < 16384))`,
    'grant',
  )}`;
};

const defaultPrivileges = (): string =>
  `${SCOPE} ${differingGrants(
    `select io.identity as subject, null::text as of, n.nspname as schema, d.defaclrole as owner, d.defaclacl as acl,
     case when d.defaclnamespace = 0 then acldefault(case d.defaclobjtype when 'S' then 's' else d.defaclobjtype end, d.defaclrole)
       else null::aclitem[] end as base
   from pg_default_acl d left join spaces n on n.oid = d.defaclnamespace, lateral pg_identify_object('pg_default_acl'::regclass, d.oid, 0) io
   where n.oid is not null or d.defaclnamespace = 0 and $1::text[] is null`,
    'default privileges',
  )}`;

const databaseGrants = (): string =>
  `${SCOPE} ${differingGrants(
    `select 'database' as subject, 'database' as of, null::name as schema, d.datdba as owner, d.datacl as acl, acldefault('d', d.datdba) as base
   from pg_database d where d.datname = current_database() and d.datacl is not null and $1::text[] is null`,
    'grant',
  )}`;

/** Readers of the other access lists. */
export const GRANT_READERS = [columnGrants, initialGrants, defaultPrivileges, databaseGrants];
