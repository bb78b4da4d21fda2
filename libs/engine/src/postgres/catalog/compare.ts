import type { Difference } from '@holdfast/contracts';
import { acrossMajors, MAJOR_KIND } from './across-majors.ts';
import type { Catalog, CatalogEntry } from './entry.ts';

const key = ({ kind, subject }: { kind: string; subject: string }): string => `${kind} ${subject}`;
const byKey = (catalog: Catalog): Map<string, CatalogEntry> => new Map(catalog.map((entry) => [key(entry), entry]));

/** In characters; a report is read by people and crosses Temporal. */
const LONGEST_TOLD = 4_000;
/** Definitions may hold tokens (arguments of webhook triggers) and URLs with passwords; a report must not. */
const SECRETS = /\beyJ[\w-]+\.[\w.-]+|(?<=\bBearer )[^\s"'\\]+|(?<=:\/\/[^\s:@/'"]*:)[^\s@'"]+(?=@)/g;
const cut = (text: string): string => {
  const told = text.replaceAll(SECRETS, '[hidden]');
  return told.length > LONGEST_TOLD ? `${told.slice(0, LONGEST_TOLD)}…` : told;
};

/** The lines in which two definitions differ: what both begin and end with alike is cut away. */
const differingLines = (expected: string, found: string): [string, string] => {
  const a = expected.split('\n');
  const b = found.split('\n');
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const told = (lines: string[]): string => cut(lines.slice(start, lines.length - end).join('\n'));
  return [told(a), told(b)];
};

const privileges = (list: string | undefined): Set<string> =>
  new Set((list ?? '').split(', ').filter((word) => word !== '' && word !== 'none'));

/** `SELECT, INSERT*; by default SELECT` as two sets; a grant option counts as a privilege of its own. */
const parseGrant = (definition: string): { held: Set<string>; byDefault: Set<string> } => {
  const [held, byDefault] = definition.split('; by default ');
  const expand = (list: string | undefined) =>
    new Set([...privileges(list)].flatMap((word) => (word.endsWith('*') ? [word, word.slice(0, -1)] : [word])));
  return { held: expand(held), byDefault: expand(byDefault) };
};

/** An absent entry means that the grantee holds what the object gives by itself. */
const widened = (expected: CatalogEntry | undefined, found: CatalogEntry | undefined): boolean => {
  const before = expected ? parseGrant(expected.definition) : undefined;
  const after = found ? parseGrant(found.definition) : undefined;
  const allowed = before?.held ?? after?.byDefault ?? new Set<string>();
  const held = after?.held ?? before?.byDefault ?? new Set<string>();
  return [...held].some((privilege) => !allowed.has(privilege));
};

const securityLines = (definition: string): string[] => definition.split('\narguments (', 1)[0]?.split('\n') ?? [];
/** A function that runs with its owner's rights, on either side, and another header than before. */
const functionShrank = (expected: CatalogEntry, found: CatalogEntry): boolean => {
  const before = securityLines(expected.definition);
  const after = securityLines(found.definition);
  const definer = before.includes('security definer') || after.includes('security definer');
  return (
    (definer && before.join('\n') !== after.join('\n')) ||
    (after.includes('leakproof') && !before.includes('leakproof'))
  );
};

const GUARDS_OF_VIEWS = /^with security_(?:invoker|barrier)=(?:true|on|1|yes)$/;
const viewShrank = (expected: CatalogEntry, found: CatalogEntry): boolean => {
  const kept = new Set(found.definition.split('\n'));
  return expected.definition.split('\n').some((line) => GUARDS_OF_VIEWS.test(line) && !kept.has(line));
};

const shrank = (expected: CatalogEntry | undefined, found: CatalogEntry | undefined): boolean => {
  if (!(expected ?? found)?.protection) return false;
  switch ((expected ?? found)?.kind) {
    case 'row security': {
      const kept = new Set(found?.definition.split(', '));
      return expected !== undefined && expected.definition.split(', ').some((flag) => !kept.has(flag));
    }
    case 'policy':
      return expected !== undefined || found?.definition.startsWith('permissive') === true;
    case 'grant':
    case 'default privileges':
      return widened(expected, found);
    case 'function':
    case 'procedure':
      return expected !== undefined && found !== undefined && functionShrank(expected, found);
    case 'view':
      return expected !== undefined && found !== undefined && viewShrank(expected, found);
    case 'security label':
      return expected !== undefined;
    default:
      return expected !== undefined && found !== undefined;
  }
};

/** Whether two definitions say the same: column orders by the columns that both have, unreadable values as unknown. */
const equal = (expected: CatalogEntry, found: CatalogEntry): boolean => {
  if (expected.definition === found.definition) return true;
  if (expected.kind === 'column order') {
    const before = JSON.parse(expected.definition) as string[];
    const after = JSON.parse(found.definition) as string[];
    const both = new Set(before.filter((name) => after.includes(name)));
    const order = (names: string[]) => JSON.stringify(names.filter((name) => both.has(name)));
    return order(before) === order(after);
  }
  const unknown = expected.definition.endsWith('unreadable') || found.definition.endsWith('unreadable');
  return unknown && (expected.kind === 'sequence value' || expected.kind === 'large object');
};

/** An owned sequence has no owner entry and a table of one column no order; the sequence and the columns tell of it. */
const TOLD_ELSEWHERE = new Set(['column order', 'owner', MAJOR_KIND]);

/** The entries of `own` that `other` lacks; without those whose carrier it lacks too. */
const additional = (own: Map<string, CatalogEntry>, other: Map<string, CatalogEntry>): CatalogEntry[] =>
  [...own].flatMap(([name, entry]) => {
    const toldByCarrier = entry.of !== undefined && own.has(entry.of) && !other.has(entry.of);
    return other.has(name) || toldByCarrier || TOLD_ELSEWHERE.has(entry.kind) ? [] : [entry];
  });

/**
 * What `found` lacks, has too much or has otherwise than `expected`, sorted by kind and subject. What belongs to a
 * missing or additional thing is not told beside it; between different major versions, neither is what they merely word
 * differently. `protection` is true where less is protected than was expected.
 */
export const compareCatalogs = (expected: Catalog, found: Catalog): Difference[] => {
  const before = byKey(expected);
  const after = byKey(found);
  const differences: Difference[] = [
    ...additional(before, after).map((entry) => ({
      ...{ kind: entry.kind, subject: entry.subject, protection: shrank(entry, undefined) },
      ...{ expected: cut(entry.definition), found: null },
    })),
    ...additional(after, before).map((entry) => ({
      ...{ kind: entry.kind, subject: entry.subject, protection: shrank(undefined, entry) },
      ...{ expected: null, found: cut(entry.definition) },
    })),
  ];
  const majors = [before, after].map((side) => side.get(`${MAJOR_KIND} postgres`)?.definition);
  const oneMajor = majors[0] === majors[1] || majors.includes(undefined);
  for (const [name, entry] of before) {
    const match = after.get(name);
    if (match === undefined || entry.kind === MAJOR_KIND || equal(entry, match)) continue;
    if (!oneMajor && acrossMajors(entry) === acrossMajors(match)) continue;
    const [a, b] = differingLines(entry.definition, match.definition);
    const { kind, subject } = entry;
    differences.push({ kind, subject, expected: a, found: b, protection: shrank(entry, match) });
  }
  return differences.sort((a, b) => (key(a) < key(b) ? -1 : 1));
};
