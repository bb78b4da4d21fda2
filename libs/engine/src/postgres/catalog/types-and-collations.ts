import { SCOPE, identify, notMember, procedureName } from './scope.ts';

const USER_TYPES = `pg_type t join spaces n on n.oid = t.typnamespace, ${identify('pg_type', 't.oid')}`;

const enums = (): string => `${SCOPE}
  select 'type' as kind, io.identity as subject, n.nspname as schema, 'enum (' || coalesce(
      (select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid), ''
    ) || ')' as definition
  from ${USER_TYPES} where t.typtype = 'e' and ${notMember('pg_type', 't')}`;

const composites = (): string => `${SCOPE}
  select 'type' as kind, io.identity as subject, n.nspname as schema, 'composite (' || coalesce(
      (select string_agg(concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
          case when a.attcollation <> b.typcollation then 'collate ' || a.attcollation::regcollation end), ', ' order by a.attnum)
        from pg_attribute a join pg_type b on b.oid = a.atttypid
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '') || ')' as definition
  from ${USER_TYPES}, pg_class c
  where t.typtype = 'c' and c.oid = t.typrelid and c.relkind = 'c' and ${notMember('pg_type', 't')}`;

const ranges = (): string => `${SCOPE}
  select 'type' as kind, io.identity as subject, n.nspname as schema, concat_ws(E'\\n',
      'range of ' || format_type(r.rngsubtype, null), 'multirange ' || format_type(r.rngmultitypid, null),
      'operator class ' || (pg_identify_object('pg_opclass'::regclass, r.rngsubopc, 0)).identity,
      'collation ' || nullif(r.rngcollation, 0)::regcollation, 'canonical ' || ${procedureName('r.rngcanonical')},
      'subtype diff ' || ${procedureName('r.rngsubdiff')}) as definition
  from ${USER_TYPES}, pg_range r where r.rngtypid = t.oid and ${notMember('pg_type', 't')}`;

const domains = (): string => `${SCOPE}
  select 'type' as kind, io.identity as subject, n.nspname as schema, concat_ws(' ',
      'domain over', format_type(t.typbasetype, t.typtypmod),
      case when t.typcollation <> b.typcollation then 'collate ' || t.typcollation::regcollation end,
      'default ' || coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)),
      case when t.typnotnull then 'not null' end) as definition
  from ${USER_TYPES}, pg_type b where t.typtype = 'd' and b.oid = t.typbasetype and ${notMember('pg_type', 't')}`;

/** NOT NULL of a domain stands in the type's own entry: before version 17 it was no constraint. */
const domainConstraints = (): string => `${SCOPE}
  select 'domain constraint' as kind, io.identity as subject, pg_get_constraintdef(c.oid) as definition,
    n.nspname as schema, 'type ' || format_type(t.oid, null) as of
  from pg_constraint c join pg_type t on t.oid = c.contypid join spaces n on n.oid = t.typnamespace,
    ${identify('pg_constraint', 'c.oid')}
  where c.contype = 'c' and ${notMember('pg_type', 't')}`;

const baseTypes = (): string => `${SCOPE}
  select 'type' as kind, io.identity as subject, n.nspname as schema, case when not t.typisdefined then 'shell' else
    concat_ws(E'\\n', 'base', 'input ' || ${procedureName('t.typinput')}, 'output ' || ${procedureName('t.typoutput')},
      'receive ' || ${procedureName('t.typreceive')}, 'send ' || ${procedureName('t.typsend')},
      'typmod in ' || ${procedureName('t.typmodin')}, 'typmod out ' || ${procedureName('t.typmodout')},
      'analyze ' || ${procedureName('t.typanalyze')}, 'subscript ' || ${procedureName('t.typsubscript')},
      'length ' || t.typlen, 'by value ' || t.typbyval, 'alignment ' || t.typalign::text, 'storage ' || t.typstorage::text,
      'category ' || t.typcategory::text, 'preferred ' || t.typispreferred, 'delimiter ' || t.typdelim::text,
      'element ' || format_type(nullif(t.typelem, 0), null), 'default ' || quote_literal(t.typdefault),
      case when t.typcollation <> 0 then 'collatable' end) end as definition
  from ${USER_TYPES}
  where (t.typtype = 'b' and not exists (select from pg_type e where e.typarray = t.oid) or t.typtype = 'p')
    and ${notMember('pg_type', 't')}`;

/** The provider's version is left out (it belongs to the machine), and the encoding (a database has but one). */
const collations = (): string => `${SCOPE}
  select 'collation' as kind, io.identity as subject, n.nspname as schema, concat_ws(' ',
      case c.collprovider when 'i' then 'icu' when 'c' then 'libc' when 'b' then 'builtin' else 'default' end,
      'locale ' || quote_literal(coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale')),
      'collate ' || quote_literal(c.collcollate), 'ctype ' || quote_literal(c.collctype),
      'rules ' || quote_literal(to_jsonb(c) ->> 'collicurules'),
      case when not c.collisdeterministic then 'not deterministic' end) as definition
  from pg_collation c join spaces n on n.oid = c.collnamespace, ${identify('pg_collation', 'c.oid')}
  where ${notMember('pg_collation', 'c')}`;

/** Readers of types, domains and collations. */
export const TYPE_READERS = [enums, composites, ranges, domains, domainConstraints, baseTypes, collations];
