import { mdiShieldAlertOutline, mdiShieldCheckOutline, mdiShieldOffOutline } from '@mdi/js';
import type { Schemas } from '../ui/api.ts';
import { formatDuration, formatNumber, formatRelative } from '../ui/format.ts';
import type { Tone } from '../ui/status-chip.ts';

type Overview = Schemas['EnvironmentOverview'];
export type Answer = Overview['answer'];
type Attention = Overview['attention'][number];
export type Thresholds = Schemas['EnvironmentOverviewPage']['thresholds'];

/** How an answer looks; each has an icon of its own, for those who see no colour. */
export const ANSWER_LOOKS: Record<Answer, { icon: string; tone: Tone }> = {
  no: { icon: mdiShieldOffOutline, tone: 'danger' },
  unproven: { icon: mdiShieldAlertOutline, tone: 'attention' },
  yes: { icon: mdiShieldCheckOutline, tone: 'good' },
};

type Told = Pick<Overview, 'answer' | 'attention' | 'lastProven' | 'backups'>;

/** "Could I restore right now?", in one word and the reason for it. */
export function answerWords({ answer, attention, lastProven, backups }: Told, now: number, locale?: string) {
  if (answer === 'no') {
    if (attention.includes('newest-damaged')) return { word: 'No', why: 'what there is, is damaged' };
    return { word: 'No', why: backups === 0 ? 'there is no backup' : 'there is no good backup' };
  }
  if (answer === 'unproven' || lastProven === null) return { word: 'Probably', why: 'never proven' };
  return { word: 'Yes', why: `proven ${formatRelative(Date.parse(lastProven.verifiedAt), now, locale)}` };
}

/** What needs somebody, beyond what the answer itself says. */
export function attentionWords(attention: readonly Attention[], thresholds: Thresholds, locale?: string): string[] {
  const hours = formatDuration(thresholds.backupOldAfterHours * 3600, locale);
  const days = formatDuration(thresholds.proofOldAfterDays * 86_400, locale);
  const words: Record<Attention, string | null> = {
    'no-backup': null,
    'never-proven': null,
    'newest-damaged': 'The newest backup is damaged',
    'newest-unproven': 'The newest backup is not proven',
    'backup-old': `No good backup for more than ${hours}`,
    'proof-old': `No proof for more than ${days}`,
    'last-backup-failed': 'The last backup failed',
    'last-verification-failed': 'The last verification failed',
    'last-restore-failed': 'The last restore failed',
    // What is not inside has a line of its own.
    gaps: null,
  };
  return attention.flatMap((one) => words[one] ?? []);
}

/** Kinds of things that the newest good backup does not hold: "role passwords, vault keys". */
export const notInside = ({ lastBackup }: Pick<Overview, 'lastBackup'>): string[] =>
  [...new Set(lastBackup?.gapCodes)].map((code) => code.replaceAll('-', ' '));

/** All environments in one sentence. */
export function summaryOf(answers: readonly Answer[], locale?: string): string {
  const of = (answer: Answer): number => answers.filter((one) => one === answer).length;
  const [yes, unproven, no] = [of('yes'), of('unproven'), of('no')];
  const parts = [
    ...(no > 0 ? [`${formatNumber(no, locale)} could not be restored now`] : []),
    ...(unproven > 0 ? [`${formatNumber(unproven, locale)} probably, without a proof`] : []),
    ...(yes > 0 ? [`${formatNumber(yes, locale)} could, and a trial restore has proved it`] : []),
  ];
  const count = answers.length === 1 ? '1 environment' : `${formatNumber(answers.length, locale)} environments`;
  if (yes === answers.length) {
    return `${count}: ${yes === 1 ? 'it' : 'each'} could be restored now, and a trial restore has proved it.`;
  }
  return `${count}: ${parts.join('; ')}.`;
}
