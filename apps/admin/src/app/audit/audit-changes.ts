/** One field of what an entry tells, as it was and as it became; null where it was not there. */
export interface FieldChange {
  field: string;
  before: string | null;
  after: string | null;
  changed: boolean;
}

type Told = Record<string, unknown> | null;

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

/** Every field of an entry, those that changed first; what lies in another is named with it: `storage buckets`. */
export function changesOf(before: Told, after: Told, instant: (at: number) => string): FieldChange[] {
  const [was, is] = [before, after].map((told) => new Map(told === null ? [] : fieldsOf(told, '', instant)));
  const fields = [...new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])];
  const changes = fields.map((field) => {
    const [old, now] = [was?.get(field) ?? null, is?.get(field) ?? null];
    // Where only one side is told, all of it is what was made or taken away: nothing stands out.
    return { field, before: old, after: now, changed: before !== null && after !== null && old !== now };
  });
  return [...changes.filter(({ changed }) => changed), ...changes.filter(({ changed }) => !changed)];
}

function fieldsOf(told: object, above: string, instant: (at: number) => string): [string, string][] {
  return Object.entries(told).flatMap(([name, value]): [string, string][] => {
    const field = above ? `${above} ${wordsOf(name)}` : wordsOf(name);
    if (isRecord(value) && Object.keys(value).length > 0) return fieldsOf(value, field, instant);
    return [[field, textOf(value, instant)]];
  });
}

/** `tlsMode` becomes "tls mode". */
const wordsOf = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function textOf(value: unknown, instant: (at: number) => string): string {
  if (value === null || value === undefined || value === '') return '—';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return INSTANT.test(value) ? instant(Date.parse(value)) : value;
  if (Array.isArray(value)) return value.length === 0 ? '—' : value.map((one) => textOf(one, instant)).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
