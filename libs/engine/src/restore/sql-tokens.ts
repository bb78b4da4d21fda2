/** `name`: a quoted identifier, without its quotes; `text`: a string or a dollar-quoted body, without its quotes. */
export interface Token {
  kind: 'name' | 'word' | 'text' | 'symbol';
  text: string;
  /** Place in the statement: first character, and the one after the last. */
  start: number;
  end: number;
}

const SPACE = /\s+/y;
const WORD = /[A-Za-z0-9_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const NAME = /"((?:[^"]|"")*)"/y;
const STRING = /'((?:[^']|'')*)'/y;
const ESCAPED = /[Ee]'((?:[^'\\]|''|\\[\s\S])*)'/y;
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const COMMENT = /--[^\n]*|\/\*[\s\S]*?\*\//y;

function matchAt(pattern: RegExp, sql: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(sql);
}

function readToken(sql: string, at: number): Token {
  const token = (kind: Token['kind'], text: string, end: number): Token => ({ kind, text, start: at, end });
  const name = matchAt(NAME, sql, at);
  if (name) return token('name', (name[1] ?? '').replaceAll('""', '"'), at + name[0].length);
  const string = matchAt(STRING, sql, at);
  if (string) return token('text', (string[1] ?? '').replaceAll("''", "'"), at + string[0].length);
  const escaped = matchAt(ESCAPED, sql, at);
  if (escaped) {
    const plain = (escaped[1] ?? '').replaceAll("''", "'").replaceAll(/\\([\s\S])/g, '$1');
    return token('text', plain, at + escaped[0].length);
  }
  const tag = matchAt(DOLLAR, sql, at)?.[0];
  const close = tag === undefined ? -1 : sql.indexOf(tag, at + tag.length);
  if (tag !== undefined && close >= 0) return token('text', sql.slice(at + tag.length, close), close + tag.length);
  const word = matchAt(WORD, sql, at)?.[0];
  return word === undefined ? token('symbol', sql[at] ?? '', at + 1) : token('word', word, at + word.length);
}

/** The tokens of SQL as pg_dump writes it: quoted identifiers and strings are one token each, comments are none. */
export function* tokensOf(sql: string): Generator<Token> {
  for (let at = 0; at < sql.length;) {
    const skipped = matchAt(SPACE, sql, at) ?? matchAt(COMMENT, sql, at);
    if (skipped) {
      at += skipped[0].length;
      continue;
    }
    const token = readToken(sql, at);
    yield token;
    at = token.end;
  }
}

/** A name within a schema. */
export interface QualifiedName {
  schema: string;
  name: string;
}

/** Walks over the tokens of one statement; what it looks for with `skipTo` must stand outside parentheses. */
export class TokenWalk {
  readonly tokens: Token[];
  private at = 0;

  constructor(sql: string) {
    this.tokens = [...tokensOf(sql)];
  }

  get next(): Token | undefined {
    return this.tokens[this.at];
  }

  /** Words up to the next token of another kind, in upper case. */
  words(): string[] {
    const words: string[] = [];
    for (let token = this.next; token?.kind === 'word'; token = this.next) {
      words.push(token.text.toUpperCase());
      this.at++;
    }
    return words;
  }

  /** Goes past these words if they come next. */
  take(...words: string[]): boolean {
    const there = words.every((word, index) => {
      const token = this.tokens[this.at + index];
      return token?.kind === 'word' && token.text.toUpperCase() === word;
    });
    if (there) this.at += words.length;
    return there;
  }

  /** Goes past the first such word that stands outside parentheses; false: there is none. */
  skipTo(word: string): boolean {
    let depth = 0;
    for (; this.at < this.tokens.length; this.at++) {
      const token = this.tokens[this.at];
      if (token?.kind === 'symbol' && token.text === '(') depth++;
      else if (token?.kind === 'symbol' && token.text === ')') depth--;
      else if (depth === 0 && this.take(word)) return true;
    }
    return false;
  }

  name(): string | null {
    const token = this.next;
    if (token?.kind !== 'name') return null;
    this.at++;
    return token.text;
  }

  /** `"schema"."name"`, or `"schema".<operator>`. */
  qualified(): QualifiedName | null {
    const schema = this.name();
    if (schema === null || !this.symbol('.')) return null;
    const name = this.name();
    if (name !== null) return { schema, name };
    let operator = '';
    for (let token = this.next; token?.kind === 'symbol' && !'(),;'.includes(token.text); token = this.next) {
      operator += token.text;
      this.at++;
    }
    return operator === '' ? null : { schema, name: operator };
  }

  symbol(text: string): boolean {
    const token = this.next;
    const there = token?.kind === 'symbol' && token.text === text;
    if (there) this.at++;
    return there;
  }

  /** Where the parenthesis that comes next is closed, exclusive; null: none comes next. */
  closingEnd(): number | null {
    if (this.next?.text !== '(') return null;
    let depth = 0;
    for (; this.at < this.tokens.length; this.at++) {
      const token = this.tokens[this.at];
      if (token?.kind !== 'symbol') continue;
      if (token.text === '(') depth++;
      else if (token.text === ')' && --depth === 0) return token.end;
    }
    return null;
  }
}

/** Reads `schema.name` as people write it, each part quoted or not; null when it is something else. */
export function parseQualified(text: string): QualifiedName | null {
  const [schema, dot, name, more] = [...tokensOf(text)];
  const isPart = (token: Token | undefined): token is Token => token?.kind === 'name' || token?.kind === 'word';
  if (!isPart(schema) || dot?.text !== '.' || !isPart(name) || more) return null;
  return { schema: schema.text, name: name.text };
}
