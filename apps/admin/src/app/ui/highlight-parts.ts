/** A stretch of a text, and whether a search found it. */
export interface HighlightPart {
  text: string;
  hit: boolean;
}

/** The words of a search, in small letters. */
export const wordsOf = (search: string): string[] =>
  search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');

/** Cuts a text where words of a search are in it, whatever their case; hits that touch are one. */
export function highlightParts(text: string, words: readonly string[]): HighlightPart[] {
  const lower = text.toLowerCase();
  // Some letters become two when they are small: places would not fit the text any more.
  if (words.length === 0 || lower.length !== text.length) return [{ text, hit: false }];
  const hits = new Array<boolean>(text.length).fill(false);
  for (const word of words.filter((one) => one !== '')) {
    for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + 1)) hits.fill(true, at, at + word.length);
  }
  const parts: HighlightPart[] = [];
  for (let from = 0, to = 0; from < text.length; from = to) {
    const hit = hits[from] ?? false;
    while (to < text.length && hits[to] === hit) to += 1;
    parts.push({ text: text.slice(from, to), hit });
  }
  return parts;
}
