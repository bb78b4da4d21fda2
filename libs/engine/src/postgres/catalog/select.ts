import { MAJOR_KIND } from './across-majors.ts';
import type { Catalog, CatalogEntry } from './entry.ts';

/**
 * The part of a catalog that belongs to the named schemas (bare names) or tables (`schema.table`, quoted as SQL does):
 * the tables with all that hangs on them, and of a schema all that lives in it. With neither, the whole catalog.
 */
export const selectFromCatalog = (catalog: Catalog, selection: { schemas: string[]; tables: string[] }): Catalog => {
  if (selection.schemas.length === 0 && selection.tables.length === 0) return catalog;
  const entries = new Map(catalog.map((entry) => [`${entry.kind} ${entry.subject}`, entry]));
  const schemas = new Set(selection.schemas);
  const tables = new Set(selection.tables);
  const carriers = (entry: CatalogEntry): CatalogEntry[] => {
    const parent = entry.of === undefined ? undefined : entries.get(entry.of);
    return parent === undefined || parent === entry ? [entry] : [entry, ...carriers(parent)];
  };
  return catalog.filter(
    (entry) =>
      entry.kind === MAJOR_KIND ||
      (entry.schema !== undefined && schemas.has(entry.schema)) ||
      carriers(entry).some((carrier) => /table|view|sequence/.test(carrier.kind) && tables.has(carrier.subject)),
  );
};
