import type { OperationKind, OperationTypes } from '@holdfast/contracts';
import { formatBytes, formatNumber } from '../ui/format.ts';
import type { Tone } from '../ui/status-chip.ts';
import { VERDICT_WORDS } from '../ui/verdict-words.ts';

/** One figure of a result; `list` names what it counts, as far as the result does. */
export interface Figure {
  label: string;
  value: string;
  tone?: Tone;
  list?: string[];
}

type Figures = { [K in OperationKind]: (result: OperationTypes[K]['output']) => Figure[] };

const count = (label: string, value: number | undefined): Figure[] =>
  value === undefined ? [] : [{ label, value: formatNumber(value) }];
const size = (label: string, bytes: number): Figure => ({ label, value: formatBytes(bytes) });

/** A count that should be zero; where it is not, it stands out and names what it knows. */
const flaw = (label: string, value: number, tone: Tone, list: string[]): Figure => ({
  ...{ label, value: formatNumber(value) },
  ...(value > 0 && { tone, list }),
});

const FIGURES: Figures = {
  backup: ({ tables, rows, objects, functions, sizeBytes, storedBytes, coverage }) => [
    ...count('Tables', tables),
    ...count('Rows', rows),
    ...count('Objects', objects),
    ...count('Functions', functions),
    size('Size', sizeBytes),
    size('Newly stored', storedBytes),
    flaw('Gaps', coverage.gaps.length, 'attention', gapsOf(coverage.gaps)),
  ],
  verify: ({ verdict, level, tables, rows, bytes, damaged, damagedCount, differences, differenceCount, gaps }) => [
    { label: 'Verdict', value: VERDICT_WORDS[verdict].label, tone: VERDICT_WORDS[verdict].tone },
    { label: 'Level', value: level },
    ...count('Tables', tables),
    ...count('Rows', rows),
    size('Bytes read', bytes),
    flaw(
      'Damaged',
      damagedCount,
      'danger',
      damaged.map(({ artifact, problem, cost }) => `${artifact}: ${problem}. ${cost}`),
    ),
    flaw(
      'Differences',
      differenceCount,
      'danger',
      differences.map(({ kind, subject }) => `${kind} ${subject}`),
    ),
    flaw('Gaps', gaps.length, 'attention', gapsOf(gaps)),
  ],
  restore: ({
    database,
    tables,
    rows,
    bytes,
    findings,
    overwrittenCount,
    overwritten,
    differences,
    differenceCount,
    ...more
  }) => [
    { label: 'Database', value: database },
    ...count('Tables', tables),
    ...count('Rows', rows),
    size('Bytes', bytes),
    ...count('Objects restored', more.storage?.restored),
    flaw(
      'Findings',
      findings.length,
      worst(findings),
      findings.map(({ message, hint }) => (hint ? `${message} ${hint}` : message)),
    ),
    flaw('Replaced', overwrittenCount, 'attention', overwritten),
    flaw(
      'Differences',
      differenceCount,
      'danger',
      differences.map(({ kind, subject }) => `${kind} ${subject}`),
    ),
    ...(more.keptDatabase === null ? [] : [{ label: 'Replaced database kept as', value: more.keptDatabase }]),
    ...(more.quarantine ? [quarantined(more.quarantine)] : []),
  ],
  expire: ({ removedChunks, freedBytes }) => [...count('Chunks removed', removedChunks), size('Freed', freedBytes)],
};

const gapsOf = (gaps: { code: string; reason: string }[]): string[] =>
  gaps.map(({ code, reason }) => `${code}: ${reason}`);

const worst = (findings: { severity: string }[]): Tone =>
  findings.some(({ severity }) => severity === 'blocker') ? 'danger' : 'attention';

const quarantined = ({
  count: many,
  releasedAt,
  items,
}: {
  count: number;
  releasedAt: string | null;
  items: { kind: string; name: string }[];
}): Figure => ({
  ...{ label: 'In quarantine', value: releasedAt === null ? formatNumber(many) : 'Released' },
  ...(releasedAt === null &&
    many > 0 && { tone: 'attention' as const, list: items.map(({ kind, name }) => `${kind} ${name}`) }),
});

/** What an operation gave, in figures. The API passes the result on as the worker wrote it. */
export function figuresOf<K extends OperationKind>(kind: K, result: Record<string, unknown> | null): Figure[] {
  if (result === null) return [];
  // A restore that failed after its database was in place has the report of its release alone.
  if (kind === 'restore' && !('database' in result)) return [];
  const figures: (result: OperationTypes[K]['output']) => Figure[] = FIGURES[kind];
  return figures(result as unknown as OperationTypes[K]['output']);
}
