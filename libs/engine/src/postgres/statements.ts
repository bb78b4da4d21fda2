/** What pg_dump says of an object in the comment above its statements. */
export interface DumpEntry {
  name: string;
  type: string;
  schema: string | null;
}

/** One statement of a dump, with the object it belongs to; null for the settings at the top. */
export interface Statement {
  text: string;
  entry: DumpEntry | null;
  /** Line in the text where it begins, from 1. */
  line: number;
}

const HEADER = /^-- (?:Data for )?Name: (.*); Type: (.*); Schema: (.*); Owner: ?(.*)$/;

function headerOf(comment: string): DumpEntry | null {
  const match = HEADER.exec(comment);
  if (!match) return null;
  const [, name = '', type = '', schema = ''] = match;
  return { name, type, schema: schema === '-' ? null : schema };
}

const isWord = (char: string | undefined): boolean => char !== undefined && /[A-Za-z0-9_$\u0080-\uffff]/.test(char);

/**
 * Splits the SQL that pg_dump writes into statements, as psql does: quotes, dollar quotes, comments, parentheses and
 * `BEGIN ATOMIC` bodies are seen through. A comment counts as a header only outside of all of them.
 */
class Splitter {
  private readonly sql: string;
  private at = 0;
  private line = 1;
  private lineAt = 0;
  private parens = 0;
  private words: string[] = [];
  private atomic = 0;
  private entry: DumpEntry | null = null;

  constructor(sql: string) {
    this.sql = sql;
  }

  *statements(): Generator<Statement> {
    let start = -1;
    while (this.at < this.sql.length) {
      const char = this.sql[this.at];
      if (start < 0 && char === '-' && this.sql[this.at + 1] === '-') this.readHeader();
      else if (start < 0 && char !== undefined && /\s/.test(char)) this.at++;
      else {
        if (start < 0) start = this.at;
        if (this.step(char)) {
          yield { text: this.sql.slice(start, this.at), entry: this.entry, line: this.lineOf(start) };
          start = -1;
          this.words = [];
          this.atomic = 0;
        }
      }
    }
    if (start >= 0) yield { text: this.sql.slice(start), entry: this.entry, line: this.lineOf(start) };
  }

  private lineOf(position: number): number {
    for (let next = this.sql.indexOf('\n', this.lineAt); next >= 0 && next < position;) {
      this.line++;
      this.lineAt = next + 1;
      next = this.sql.indexOf('\n', this.lineAt);
    }
    return this.line;
  }

  private readHeader(): void {
    const end = this.endOfLine();
    const found = headerOf(this.sql.slice(this.at, end));
    if (found) this.entry = found;
    this.at = end;
  }

  private endOfLine(): number {
    const end = this.sql.indexOf('\n', this.at);
    return end < 0 ? this.sql.length : end;
  }

  /** Moves past one token; true when it ended the statement. */
  private step(char: string | undefined): boolean {
    if (char === "'") this.skipString(false);
    else if (char === '"') this.skipTo('"', '""');
    else if (char === '$' && !isWord(this.sql[this.at - 1])) this.skipDollar();
    else if (char === '-' && this.sql[this.at + 1] === '-') this.at = this.endOfLine();
    else if (char === '/' && this.sql[this.at + 1] === '*') this.skipBlockComment();
    else if (isWord(char)) this.readWord();
    else {
      this.at++;
      if (char === '(') this.parens++;
      else if (char === ')') this.parens = Math.max(0, this.parens - 1);
      return char === ';' && this.parens === 0 && this.atomic === 0;
    }
    return false;
  }

  private skipTo(close: string, escaped: string): void {
    this.at++;
    for (;;) {
      const end = this.sql.indexOf(close, this.at);
      if (end < 0) {
        this.at = this.sql.length;
        return;
      }
      this.at = end + 1;
      if (!this.sql.startsWith(escaped, end)) return;
      this.at = end + escaped.length;
    }
  }

  private skipString(backslashes: boolean): void {
    if (!backslashes) {
      this.skipTo("'", "''");
      return;
    }
    for (this.at++; this.at < this.sql.length; this.at++) {
      const char = this.sql[this.at];
      if (char === '\\') this.at++;
      else if (char === "'" && this.sql[this.at + 1] === "'") this.at++;
      else if (char === "'") break;
    }
    this.at++;
  }

  private skipDollar(): void {
    const tag = /^\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/.exec(
      this.sql.slice(this.at, this.at + 80),
    );
    if (!tag) {
      this.at++;
      return;
    }
    const end = this.sql.indexOf(tag[0], this.at + tag[0].length);
    this.at = end < 0 ? this.sql.length : end + tag[0].length;
  }

  private skipBlockComment(): void {
    let depth = 0;
    do {
      if (this.sql.startsWith('/*', this.at)) {
        depth++;
        this.at += 2;
      } else if (this.sql.startsWith('*/', this.at)) {
        depth--;
        this.at += 2;
      } else this.at++;
    } while (depth > 0 && this.at < this.sql.length);
  }

  private readWord(): void {
    const start = this.at;
    while (isWord(this.sql[this.at])) this.at++;
    const word = this.sql.slice(start, this.at).toUpperCase();
    if (word === 'E' && this.sql[this.at] === "'") {
      this.skipString(true);
      return;
    }
    if (this.words.length < 4) this.words.push(word);
    if (!this.definesRoutine() || this.parens > 0) return;
    // CASE … END nests inside a body, as do inner BEGIN … END
    if (word === 'BEGIN' || (this.atomic > 0 && word === 'CASE')) this.atomic++;
    else if (word === 'END' && this.atomic > 0) this.atomic--;
  }

  private definesRoutine(): boolean {
    const [first, second, third, fourth] = this.words;
    const kind = second === 'OR' && third === 'REPLACE' ? fourth : second;
    return first === 'CREATE' && (kind === 'FUNCTION' || kind === 'PROCEDURE');
  }
}

export const splitStatements = (sql: string): Generator<Statement> => new Splitter(sql).statements();
