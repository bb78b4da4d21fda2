import type { RestoreContent } from '@holdfast/contracts';
import { selectFromCatalog, type Catalog, type CatalogEntry } from '../postgres/catalog.ts';
import { displayName } from '../postgres/identifiers.ts';
import { constraintName, type RestorePlan } from './restore-plan.ts';
import type { Selection } from './selection.ts';
import { parseQualified, tokensOf } from './sql-tokens.ts';

/** Entries of a catalog that are rows rather than schema. */
const VALUES = new Set(['sequence value', 'large object']);
const RELATIONS = new Set(['table', 'foreign table', 'view', 'materialized view', 'sequence']);
/** What acts on other things than those chosen, and is restored only with the whole. */
const NEVER = new Set(['publication table', 'publication schema']);

const keyOf = ({ kind, subject }: CatalogEntry): string => `${kind} ${subject}`;

/** A relation's name from the catalog, which quotes keywords, as artifacts have it; null: it is no such name. */
export function relationOf(subject: string): string | null {
  const name = parseQualified(subject);
  return name && displayName(name.schema, name.name);
}

/** The subject of a table constraint (`name on schema.table`) in the form of the plan. */
function constraintOf(subject: string): string | null {
  const [name, on] = [...tokensOf(subject)];
  const table = name && on ? relationOf(subject.slice(on.end)) : null;
  return name && table !== null ? constraintName(name.text, table) : null;
}

/** A partition that became a table of its own lacks what only an attached one has. */
function withoutParent(entry: CatalogEntry, detached: Set<string>, carrier: CatalogEntry | undefined): CatalogEntry[] {
  const table = relationOf((carrier ?? entry).subject);
  if (table === null || !detached.has(table)) return [entry];
  // the state of a trigger that is the parent's
  if (entry.kind === 'trigger' && !entry.definition.includes('\n')) return [];
  const attached = entry.kind === 'table' ? 'partition of ' : 'attached to ';
  const lines = entry.definition.split('\n').filter((line) => !line.startsWith(attached));
  return [{ ...entry, definition: lines.join('\n') }];
}

/** The whole catalog as a schema without rows has it. */
export const withoutValues = (catalog: Catalog): Catalog => catalog.filter(({ kind }) => !VALUES.has(kind));

/**
 * The part of a catalog that a restore of the selection makes, without what the plan leaves out. `kept` names schemas
 * that were there before and keep their own owner, grants and comment.
 */
export function selectedCatalog(
  catalog: Catalog,
  selection: Pick<Selection, 'schemas' | 'relations'> & { content: RestoreContent },
  plan: Pick<RestorePlan, 'leftOut' | 'detached'>,
  kept: Set<string>,
): Catalog {
  const entries = new Map(catalog.map((entry) => [keyOf(entry), entry]));
  const isChosen = (subject: string): boolean => selection.relations.has(relationOf(subject) ?? '');
  const tables = catalog.filter(({ kind, subject }) => RELATIONS.has(kind) && isChosen(subject));
  if (tables.length === 0 && selection.schemas.size === 0) return [];
  const part = selectFromCatalog(catalog, {
    schemas: [...selection.schemas],
    tables: tables.map(({ subject }) => subject),
  });
  const carriers = (entry: CatalogEntry): CatalogEntry[] => {
    const parent = entry.of === undefined ? undefined : entries.get(entry.of);
    return parent === undefined || parent === entry ? [entry] : [entry, ...carriers(parent)];
  };
  const isLeftOut = (entry: CatalogEntry): boolean =>
    carriers(entry).some(
      ({ kind, subject, schema }) =>
        NEVER.has(kind) ||
        (kind === 'table constraint' && plan.leftOut.has(constraintOf(subject) ?? '')) ||
        (RELATIONS.has(kind) && !isChosen(subject) && !selection.schemas.has(schema ?? '')) ||
        (kind === 'schema' && schema !== undefined && kept.has(schema)),
    ) ||
    (entry.kind === 'default privileges' && entry.schema !== undefined && kept.has(entry.schema));
  const made = part
    .filter((entry) => !isLeftOut(entry))
    .flatMap((entry) =>
      withoutParent(entry, plan.detached, entry.of === undefined ? undefined : entries.get(entry.of)),
    );
  return selection.content === 'schema' ? withoutValues(made) : made;
}
