import type { Statement } from '../postgres/statements.ts';

/** A key whose index can be made beside other indexes, and a moment's lock makes it the key. */
export interface KeyIndex {
  /** Makes the index; locks out writers only. */
  index: Statement;
  /** Makes that index the key, and what pg_dump says of the key after it. As many statements as `lane`. */
  attach: Statement[];
  /** The same as pg_dump wrote it, for where the index alone cannot be made. */
  lane: Statement[];
}

const NAME = String.raw`"(?:[^"]|"")+"`;
/** Only plain keys: whatever else a key may say (INCLUDE, WITH, DEFERRABLE, …) stays as pg_dump wrote it. */
const PLAIN_KEY = new RegExp(
  String.raw`^ALTER TABLE ONLY (${NAME}\.${NAME})\s+ADD CONSTRAINT (${NAME}) (PRIMARY KEY|UNIQUE) (\(${NAME}(?:, ${NAME})*\));?$`,
);

/**
 * Splits a plain key into its index and what makes that the key: the catalog is the same as by one statement, which would
 * lock the table against every other index for as long as it builds.
 */
export function keyIndex(lane: Statement[]): KeyIndex | null {
  const [first, ...more] = lane;
  const match = first && PLAIN_KEY.exec(first.text);
  if (!match) return null;
  const [, table = '', name = '', kind = '', columns = ''] = match;
  const index = { ...first, text: `CREATE UNIQUE INDEX ${name} ON ${table} ${columns}` };
  const attach = { ...first, text: `ALTER TABLE ONLY ${table} ADD CONSTRAINT ${name} ${kind} USING INDEX ${name}` };
  return { index, attach: [attach, ...more], lane };
}

/** Those of a table's keys that can be split, and the others. */
export function splitKeys(exclusive: Statement[][]): { keys: KeyIndex[]; whole: Statement[][] } {
  const keys: KeyIndex[] = [];
  const whole: Statement[][] = [];
  for (const lane of exclusive) {
    const key = keyIndex(lane);
    if (key) keys.push(key);
    else whole.push(lane);
  }
  return { keys, whole };
}
