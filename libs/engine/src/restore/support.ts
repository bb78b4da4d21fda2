import { displayName } from '../postgres/identifiers.ts';
import type { DumpEntry } from '../postgres/statements.ts';
import type { OutlinedStatement } from './outline.ts';
import { tokensOf, type Token } from './sql-tokens.ts';
import type { Subject } from './statement-subject.ts';

/** An object that chosen tables may need: the statements that make it and those that go with them. */
export interface SupportObject {
  key: string;
  subject: Subject;
  statements: OutlinedStatement[];
}

/** What statements speak of: qualified names, the schemas in front of them, bare names, words of function bodies. */
class Mentions {
  readonly pairs = new Set<string>();
  readonly schemas = new Set<string>();
  readonly names = new Set<string>();
  readonly words = new Set<string>();
  readonly operators = new Set<string>();

  add({ statement: { text }, subject }: OutlinedStatement, { texts } = { texts: true }): void {
    if (/^(?:COMMENT|SECURITY LABEL) /.test(text)) return;
    const isRoutine = subject.of === 'object' && subject.type === 'ROUTINE';
    const isExtension = subject.of === 'global' && subject.type === 'EXTENSION';
    const tokens = [...tokensOf(text)];
    this.read(tokens, false);
    for (const token of tokens) {
      if (token.kind === 'text' && texts) this.read([...tokensOf(token.text)], isRoutine);
      // CREATE EXTENSION … WITH SCHEMA: the one place where a schema's name stands alone
      else if (token.kind === 'name' && isExtension) this.schemas.add(token.text);
    }
  }

  /** `loosely`: text that people wrote, where names are seldom quoted. */
  private read(tokens: Token[], loosely: boolean): void {
    const isName = (token: Token): boolean => token.kind === 'name' || (loosely && token.kind === 'word');
    for (const [index, token] of tokens.entries()) {
      if (!isName(token)) continue;
      if (loosely) this.words.add(token.text.toLowerCase());
      this.names.add(token.text);
      if (tokens[index + 1]?.text !== '.') continue;
      this.schemas.add(token.text);
      const second = tokens[index + 2];
      if (second && isName(second)) this.pairs.add(displayName(token.text, second.text));
      else if (second?.kind === 'symbol') this.operators.add(token.text);
    }
  }
}

/** Qualified names that a statement speaks of outside of what people wrote: these must exist when it runs. */
export function mentioned(outlined: OutlinedStatement): Set<string> {
  const mentions = new Mentions();
  const isRoutine = outlined.subject.of === 'object' && outlined.subject.type === 'ROUTINE';
  mentions.add(outlined, { texts: !isRoutine });
  return mentions.pairs;
}

/** Come by themselves: a default operator class or an implicit cast is used without being named. */
const ALWAYS = new Set(['EXTENSION', 'ACCESS METHOD']);
const BY_NAME = new Set(['LANGUAGE', 'SERVER', 'FOREIGN DATA WRAPPER', 'USER MAPPING']);
const OF_TYPES = new Set(['OPERATOR', 'OPERATOR CLASS', 'OPERATOR FAMILY', 'CAST', 'TRANSFORM']);

const MULTIRANGE = /^\s*multirange_type_name = (.*?),?$/m;

/** The names under which a support object is spoken of. */
function namesOf({ subject, statements }: SupportObject): string[] {
  if (subject.of !== 'object' && subject.of !== 'relation') return [];
  const names = [displayName(subject.schema, subject.name)];
  for (const { statement } of statements) {
    const [schema, , name] = [...tokensOf(MULTIRANGE.exec(statement.text)?.[1] ?? '')];
    if (schema?.kind === 'name' && name?.kind === 'name') names.push(displayName(schema.text, name.text));
  }
  return names;
}

function isNeeded(object: SupportObject, mentions: Mentions, types: Set<string>): boolean {
  const { subject } = object;
  if (subject.of === 'schema') return mentions.schemas.has(subject.name);
  if (namesOf(object).some((name) => mentions.pairs.has(name))) return true;
  const type = subject.of === 'global' || subject.of === 'object' ? subject.type : '';
  if (ALWAYS.has(type)) return true;
  if (subject.of === 'global' && BY_NAME.has(type)) return mentions.names.has(subject.name);
  if (type === 'ROUTINE' && 'schema' in subject) return mentions.words.has(subject.name.toLowerCase());
  if (type === 'OPERATOR' && 'schema' in subject && mentions.operators.has(subject.schema)) return true;
  if (!OF_TYPES.has(type)) return false;
  const own = new Mentions();
  for (const statement of object.statements) own.add(statement);
  return [...own.pairs].some((pair) => types.has(pair));
}

/** A routine is known by its arguments as ALTER … OWNER, GRANT and COMMENT write them: without defaults. */
function signaturesOf(statements: OutlinedStatement[]): Map<DumpEntry, string> {
  const signatures = new Map<DumpEntry, string>();
  for (const { statement, subject, creates } of statements) {
    if (subject.of !== 'object' || subject.signature === null || creates || !statement.entry) continue;
    if (statement.text.startsWith('ALTER ')) signatures.set(statement.entry, subject.signature);
  }
  return signatures;
}

function keyOf({ statement, subject }: OutlinedStatement, signatures: Map<DumpEntry, string>): string {
  switch (subject.of) {
    case 'setting':
      return 'setting';
    case 'schema':
      return `schema ${subject.name}`;
    case 'global':
      return `${subject.type} ${subject.name}`;
    case 'object': {
      const signature = (statement.entry && signatures.get(statement.entry)) ?? subject.signature;
      return `${subject.type} ${signature ?? displayName(subject.schema, subject.name)}`;
    }
    default:
      return `relation ${displayName(subject.schema, subject.name)}`;
  }
}

/** Puts statements that are about one object together; without those that no statement of the dump makes. */
export function objectsOf(statements: OutlinedStatement[]): SupportObject[] {
  const signatures = signaturesOf(statements);
  const objects = new Map<string, SupportObject>();
  for (const statement of statements) {
    const key = keyOf(statement, signatures);
    const object = objects.get(key);
    if (object) object.statements.push(statement);
    else objects.set(key, { key, subject: statement.subject, statements: [statement] });
  }
  return [...objects.values()].filter((object) => object.statements.some(({ creates }) => creates));
}

const typeOf = ({ subject }: OutlinedStatement): string[] =>
  subject.of === 'object' && subject.type === 'TYPE' ? [displayName(subject.schema, subject.name)] : [];

/**
 * Those of the candidates that the chosen statements may need, and what these need in turn. Found by the names that the
 * statements mention, and by the words of function bodies: rather one too many than one too few.
 */
export function neededSupport(chosen: OutlinedStatement[], candidates: SupportObject[]): SupportObject[] {
  const mentions = new Mentions();
  for (const statement of chosen) mentions.add(statement);
  const types = new Set(chosen.flatMap(typeOf));
  const needed = new Set<SupportObject>();
  for (let found = true; found;) {
    found = false;
    for (const object of candidates) {
      if (needed.has(object) || !isNeeded(object, mentions, types)) continue;
      found = true;
      needed.add(object);
      for (const statement of object.statements) mentions.add(statement);
      if (object.subject.of === 'object' && object.subject.type === 'TYPE') {
        for (const name of namesOf(object)) types.add(name);
      }
    }
  }
  return [...needed];
}
