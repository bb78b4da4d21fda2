import type { Verdict } from '@holdfast/contracts';
import type { Tone } from './status-chip.ts';

/** What a verification found, in words, and what that means for the reader. */
export const VERDICT_WORDS: Record<Verdict, { label: string; tone: Tone }> = {
  proven: { label: 'Proven', tone: 'good' },
  'proven-with-gaps': { label: 'Proven, with gaps', tone: 'attention' },
  damaged: { label: 'Damaged', tone: 'danger' },
  different: { label: 'Different', tone: 'danger' },
};
