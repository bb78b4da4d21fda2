/** A variable of an `.env` file, as a program that is given the file sees it. */
export interface EnvVariable {
  name: string;
  value: string;
}

const NAME = /^(?:export\s+)?([A-Za-z_][\w.]*)$/;
/** `NAME=`, or `NAME: `. */
const SIGN = /=|:(?:\s|$)/;
const OPENING = /\s*(["'`])/y;
const ENDING = /[^\S\n]*(?:#.*)?(?:\n|$)/y;

/**
 * The variables of an `.env` file, read as dotenv does: a quoted value goes on over lines until its quote closes. Null:
 * one never closes, or something follows it. What lies behind it may be part of a secret then, so none of the file is
 * taken for a name.
 */
export function parseEnv(source: string): EnvVariable[] | null {
  const text = source.replaceAll(/\r\n?/g, '\n');
  const variables: EnvVariable[] = [];
  for (let at = 0; at < text.length;) {
    const end = endOfLine(text, at);
    const line = text.slice(at, end);
    const sign = line.trimStart().startsWith('#') ? -1 : line.search(SIGN);
    if (sign === -1) {
      at = end + 1;
      continue;
    }
    // a value is read to its end also behind what is no name: its lines are no names either
    const found = valueAt(text, at + sign + 1);
    if (found === null) return null;
    const name = NAME.exec(line.slice(0, sign).trim())?.[1];
    if (name !== undefined) variables.push({ name, value: found.value });
    at = found.next;
  }
  return variables;
}

interface FoundValue {
  value: string;
  /** Where the line after it begins. */
  next: number;
}

function valueAt(text: string, start: number): FoundValue | null {
  OPENING.lastIndex = start;
  const quote = OPENING.exec(text)?.[1];
  if (quote !== undefined) return quotedAt(text, quote, OPENING.lastIndex);
  const end = endOfLine(text, start);
  // only after a space: without one the parsers do not agree whether it is a comment
  const value = text.slice(start, end).replace(/\s#.*$/, '');
  return { value: value.trim(), next: end + 1 };
}

/** `start` is behind the opening quote. */
function quotedAt(text: string, quote: string, start: number): FoundValue | null {
  let close = text.indexOf(quote, start);
  while (close !== -1 && text[close - 1] === '\\') close = text.indexOf(quote, close + 1);
  ENDING.lastIndex = close + 1;
  if (close !== -1 && ENDING.test(text))
    return { value: expanded(text.slice(start, close), quote), next: ENDING.lastIndex };
  // quotes inside, as in "{"a":1}": dotenv takes the line as it stands
  const end = endOfLine(text, start);
  const line = text.slice(start, end).trimEnd();
  return line.endsWith(quote) ? { value: expanded(line.slice(0, -1), quote), next: end + 1 } : null;
}

/** Only double quotes know line breaks by their letters. */
const expanded = (value: string, quote: string): string =>
  quote === '"' ? value.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : value;

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}
