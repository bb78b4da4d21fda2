import { SCOPE, notMember, identify, isGlobal } from './scope.ts';

const schemas = (): string => `${SCOPE}
  select 'schema' as kind, quote_ident(n.nspname) as subject, '' as definition, n.nspname as schema
  from spaces s join pg_namespace n on n.oid = s.oid where ${notMember('pg_namespace', 'n')}`;

const extensions = (): string => `${SCOPE}
  select 'extension' as kind, quote_ident(e.extname) as subject, 'in schema ' || quote_ident(n.nspname) as definition
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace where $1::text[] is null`;

const extensionVersions = (): string => `${SCOPE}
  select 'extension version' as kind, quote_ident(e.extname) as subject, e.extversion as definition,
    'extension ' || quote_ident(e.extname) as of
  from pg_extension e where $1::text[] is null`;

/** ALTER … DEPENDS ON EXTENSION, which is no membership: the object stays the user's own. */
const extensionDependencies = (): string => `${SCOPE}
  select 'extension dependency' as kind, format('%s %s on %I', io.type, io.identity, e.extname) as subject,
    '' as definition, io.type || ' ' || io.identity as of
  from pg_depend d join pg_extension e on d.refclassid = 'pg_extension'::regclass and e.oid = d.refobjid,
    lateral pg_identify_object(d.classid, d.objid, 0) io
  where d.deptype = 'x' and $1::text[] is null`;

const languages = (): string => `${SCOPE}
  select 'language' as kind, quote_ident(l.lanname) as subject, concat_ws(E'\\n',
      case when l.lanpltrusted then 'trusted' end,
      'handler ' || nullif(l.lanplcallfoid, 0)::regprocedure, 'inline ' || nullif(l.laninline, 0)::regprocedure,
      'validator ' || nullif(l.lanvalidator, 0)::regprocedure) as definition
  from pg_language l where l.lanispl and ${isGlobal('pg_language', 'l')}`;

const accessMethods = (): string => `${SCOPE}
  select 'access method' as kind, quote_ident(a.amname) as subject,
    case a.amtype when 't' then 'table' else 'index' end || ' handler ' || a.amhandler::regprocedure as definition
  from pg_am a where ${isGlobal('pg_am', 'a')}`;

const casts = (): string => `${SCOPE}
  select 'cast' as kind, io.identity as subject, concat_ws(' ',
      case c.castmethod when 'b' then 'without function' when 'i' then 'with inout'
        else 'with function ' || c.castfunc::regprocedure end,
      case c.castcontext when 'a' then 'as assignment' when 'i' then 'as implicit' end) as definition
  from pg_cast c, ${identify('pg_cast', 'c.oid')} where ${isGlobal('pg_cast', 'c')}`;

/** Versions name a transform differently: with `on` and without. */
const TRANSFORM_NAME = `replace(io.identity, ' on language ', ' language ')`;

const transforms = (): string => `${SCOPE}
  select 'transform' as kind, ${TRANSFORM_NAME} as subject, concat_ws(E'\\n',
      'from sql ' || nullif(t.trffromsql::oid, 0)::regprocedure, 'to sql ' || nullif(t.trftosql::oid, 0)::regprocedure) as definition
  from pg_transform t, ${identify('pg_transform', 't.oid')} where ${isGlobal('pg_transform', 't')}`;

const conversions = (): string => `${SCOPE}
  select 'conversion' as kind, io.identity as subject, concat_ws(' ',
      case when c.condefault then 'default' end, 'from', pg_encoding_to_char(c.conforencoding),
      'to', pg_encoding_to_char(c.contoencoding), 'by', c.conproc::regprocedure) as definition, n.nspname as schema
  from pg_conversion c join spaces n on n.oid = c.connamespace, ${identify('pg_conversion', 'c.oid')}
  where ${notMember('pg_conversion', 'c')}`;

/** Readers of schemas, extensions and of what belongs to the database as a whole. */
export const SCHEMA_READERS = [
  schemas,
  extensions,
  extensionVersions,
  extensionDependencies,
  languages,
  accessMethods,
  casts,
  transforms,
  conversions,
];
