import { SCOPE } from './scope.ts';

const HERE = `d.datname = current_database() and $1::text[] is null`;

/** The database's own name and tablespace are left out: a copy has others. */
const properties = (): string => `${SCOPE}
  select 'database' as kind, p.subject, 'database' as of, p.definition, false as protection
  from pg_database d, lateral (values
    ('encoding', pg_encoding_to_char(d.encoding)::text),
    ('locale', concat_ws(' ', case d.datlocprovider when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end,
      quote_literal(coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale')),
      'collate', quote_literal(d.datcollate), 'ctype', quote_literal(d.datctype))),
    ('connection limit', nullif(d.datconnlimit, -1)::text),
    ('template', case when d.datistemplate then 'true' end)) p (subject, definition)
  where ${HERE} and p.definition is not null
  union all select 'owner', 'database', 'database', quote_ident(pg_get_userbyid(d.datdba)), true from pg_database d where ${HERE}
  union all select 'comment', 'database', 'database', c.description, false
  from pg_database d join pg_shdescription c on c.classoid = 'pg_database'::regclass and c.objoid = d.oid where ${HERE}
  union all select 'security label', 'database for ' || quote_ident(l.provider), 'database', l.label, true
  from pg_database d join pg_shseclabel l on l.classoid = 'pg_database'::regclass and l.objoid = d.oid where ${HERE}`;

/** ALTER DATABASE … SET and ALTER ROLE … IN DATABASE … SET; values that look secret as the start of their hash. */
const settings = (): string => `${SCOPE}
  select 'database setting' as kind, concat_ws(' ', split_part(o, '=', 1),
      case when s.setrole <> 0 then 'for ' || quote_ident(pg_get_userbyid(s.setrole)) end) as subject, 'database' as of,
    case when split_part(o, '=', 1) ~* 'pass|secret|token|key|credential|cert'
      then 'sha256:' || left(encode(sha256(convert_to(o, getdatabaseencoding())), 'hex'), 8)
      else substr(o, strpos(o, '=') + 1) end as definition
  from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase, lateral unnest(s.setconfig) o where ${HERE}`;

/** Readers of what describes the database itself. */
export const DATABASE_READERS = [properties, settings];
