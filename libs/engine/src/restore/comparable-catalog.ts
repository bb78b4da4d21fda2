import type { CoverageGap } from '@holdfast/contracts';
import type { Catalog } from '../postgres/catalog.ts';

/** The gap that says which of the database's own settings the restoring role was not allowed to give. */
export const DATABASE_SETTINGS_GAP = 'database-settings';
export const DATABASE_LOCALE_GAP = 'database-locale';

/**
 * What must be equal after a restore. Left out: the versions of extensions (a server installs its own), and what a gap
 * names already: a locale that the server lacks, settings of the database that the role may not give.
 */
export function comparableCatalog(catalog: Catalog, gaps: readonly CoverageGap[]): Catalog {
  const named = new Set(gaps.map(({ code }) => code));
  return catalog.filter(({ kind, subject, of }) => {
    if (kind === 'extension version') return false;
    if (named.has(DATABASE_LOCALE_GAP) && kind === 'database' && subject === 'locale') return false;
    return !(named.has(DATABASE_SETTINGS_GAP) && of === 'database');
  });
}
