import { SCOPE, identify, notMember, procedureName } from './scope.ts';

const VOLATILITY = `case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end`;
const PARALLEL = `case p.proparallel when 's' then 'parallel safe' when 'r' then 'parallel restricted' else 'parallel unsafe' end`;

/**
 * The header's first lines are what protection rests on (`security`, `set`, `leakproof`); the body follows `as`.
 * A body in SQL-standard form is deparsed, any other stands as written.
 */
const functions = (): string => `${SCOPE}
  select io.type as kind, io.identity as subject, n.nspname as schema, true as protection, concat_ws(E'\\n',
      case when p.prosecdef then 'security definer' else 'security invoker' end,
      (select string_agg('set ' || o, E'\\n' order by o collate "C") from unnest(p.proconfig) o),
      case when p.proleakproof then 'leakproof' end,
      case p.prokind when 'w' then 'window' end,
      'arguments (' || pg_get_function_arguments(p.oid) || ')', 'returns ' || pg_get_function_result(p.oid),
      'language ' || quote_ident(l.lanname), ${VOLATILITY}, ${PARALLEL},
      case when p.proisstrict then 'strict' end, 'cost ' || p.procost, 'rows ' || nullif(p.prorows, 0),
      'support ' || ${procedureName('p.prosupport')},
      'transform for ' || (select string_agg(format_type(t, null), ', ' order by o) from unnest(p.protrftypes) with ordinality u (t, o)),
      'library ' || p.probin,
      case when p.prosqlbody is null then 'as ' || p.prosrc else 'as standard sql ' || pg_get_function_sqlbody(p.oid) end
    ) as definition
  from pg_proc p join spaces n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang, ${identify('pg_proc', 'p.oid')}
  where p.prokind <> 'a' and ${notMember('pg_proc', 'p')}`;

const FINAL = (column: string): string =>
  `case ${column} when 'r' then 'read only' when 's' then 'shareable' else 'read write' end`;

const aggregates = (): string => `${SCOPE}
  select 'aggregate' as kind, io.identity as subject, n.nspname as schema, concat_ws(E'\\n',
      case a.aggkind when 'o' then 'ordered set' when 'h' then 'hypothetical set' end,
      'arguments (' || pg_get_function_arguments(p.oid) || ')',
      'sfunc ' || a.aggtransfn::regprocedure, 'stype ' || format_type(a.aggtranstype, null),
      'sspace ' || nullif(a.aggtransspace, 0), 'initcond ' || quote_literal(a.agginitval),
      'finalfunc ' || ${procedureName('a.aggfinalfn')}, case when a.aggfinalextra then 'finalfunc extra' end,
      'finalfunc ' || ${FINAL('a.aggfinalmodify')},
      'combine ' || ${procedureName('a.aggcombinefn')}, 'serial ' || ${procedureName('a.aggserialfn')},
      'deserial ' || ${procedureName('a.aggdeserialfn')},
      'msfunc ' || ${procedureName('a.aggmtransfn')}, 'minvfunc ' || ${procedureName('a.aggminvtransfn')},
      'mstype ' || format_type(nullif(a.aggmtranstype, 0), null), 'msspace ' || nullif(a.aggmtransspace, 0),
      'minitcond ' || quote_literal(a.aggminitval), 'mfinalfunc ' || ${procedureName('a.aggmfinalfn')},
      case when a.aggmfinalextra then 'mfinalfunc extra' end, 'mfinalfunc ' || ${FINAL('a.aggmfinalmodify')},
      'sortop ' || nullif(a.aggsortop, 0)::regoperator, ${PARALLEL}) as definition
  from pg_proc p join spaces n on n.oid = p.pronamespace join pg_aggregate a on a.aggfnoid = p.oid, ${identify('pg_proc', 'p.oid')}
  where ${notMember('pg_proc', 'p')}`;

/** Readers of functions, procedures and aggregates. */
export const FUNCTION_READERS = [functions, aggregates];
