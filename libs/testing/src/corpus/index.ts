import { commentsAndSettings, dependencies } from './comments-and-settings.ts';
import type { CorpusDatabase } from './corpus-database.ts';
import { hostileNames } from './hostile-names.ts';
import { indexes, searchAndCollations } from './indexes-and-search.ts';
import { extensions, foreignTables, largeObjects, publications } from './outside-world.ts';
import { inheritance, partitions } from './partitions.ts';
import { grants, rowSecurity } from './protection.ts';
import { operators, routines } from './routines.ts';
import { scalarTypes } from './scalar-types.ts';
import { constraints, emptyDatabase, keysAndSequences, manyTables, oddTables } from './tables.ts';
import { textTraps, wideValues } from './text-traps.ts';
import { triggers, views } from './triggers-and-views.ts';
import { userTypes } from './user-types.ts';

export { ensureRoles, type CorpusDatabase } from './corpus-database.ts';

/** The databases of the law restore(backup(db)) = db; together they hold every kind of object that pg_dump knows. */
export const corpus: CorpusDatabase[] = [
  emptyDatabase,
  scalarTypes,
  textTraps,
  wideValues,
  hostileNames,
  keysAndSequences,
  oddTables,
  constraints,
  partitions,
  inheritance,
  userTypes,
  routines,
  operators,
  triggers,
  views,
  rowSecurity,
  grants,
  indexes,
  searchAndCollations,
  extensions,
  foreignTables,
  publications,
  largeObjects,
  commentsAndSettings,
  dependencies,
  manyTables,
];
