/** Numbers, sizes and times in the reader's locale. Pure, so that specs can choose the locale. */

const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const;
const KILO = 1000;
/** 0.29 * 100 is a little less than 29. */
const ROUNDING = 1e-9;

const cache = new Map<string, Intl.NumberFormat>();

/** Making a formatter costs far more than using one. */
function numberFormat(locale: string | undefined, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale ?? ''} ${JSON.stringify(options)}`;
  const present = cache.get(key);
  if (present) return present;
  const made = new Intl.NumberFormat(locale, options);
  cache.set(key, made);
  return made;
}

/** Digits in the locale's manner: 1,234,567. */
export const formatNumber = (value: number, locale?: string): string =>
  numberFormat(locale, { maximumFractionDigits: 0 }).format(value);

/** A share between 0 and 1: 42%. Never 100% before the end. */
export function formatPercent(share: number, locale?: string): string {
  const shown = share >= 1 ? 1 : Math.min(Math.floor(Math.max(share, 0) * 100 + ROUNDING) / 100, 0.99);
  return numberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }).format(shown);
}

/** A size in decimal units with three digits that mean something: 1.23 GB. */
export function formatBytes(bytes: number, locale?: string): string {
  let unit = 0;
  let value = bytes;
  // What would be rounded to 1000 of a unit is 1 of the next.
  while (Number(value.toPrecision(3)) >= KILO && unit < BYTE_UNITS.length - 1) {
    value /= KILO;
    unit += 1;
  }
  const digits = unit === 0 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 };
  const options = { style: 'unit', unit: BYTE_UNITS[unit], unitDisplay: unit === 0 ? 'long' : 'short' } as const;
  return together(numberFormat(locale, { ...options, ...digits }).format(value));
}

/** A number and its unit do not part at the end of a line. */
const together = (text: string): string => text.replaceAll(' ', '\u00a0');

/** A short length of time with two digits that mean something: 3.4 ms. */
export const formatMilliseconds = (milliseconds: number, locale?: string): string =>
  numberFormat(locale, {
    ...{ style: 'unit', unit: 'millisecond', unitDisplay: 'short', maximumSignificantDigits: 2 },
  } as Intl.NumberFormatOptions).format(milliseconds);

const DURATION_UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

/** A length of time in its two largest units: 1 hr 5 min. Under ten seconds with one decimal where there is one. */
export function formatDuration(seconds: number, locale?: string): string {
  const unitOf = (unit: string, value: number, digits = 0): string =>
    numberFormat(locale, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: digits }).format(value);
  if (seconds < 10) return unitOf('second', Math.max(seconds, 0), 1);
  let rest = Math.round(seconds);
  const parts: string[] = [];
  for (const [unit, size] of DURATION_UNITS) {
    const count = Math.floor(rest / size);
    if (count === 0 && parts.length === 0) continue;
    rest -= count * size;
    if (count > 0) parts.push(unitOf(unit, count));
    // The second unit, also where it is zero: never an hour and some seconds.
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break;
  }
  return parts.join(' ');
}

/** An instant as distance from `now`: 5 minutes ago, in 2 days, now. */
export function formatRelative(at: number, now: number, locale?: string): string {
  const seconds = (at - now) / 1000;
  const [unit, size] = DURATION_UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  const far = unit === 'day' && Math.abs(seconds) >= 60 * 86_400;
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  return far
    ? relative.format(Math.trunc(seconds / (30 * 86_400)), 'month')
    : relative.format(Math.trunc(seconds / size), unit);
}

/** An instant in full, with its time zone. */
export const formatInstant = (at: number, locale?: string, timeZone?: string): string =>
  new Intl.DateTimeFormat(locale, {
    ...{ dateStyle: 'medium', timeStyle: 'long', ...(timeZone !== undefined && { timeZone }) },
  } as Intl.DateTimeFormatOptions).format(at);

/** The time of day with seconds; for rows of a log. */
export const formatClock = (at: number, locale?: string, timeZone?: string): string =>
  new Intl.DateTimeFormat(locale, {
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', ...(timeZone !== undefined && { timeZone }) },
  } as Intl.DateTimeFormatOptions).format(at);
