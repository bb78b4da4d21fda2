import { SCOPE, identify, labelled } from './scope.ts';

const INDEX_OPTIONS = `'with (' || (select string_agg(o, ', ' order by o collate "C") from unnest(i.reloptions) o) || ')'`;
const INDEX_STATISTICS = `(select string_agg('statistics of column ' || a.attnum || ' ' || a.attstattarget, E'\\n' order by a.attnum)
  from pg_attribute a where a.attrelid = i.oid and a.attstattarget >= 0)`;
const ATTACHED_TO = `'attached to ' || (select format('%I.%I', n.nspname, p.relname) from pg_inherits h
  join pg_class p on p.oid = h.inhparent join pg_namespace n on n.oid = p.relnamespace where h.inhrelid = i.oid)`;

/** Foreign keys and checks that a partition has from its parent are left out: they follow from it, and are named anew. */
const constraints = (): string => `${SCOPE}
  select 'table constraint' as kind, io.identity as subject, c.nspname as schema, c.kind || ' ' || c.name as of,
    concat_ws(E'\\n', pg_get_constraintdef(k.oid), ${INDEX_OPTIONS}, ${INDEX_STATISTICS}, ${ATTACHED_TO}) as definition
  from pg_constraint k join relations c on c.oid = k.conrelid
    left join pg_class i on i.oid = k.conindid and k.contype in ('p', 'u', 'x'), ${identify('pg_constraint', 'k.oid')}
  where k.contype in ('c', 'p', 'u', 'x') or k.contype = 'f' and k.conparentid = 0`;

/** Without the indexes of constraints (told there) and those that a failed CONCURRENTLY left behind: no dump holds them. */
const indexes = (): string => `${SCOPE}
  select 'index' as kind, i.name as subject, i.nspname as schema, t.kind || ' ' || t.name as of,
    concat_ws(E'\\n', pg_get_indexdef(i.oid), ${INDEX_STATISTICS}, ${ATTACHED_TO},
      case when not x.indisvalid then 'not valid' end) as definition
  from pg_index x join relations i on i.oid = x.indexrelid join relations t on t.oid = x.indrelid
  where (x.indisvalid or t.relkind = 'p') and x.indisready and not exists (select from pg_constraint k
    where k.conindid = i.oid and k.conrelid = t.oid and k.contype in ('p', 'u', 'x'))`;

const ENABLED = (column: string): string =>
  `case ${column} when 'D' then 'disabled' when 'A' then 'enabled always' when 'R' then 'enabled replica' else 'enabled' end`;

/** A trigger that a partition has from its parent is told only where its enabled state is another. */
const triggers = (): string => `${SCOPE}
  select 'trigger' as kind, io.identity as subject, c.nspname as schema, c.kind || ' ' || c.name as of,
    case when g.tgparentid = 0 then concat_ws(E'\\n', pg_get_triggerdef(g.oid), ${ENABLED('g.tgenabled')})
      else ${ENABLED('g.tgenabled')} end as definition
  from pg_trigger g join relations c on c.oid = g.tgrelid left join pg_trigger u on u.oid = g.tgparentid,
    ${identify('pg_trigger', 'g.oid')}
  where not g.tgisinternal and (g.tgparentid = 0 or u.tgenabled is distinct from g.tgenabled)`;

const rules = (): string => `${SCOPE}
  select 'rule' as kind, io.identity as subject, c.nspname as schema, c.kind || ' ' || c.name as of,
    concat_ws(E'\\n', pg_get_ruledef(r.oid), ${ENABLED('r.ev_enabled')}) as definition
  from pg_rewrite r join relations c on c.oid = r.ev_class, ${identify('pg_rewrite', 'r.oid')}
  where r.rulename <> '_RETURN'`;

const statistics = (): string => `${SCOPE}
  select 'statistics object' as kind, io.identity as subject, n.nspname as schema, c.kind || ' ' || c.name as of,
    concat_ws(E'\\n', pg_get_statisticsobjdef(s.oid), ${labelled('target', 'nullif(s.stxstattarget, -1)')}) as definition
  from pg_statistic_ext s join spaces n on n.oid = s.stxnamespace join relations c on c.oid = s.stxrelid,
    ${identify('pg_statistic_ext', 's.oid')}`;

const eventTriggers = (): string => `${SCOPE}
  select 'event trigger' as kind, quote_ident(e.evtname) as subject, concat_ws(E'\\n', 'on ' || e.evtevent,
      'tags ' || (select string_agg(t, ', ' order by t collate "C") from unnest(e.evttags) t),
      'execute ' || e.evtfoid::regprocedure, ${ENABLED('e.evtenabled')}) as definition
  from pg_event_trigger e
  where $1::text[] is null and not exists (select from members m where m.classid = 'pg_event_trigger'::regclass and m.objid = e.oid)`;

/** Readers of what hangs on tables: constraints, indexes, triggers, rules, statistics; and event triggers. */
export const CONSTRAINT_READERS = [constraints, indexes, triggers, rules, statistics, eventTriggers];
