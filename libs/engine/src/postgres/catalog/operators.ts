import { SCOPE, identify, notMember, procedureName } from './scope.ts';

const operators = (): string => `${SCOPE}
  select 'operator' as kind, io.identity as subject, n.nspname as schema,
    case when o.oprcode = 0 then 'undefined' else concat_ws(E'\\n',
      'function ' || o.oprcode::regprocedure, 'commutator ' || nullif(o.oprcom, 0)::regoperator,
      'negator ' || nullif(o.oprnegate, 0)::regoperator, 'restrict ' || ${procedureName('o.oprrest')},
      'join ' || ${procedureName('o.oprjoin')}, case when o.oprcanmerge then 'merges' end,
      case when o.oprcanhash then 'hashes' end) end as definition
  from pg_operator o join spaces n on n.oid = o.oprnamespace, ${identify('pg_operator', 'o.oid')}
  where ${notMember('pg_operator', 'o')}`;

/** Members of a class (tied to it by an internal dependency) or loose in a family, one line each. */
const memberLines = (tie: string): string => `
    select format('operator %s %s (%s, %s)%s', a.amopstrategy, a.amopopr::regoperator, format_type(a.amoplefttype, null),
        format_type(a.amoprighttype, null), ' for order by ' || (pg_identify_object('pg_opfamily'::regclass, nullif(a.amopsortfamily, 0), 0)).identity)
    from pg_amop a where ${tie.replaceAll('CATALOG', 'pg_amop').replaceAll('FAMILY', 'a.amopfamily')}
    union all
    select format('function %s %s (%s, %s)', a.amprocnum, a.amproc::regprocedure, format_type(a.amproclefttype, null),
        format_type(a.amprocrighttype, null))
    from pg_amproc a where ${tie.replaceAll('CATALOG', 'pg_amproc').replaceAll('FAMILY', 'a.amprocfamily')}`;

const TIED = `exists (select from pg_depend d where d.classid = 'CATALOG'::regclass and d.objid = a.oid and d.deptype = 'i'
  and d.refclassid = 'pg_opclass'::regclass and d.refobjid = o.oid)`;
const LOOSE = `FAMILY = f.oid and not exists (select from pg_depend d where d.classid = 'CATALOG'::regclass and d.objid = a.oid
  and d.deptype = 'i' and d.refclassid = 'pg_opclass'::regclass)`;

const classes = (): string => `${SCOPE}
  select 'operator class' as kind, io.identity as subject, n.nspname as schema, concat_ws(E'\\n',
      case when o.opcdefault then 'default' end, 'for type ' || format_type(o.opcintype, null),
      'storage ' || format_type(nullif(o.opckeytype, 0), null), 'family ' || fo.identity,
      (select string_agg(l, E'\\n' order by l collate "C") from (${memberLines(TIED)}) lines (l))) as definition
  from pg_opclass o join spaces n on n.oid = o.opcnamespace, ${identify('pg_opclass', 'o.oid')},
    ${identify('pg_opfamily', 'o.opcfamily', 'fo')}
  where ${notMember('pg_opclass', 'o')}`;

const families = (): string => `${SCOPE}
  select 'operator family' as kind, io.identity as subject, n.nspname as schema, coalesce(
      (select string_agg(l, E'\\n' order by l collate "C") from (${memberLines(LOOSE)}) lines (l)), '') as definition
  from pg_opfamily f join spaces n on n.oid = f.opfnamespace, ${identify('pg_opfamily', 'f.oid')}
  where ${notMember('pg_opfamily', 'f')}`;

/** Readers of operators, operator classes and operator families. */
export const OPERATOR_READERS = [operators, classes, families];
