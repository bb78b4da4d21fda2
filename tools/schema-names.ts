/** One line per object of the schema `public`, with all that should be equal in two databases. */
export const NAMES = `
WITH ours AS (SELECT oid, relname, relkind, relpersistence FROM pg_class WHERE relnamespace = 'public'::regnamespace)
SELECT name FROM (
  SELECT 'table ' || relname AS name FROM ours WHERE relkind IN ('r', 'p')
  UNION ALL
  SELECT 'unlogged ' || relname FROM ours WHERE relkind IN ('r', 'p') AND relpersistence = 'u'
  UNION ALL
  SELECT 'column ' || relname || '.' || attname || ' ' || format_type(atttypid, atttypmod)
    || CASE WHEN attnotnull THEN ' not null' ELSE '' END
    || coalesce(' default ' || pg_get_expr(adbin, adrelid), '')
  FROM ours JOIN pg_attribute ON attrelid = ours.oid AND attnum > 0 AND NOT attisdropped
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  WHERE relkind IN ('r', 'p')
  UNION ALL
  SELECT 'constraint ' || relname || ' ' || conname || ' ' || pg_get_constraintdef(pg_constraint.oid)
  FROM ours JOIN pg_constraint ON conrelid = ours.oid WHERE contype <> 'n'
  UNION ALL
  SELECT 'index ' || indexname || regexp_replace(indexdef, '^.* ON public\\.', ' ON ')
  FROM pg_indexes WHERE schemaname = 'public'
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname AND contype IN ('p', 'u', 'x'))
  UNION ALL
  SELECT 'enum ' || typname || '.' || enumlabel || ' ' || enumsortorder
  FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid WHERE typnamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'sequence ' || relname FROM ours WHERE relkind = 'S'
  UNION ALL
  SELECT 'view ' || relname FROM ours WHERE relkind IN ('v', 'm')
  UNION ALL
  SELECT 'function ' || proname || '(' || pg_get_function_identity_arguments(oid) || ')'
  FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'trigger ' || relname || ' ' || tgname FROM ours JOIN pg_trigger ON tgrelid = ours.oid WHERE NOT tgisinternal
) AS names ORDER BY name`;

/** Compares two lists of names: `missing` is expected and not found, `unexpected` the other way round. */
export function differencesOf(expected: string[], found: string[]): string[] {
  const known = new Set(expected);
  const there = new Set(found);
  return [
    ...[...known].filter((name) => !there.has(name)).map((name) => `missing: ${name}`),
    ...[...there].filter((name) => !known.has(name)).map((name) => `unexpected: ${name}`),
  ];
}
