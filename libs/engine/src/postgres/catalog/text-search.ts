import { SCOPE, identify, notMember, procedureName } from './scope.ts';

const configurations = (): string => `${SCOPE}
  select 'text search configuration' as kind, io.identity as subject, n.nspname as schema, concat_ws(E'\\n',
      'parser ' || po.identity,
      (select string_agg(m.line, E'\\n' order by m.line collate "C") from (
        select 'map ' || tt.alias || ' to ' || string_agg((pg_identify_object('pg_ts_dict'::regclass, x.mapdict, 0)).identity,
          ', ' order by x.mapseqno) as line
        from pg_ts_config_map x join ts_token_type(c.cfgparser) tt on tt.tokid = x.maptokentype
        where x.mapcfg = c.oid group by tt.alias) m)) as definition
  from pg_ts_config c join spaces n on n.oid = c.cfgnamespace, ${identify('pg_ts_config', 'c.oid')},
    ${identify('pg_ts_parser', 'c.cfgparser', 'po')}
  where ${notMember('pg_ts_config', 'c')}`;

const dictionaries = (): string => `${SCOPE}
  select 'text search dictionary' as kind, io.identity as subject, n.nspname as schema,
    concat_ws(E'\\n', 'template ' || t.identity, 'options ' || d.dictinitoption) as definition
  from pg_ts_dict d join spaces n on n.oid = d.dictnamespace, ${identify('pg_ts_dict', 'd.oid')},
    ${identify('pg_ts_template', 'd.dicttemplate', 't')}
  where ${notMember('pg_ts_dict', 'd')}`;

const parsers = (): string => `${SCOPE}
  select 'text search parser' as kind, io.identity as subject, n.nspname as schema, concat_ws(E'\\n',
      'start ' || ${procedureName('p.prsstart')}, 'token ' || ${procedureName('p.prstoken')},
      'end ' || ${procedureName('p.prsend')}, 'headline ' || ${procedureName('p.prsheadline')},
      'types ' || ${procedureName('p.prslextype')}) as definition
  from pg_ts_parser p join spaces n on n.oid = p.prsnamespace, ${identify('pg_ts_parser', 'p.oid')}
  where ${notMember('pg_ts_parser', 'p')}`;

const templates = (): string => `${SCOPE}
  select 'text search template' as kind, io.identity as subject, n.nspname as schema,
    concat_ws(E'\\n', 'init ' || ${procedureName('t.tmplinit')}, 'lexize ' || ${procedureName('t.tmpllexize')}) as definition
  from pg_ts_template t join spaces n on n.oid = t.tmplnamespace, ${identify('pg_ts_template', 't.oid')}
  where ${notMember('pg_ts_template', 't')}`;

/** Readers of text search configurations and their parts. */
export const TEXT_SEARCH_READERS = [configurations, dictionaries, parsers, templates];
