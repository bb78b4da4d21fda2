import type { Statement } from '../postgres/statements.ts';
import { TokenWalk, type QualifiedName } from './sql-tokens.ts';

/** What a statement of a dump is about. */
export type Subject =
  /** A setting of the session, which others rely on. */
  | { of: 'setting' }
  /** A table, view, sequence or what hangs on one. */
  | ({ of: 'relation' } & QualifiedName)
  /** These two name a table only by themselves. */
  | ({ of: 'index' | 'statistics' } & QualifiedName)
  /** Whatever else lives in a schema; `signature` is the written name with its arguments, where it was written. */
  | ({ of: 'object'; type: string; signature: string | null } & QualifiedName)
  | { of: 'schema'; name: string }
  /** What lives in no schema; the name is empty where it has none. */
  | { of: 'global'; type: string; name: string };

/** A statement, what it is about, and what of it others need to know. */
export interface DescribedStatement {
  statement: Statement;
  subject: Subject;
  /** Makes its subject. */
  creates: boolean;
}

const RELATIONS = /(?:^| )(?:TABLE|VIEW|SEQUENCE)$/;
const HANGING = new Set(['TRIGGER', 'CONSTRAINT TRIGGER', 'RULE', 'POLICY', 'CONSTRAINT']);
const GLOBAL = [
  ...['EVENT TRIGGER', 'PUBLICATION', 'SUBSCRIPTION', 'EXTENSION', 'ACCESS METHOD', 'LANGUAGE', 'CAST', 'TRANSFORM'],
  ...['FOREIGN DATA WRAPPER', 'FOREIGN SERVER', 'SERVER', 'USER MAPPING', 'LARGE OBJECT', 'PARAMETER', 'DATABASE'],
];
const ROUTINES = new Set(['FUNCTION', 'PROCEDURE', 'AGGREGATE']);
const UNSAID = new Set(['OR', 'REPLACE', 'UNLOGGED', 'UNIQUE', 'TRUSTED', 'PROCEDURAL', 'DEFAULT', 'ONLY']);

const SETTING: Subject = { of: 'setting' };
const unnamed = (type: string): Subject => ({ of: 'global', type, name: '' });

/** The words that say of what kind a thing is, without those that say how. */
const kindOf = (words: string[]): string => words.filter((word) => !UNSAID.has(word)).join(' ');

function globalOf(kind: string, walk: TokenWalk, sql: string): Subject | null {
  const type = GLOBAL.find((known) => kind === known || kind.startsWith(`${known} `));
  if (type === undefined) return null;
  // these two have no name of their own: what they are for stands for it
  if (type === 'CAST' || type === 'TRANSFORM') {
    const start = walk.next?.start ?? 0;
    const end = type === 'CAST' ? walk.closingEnd() : walk.skipTo('LANGUAGE') ? (walk.next?.end ?? start) : start;
    return { of: 'global', type, name: sql.slice(start, end ?? start) };
  }
  const name = walk.name() ?? '';
  // CREATE USER MAPPING FOR "role" SERVER "server": the server is what it needs
  if (type === 'USER MAPPING' && walk.take('SERVER')) return { of: 'global', type, name: walk.name() ?? '' };
  return { of: 'global', type: type.replace('FOREIGN SERVER', 'SERVER'), name };
}

function hangingOn(walk: TokenWalk, word: string): Subject {
  if (!walk.skipTo(word)) return unnamed('UNKNOWN');
  const domain = walk.take('DOMAIN');
  walk.take('ONLY');
  const table = walk.qualified();
  if (!table) return unnamed('UNKNOWN');
  return domain ? { of: 'object', type: 'TYPE', signature: null, ...table } : { of: 'relation', ...table };
}

function objectOf(kind: string, walk: TokenWalk, sql: string): Subject {
  const start = walk.next?.start ?? 0;
  const name = walk.qualified();
  if (!name) return unnamed(kind);
  const end = ROUTINES.has(kind) ? walk.closingEnd() : null;
  const type = ROUTINES.has(kind) ? 'ROUTINE' : kind === 'DOMAIN' ? 'TYPE' : kind;
  return { of: 'object', type, signature: end === null ? null : sql.slice(start, end), ...name };
}

/** What comes after the words of a kind: the thing itself. */
function thingOf(kind: string, walk: TokenWalk, sql: string): Subject {
  const global = globalOf(kind, walk, sql);
  if (global) return global;
  if (kind === 'SCHEMA') {
    const name = walk.name();
    return name === null ? unnamed(kind) : { of: 'schema', name };
  }
  if (RELATIONS.test(kind) || kind === 'COLUMN') {
    const table = walk.qualified();
    return table ? { of: 'relation', ...table } : unnamed(kind);
  }
  if (kind === 'INDEX' || kind === 'STATISTICS') {
    const name = walk.qualified();
    return name ? { of: kind === 'INDEX' ? 'index' : 'statistics', ...name } : unnamed(kind);
  }
  return objectOf(kind, walk, sql);
}

function createdOf(walk: TokenWalk, sql: string): Subject {
  const kind = kindOf(walk.words());
  if (kind === 'RULE') return hangingOn(walk, 'TO');
  if (HANGING.has(kind) || kind === 'INDEX') return hangingOn(walk, 'ON');
  if (kind === 'STATISTICS') return hangingOn(walk, 'FROM');
  return thingOf(kind, walk, sql);
}

function alteredOf(walk: TokenWalk, sql: string): Subject {
  if (walk.take('DEFAULT', 'PRIVILEGES')) {
    walk.take('FOR', 'ROLE');
    walk.name();
    return walk.take('IN', 'SCHEMA') ? thingOf('SCHEMA', walk, sql) : unnamed('DEFAULT PRIVILEGES');
  }
  return thingOf(kindOf(walk.words()), walk, sql);
}

/** GRANT, REVOKE, COMMENT and SECURITY LABEL name their thing after ON. */
function namedAfterOn(walk: TokenWalk, sql: string): Subject {
  if (!walk.skipTo('ON')) return unnamed('UNKNOWN');
  const kind = walk.words().join(' ');
  return HANGING.has(kind) ? hangingOn(walk, 'ON') : thingOf(kind.replace(/^PROCEDURAL /, ''), walk, sql);
}

/** Finds what a statement of pg_dump (written with --quote-all-identifiers) is about. */
export function subjectOf(sql: string): Subject {
  const walk = new TokenWalk(sql);
  if (walk.take('SET')) return SETTING;
  if (walk.take('SELECT', 'PG_CATALOG')) {
    return walk.symbol('.') && walk.take('SET_CONFIG') ? SETTING : unnamed('SELECT');
  }
  if (walk.take('CREATE')) return createdOf(walk, sql);
  if (walk.take('ALTER')) return alteredOf(walk, sql);
  if (walk.take('REFRESH')) return thingOf(kindOf(walk.words()), walk, sql);
  if (['COMMENT', 'GRANT', 'REVOKE', 'SECURITY'].includes(walk.next?.text ?? '')) return namedAfterOn(walk, sql);
  return unnamed('UNKNOWN');
}

export const describe = (statement: Statement): DescribedStatement => ({
  statement,
  subject: subjectOf(statement.text),
  creates: statement.text.startsWith('CREATE '),
});
