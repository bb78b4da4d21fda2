import type { Schemas } from '../ui/api.ts';
import type { Tone } from '../ui/status-chip.ts';

/** How a verification names one thing inside a backup. */
type Item = Pick<Schemas['BackupContent'], 'artifact' | 'comparedAs'>;

const GOOD: Record<Schemas['VerificationResult']['level'], string> = {
  ...{ presence: 'There', checksum: 'Bytes good', content: 'Rows good', restore: 'Equal' },
};

/**
 * What the last verification says about one thing inside; null where it says nothing. Its lists are cut: what they no
 * longer hold may be bad, so that nothing is called good then that is not in them.
 */
export function verdictOf(
  item: Item,
  result: Schemas['VerificationResult'] | null,
): { label: string; tone: Tone } | null {
  if (result === null) return null;
  const { level, verdict, damaged, damagedCount, differences, differenceCount, gaps } = result;
  if (damaged.some(({ artifact }) => artifact === item.artifact)) return { label: 'Damaged', tone: 'danger' };
  if (damagedCount > damaged.length) return null;
  const bytesAlone = level === 'presence' ? GOOD.presence : GOOD.checksum;
  const { comparedAs } = item;
  if (comparedAs === null) return { label: bytesAlone, tone: 'good' };
  if (level !== 'restore') return { label: GOOD[level], tone: 'good' };
  if (differences.some(({ subject }) => subject === comparedAs)) return { label: 'Different', tone: 'danger' };
  // What is damaged is not restored, and what a list has lost may be this one.
  if (verdict === 'damaged' || differenceCount > differences.length) return null;
  if (gaps.some(({ subjects }) => subjects.includes(comparedAs))) return { label: 'Not proven', tone: 'attention' };
  return { label: GOOD.restore, tone: 'good' };
}
