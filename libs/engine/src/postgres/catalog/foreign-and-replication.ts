import { SCOPE, hashedOptionList, isGlobal, optionList, procedureName } from './scope.ts';

const wrappers = (): string => `${SCOPE}
  select 'foreign-data wrapper' as kind, quote_ident(w.fdwname) as subject, concat_ws(E'\\n',
      'handler ' || ${procedureName('w.fdwhandler')}, 'validator ' || ${procedureName('w.fdwvalidator')},
      'options (' || ${optionList('w.fdwoptions')} || ')') as definition
  from pg_foreign_data_wrapper w where ${isGlobal('pg_foreign_data_wrapper', 'w')}`;

const servers = (): string => `${SCOPE}
  select 'server' as kind, quote_ident(s.srvname) as subject, concat_ws(E'\\n',
      'wrapper ' || quote_ident(w.fdwname), 'type ' || quote_literal(s.srvtype), 'version ' || quote_literal(s.srvversion),
      'options (' || ${optionList('s.srvoptions')} || ')') as definition
  from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw where ${isGlobal('pg_foreign_server', 's')}`;

const userMappings = (): string => `${SCOPE}
  select 'user mapping' as kind, format('%s on server %I', case u.umuser when 0 then 'public' else quote_ident(u.usename) end, u.srvname) as subject,
    'server ' || quote_ident(u.srvname) as of, coalesce('options (' || ${hashedOptionList('u.umoptions')} || ')', '') as definition
  from pg_user_mappings u
  where $1::text[] is null and not exists (select from members m where m.classid = 'pg_foreign_server'::regclass and m.objid = u.srvid)`;

/** The generated-columns option is new in version 18; its default is told by silence. */
const publications = (): string => `${SCOPE}
  select 'publication' as kind, quote_ident(p.pubname) as subject, concat_ws(E'\\n',
      case when p.puballtables then 'for all tables' end, 'publish ' || concat_ws(', ', case when p.pubinsert then 'insert' end,
        case when p.pubupdate then 'update' end, case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end),
      case when p.pubviaroot then 'via partition root' end,
      'generated columns ' || nullif(to_jsonb(p) ->> 'pubgencols', 'n')) as definition
  from pg_publication p where ${isGlobal('pg_publication', 'p')}`;

const publicationTables = (): string => `${SCOPE}
  select 'publication table' as kind, io.identity as subject, c.nspname as schema, c.kind || ' ' || c.name as of, concat_ws(E'\\n',
      'columns ' || (select string_agg(quote_ident(a.attname), ', ' order by a.attname) from pg_attribute a
        where a.attrelid = c.oid and a.attnum = any (r.prattrs::int2[])),
      'where ' || pg_get_expr(r.prqual, r.prrelid)) as definition
  from pg_publication_rel r join relations c on c.oid = r.prrelid, lateral pg_identify_object('pg_publication_rel'::regclass, r.oid, 0) io
  where $1::text[] is null`;

const publicationSchemas = (): string => `${SCOPE}
  select 'publication schema' as kind, io.identity as subject, n.nspname as schema, 'schema ' || quote_ident(n.nspname) as of, '' as definition
  from pg_publication_namespace r join spaces n on n.oid = r.pnnspid,
    lateral pg_identify_object('pg_publication_namespace'::regclass, r.oid, 0) io
  where $1::text[] is null`;

/** Whether it runs is left out: what is restored starts disabled. The connection string needs a superuser and is left out too. */
const subscriptions = (major: number): string => `${SCOPE}
  select 'subscription' as kind, quote_ident(s.subname) as subject, concat_ws(E'\\n',
      'publications ' || (select string_agg(quote_ident(p), ', ' order by p collate "C") from unnest(s.subpublications) p),
      'slot ' || quote_ident(s.subslotname), 'synchronous commit ' || s.subsynccommit,
      case when s.subbinary then 'binary' end, case when s.subdisableonerr then 'disable on error' end,
      'streaming ' || s.substream::text, case when s.subtwophasestate <> 'd' then 'two phase' end${
        major < 16
          ? ''
          : `, 'origin ' || s.suborigin, case when not s.subpasswordrequired then 'no password required' end,
      case when s.subrunasowner then 'run as owner' end`
      }${major < 17 ? '' : `, case when s.subfailover then 'failover' end`}) as definition
  from pg_subscription s where $1::text[] is null and s.subdbid = (select oid from pg_database where datname = current_database())`;

/** Readers of foreign servers, publications and subscriptions. */
export const FOREIGN_READERS = [
  wrappers,
  servers,
  userMappings,
  publications,
  publicationTables,
  publicationSchemas,
  subscriptions,
];

/** Large objects; the size (bytes) is read only where `sized`: that needs a superuser's rights. */
export const largeObjects = (sized: boolean): string => `${SCOPE}
  select 'large object' as kind, l.oid::text as subject, ${
    sized
      ? `'size ' || coalesce((select p.pageno::int8 * (current_setting('block_size')::int8 / 4) + octet_length(p.data)
      from pg_largeobject p where p.loid = l.oid order by p.pageno desc limit 1), 0)`
      : `'size unreadable'`
  } as definition
  from pg_largeobject_metadata l where $1::text[] is null`;
