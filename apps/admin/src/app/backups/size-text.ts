const UNITS = ['b', 'k', 'm', 'g', 't', 'p'];
const SIZE = /^(\d+(?:[.,]\d+)?)\s*(?:([kmgtp]?)(i?)b|bytes?)?$/i;

/** What a size means that somebody typed, such as "1.5 GB" or "500"; null where it means nothing. Binary units too. */
export function sizeOf(text: string): number | null {
  const [whole, digits, unit = '', binary = ''] = SIZE.exec(text.trim()) ?? [];
  if (whole === undefined || digits === undefined) return null;
  const size = Number(digits.replace(',', '.')) * (binary ? 1024 : 1000) ** UNITS.indexOf(unit.toLowerCase() || 'b');
  return Number.isSafeInteger(Math.round(size)) ? Math.round(size) : null;
}
