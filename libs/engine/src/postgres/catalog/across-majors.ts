import type { CatalogEntry } from './entry.ts';

/** The entry that names the server's major version, so that two catalogs know whether one deparser wrote both. */
export const MAJOR_KIND = 'server major';

const DEPARSED_OTHERWISE = new Set(['function', 'materialized view', 'policy', 'procedure', 'rule', 'view']);
const STRING_OR_QUALIFIER = /('(?:[^']|'')*')|(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)\./gu;

const withoutMaintain = (list: string): string =>
  list
    .split(', ')
    .filter((privilege) => !/^(?:MAINTAIN\*?|none)$/.test(privilege))
    .join(', ');

/**
 * A definition in words that all major versions share, for servers of different ones: version 16 left out the table's
 * name before a view's columns, version 17 brought the privilege MAINTAIN. Qualified names become bare ones, so this
 * tells less apart than the definition itself.
 */
export const acrossMajors = ({ kind, definition }: CatalogEntry): string => {
  if (kind === 'grant' || kind === 'default privileges')
    return definition.split('; by default ').map(withoutMaintain).join('; by default ');
  if (!DEPARSED_OTHERWISE.has(kind)) return definition;
  return definition.replaceAll(STRING_OR_QUALIFIER, '$1').replaceAll(/\s+/g, ' ');
};
