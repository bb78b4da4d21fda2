/** The end of the quoted text that starts at `start` (a string, an E-string's quote, or an identifier), exclusive. */
const quotedEnd = (text: string, start: number): number => {
  const quote = text[start];
  const escapes = quote === "'" && /(^|[^\p{L}\p{N}_$])E$/u.test(text.slice(Math.max(0, start - 2), start));
  for (let at = start + 1; at < text.length; at++) {
    if (escapes && text[at] === '\\') at++;
    else if (text[at] === quote) {
      if (text[at + 1] !== quote) return at + 1;
      at++;
    }
  }
  return text.length;
};

/** The position of the bracket that closes the one at `start`, and the top-level commas between; null when none closes it. */
const bracketEnd = (text: string, start: number): { end: number; commas: number[] } | null => {
  const commas: number[] = [];
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === "'" || char === '"') at = quotedEnd(text, at) - 1;
    else if (char === '(' || char === '[') depth++;
    else if (char === ')' || char === ']') {
      depth--;
      if (depth === 0) return { end: at, commas };
    } else if (char === ',' && depth === 1) commas.push(at);
  }
  return null;
};

const CAST_TO_ARRAY = /::((?:"(?:[^"]|"")*"|[\p{L}\p{N}_$ .]|\(\d+(?:,-?\d+)?\))+)\[\]/uy;

const castElements = (list: string, commas: number[], type: string): string => {
  const bounds = [-1, ...commas, list.length];
  const elements = bounds.slice(1).map((end, index) => list.slice((bounds[index] ?? -1) + 1, end).trim());
  return elements
    .map((element) => {
      const inner = element.startsWith('ARRAY[') ? bracketEnd(element, 5) : null;
      if (inner && inner.end === element.length - 1) {
        const commasInside = inner.commas.map((comma) => comma - 6);
        return `ARRAY[${castElements(element.slice(6, -1), commasInside, type)}]`;
      }
      return `(${element})::${type}`;
    })
    .join(', ');
};

/** The cast of an ARRAY[…] that starts at `start`, with the cast moved into its elements; null when none starts there. */
const castArray = (text: string, start: number): { settled: string; end: number } | null => {
  if (!text.startsWith('(ARRAY[', start)) return null;
  const list = bracketEnd(text, start + 6);
  if (list === null || text[list.end + 1] !== ')') return null;
  CAST_TO_ARRAY.lastIndex = list.end + 2;
  const type = CAST_TO_ARRAY.exec(text)?.[1];
  if (type === undefined) return null;
  const end = CAST_TO_ARRAY.lastIndex;
  const first = start + 7;
  const commas = list.commas.map((comma) => comma - first);
  const elements = castElements(text.slice(first, list.end), commas, type);
  return { settled: settleExpression(`ARRAY[${elements}]`), end };
};

/**
 * Deparsed SQL in the form that it has after a dump and restore. The parser moves a cast of an ARRAY[…] into its
 * elements, so `(ARRAY['a'::character varying])::text[]` (every CHECK … IN over varchar) comes back as
 * `ARRAY[('a'::character varying)::text]`; and `(VALUES …)` comes back as `( VALUES …)`.
 */
export const settleExpression = (text: string): string => {
  if (!text.includes('(ARRAY[') && !text.includes('( ')) return text;
  let settled = '';
  for (let at = 0; at < text.length;) {
    const char = text[at] ?? '';
    const array = char === '(' ? castArray(text, at) : null;
    if (array) {
      settled += array.settled;
      at = array.end;
    } else if (char === "'" || char === '"') {
      const end = quotedEnd(text, at);
      settled += text.slice(at, end);
      at = end;
    } else {
      settled += char;
      at++;
      if (char === '(') while (text[at] === ' ') at++;
    }
  }
  return settled;
};

const STANDARD_BODY = '\nas standard sql ';

/** A function's definition with what Postgres deparsed (arguments, a standard body) settled; a body of text stands as written. */
export const settleRoutine = (definition: string): string => {
  const start = definition.search(/\nas /);
  const header = definition.slice(0, start).replace(/^(?:arguments|returns) .*$/gm, settleExpression);
  const body = definition.slice(start);
  return header + (body.startsWith(STANDARD_BODY) ? settleExpression(body) : body);
};
