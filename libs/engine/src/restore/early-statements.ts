import type { Statement } from '../postgres/statements.ts';
import { displayName } from '../postgres/identifiers.ts';
import { lanesOf } from './statement-runner.ts';
import { subjectOf } from './statement-subject.ts';

/** Statements of post-data that need nothing but one table with its rows. */
export interface TableStatements {
  /** Lock the table against everybody, so they run one after another: primary keys and other constraints. */
  exclusive: Statement[][];
  /** Run beside each other and beside readers: indexes. */
  shared: Statement[][];
}

export interface SplitPostData {
  /** Settings at the top, which every session needs. */
  prelude: Statement[];
  /** By table, as `displayName` writes it. */
  early: Map<string, TableStatements>;
  /** All others, in their order. */
  rest: Statement[];
}

/** What an index or a key of a table cannot depend on, so that these may run before it. */
const PASSED = new Set(['COMMENT', 'INDEX ATTACH', 'STATISTICS']);
const EARLY = new Set(['INDEX', 'CONSTRAINT']);

/**
 * Whether a statement may call what somebody wrote: that may read other tables, which are not loaded yet. pg_dump writes
 * a schema only where it is not pg_catalog's. The table itself is the one name with a schema that is left.
 */
function callsOthers([first]: Statement[]): boolean {
  const text = first?.text ?? '';
  const names = text.match(/"\s*\.\s*"/g) ?? [];
  return names.length > 1 || /\bOPERATOR\s*\(/.test(text);
}

const isShared = (lane: Statement[]): boolean => lane.every(({ text }) => /^CREATE (?:UNIQUE )?INDEX /.test(text));

function tableOf([first]: Statement[]): string | null {
  const subject = first && subjectOf(first.text);
  return subject?.of === 'relation' && subject.schema !== null ? displayName(subject.schema, subject.name) : null;
}

/**
 * Finds the indexes and keys that can be made as soon as their table is loaded. Only those at the beginning of post-data:
 * behind anything that one of them could depend on (a materialised view, a setting of the session) all keep their order.
 */
export function splitPostData(statements: Statement[], loaded: ReadonlySet<string>): SplitPostData {
  const split: SplitPostData = { prelude: [], early: new Map(), rest: [] };
  let open = true;
  for (const lane of lanesOf(statements)) {
    const type = lane[0]?.entry?.type;
    if (type === undefined) {
      split.prelude.push(...lane);
      continue;
    }
    const early = EARLY.has(type) && !lane.some(({ text }) => text.startsWith('SET '));
    const table = open && early && !callsOthers(lane) ? tableOf(lane) : null;
    open &&= early || PASSED.has(type);
    if (table === null || !loaded.has(table)) split.rest.push(...lane);
    else {
      const known = split.early.get(table) ?? { exclusive: [], shared: [] };
      split.early.set(table, known);
      (isShared(lane) ? known.shared : known.exclusive).push(lane);
    }
  }
  return split;
}
