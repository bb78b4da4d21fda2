import { expect, it } from 'vitest';
import { answerWords, attentionWords, notInside, summaryOf } from './answer-words.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const proven = {
  ...{ id: 'b', name: 'nightly', takenAt: '2026-11-24T08:00:00Z', seconds: 12 },
  verifiedAt: '2026-11-24T09:00:00Z',
};

it('say whether a restore would work now, and why', () => {
  const words = (answer: 'no' | 'unproven' | 'yes', attention: 'newest-damaged'[], backups: number) => {
    const told = { answer, attention, backups, lastProven: answer === 'yes' ? proven : null };
    const { word, why } = answerWords(told, NOW, 'en');
    return `${word}: ${why}`;
  };
  expect([
    words('yes', [], 3),
    words('unproven', [], 3),
    words('no', [], 0),
    words('no', [], 2),
    words('no', ['newest-damaged'], 2),
  ]).toEqual([
    'Yes: proven 3 hours ago',
    'Probably: never proven',
    'No: there is no backup',
    'No: there is no good backup',
    'No: what there is, is damaged',
  ]);
});

it('tell what needs somebody, with the age that is too old, and nothing twice', () => {
  const thresholds = { backupOldAfterHours: 48, proofOldAfterDays: 30 };
  expect(attentionWords(['never-proven', 'backup-old', 'proof-old', 'gaps'], thresholds, 'en')).toEqual([
    'No good backup for more than 2 days',
    'No proof for more than 30 days',
  ]);
});

it('name what is not inside, each kind once', () => {
  const lastBackup = {
    ...{ id: 'b', name: 'nightly', takenAt: '', verifiedLevel: null, verdict: null, gaps: 3 },
    ...{ status: 'complete' as const, gapCodes: ['role-passwords', 'vault-keys', 'vault-keys'] },
  };
  expect(notInside({ lastBackup })).toEqual(['role passwords', 'vault keys']);
  expect(notInside({ lastBackup: null })).toEqual([]);
});

it('sum up all environments, the worst first', () => {
  expect(summaryOf(['no', 'unproven', 'unproven', 'yes'], 'en')).toBe(
    '4 environments: 1 could not be restored now; 2 probably, without a proof; ' +
      '1 could, and a trial restore has proved it.',
  );
  expect([summaryOf(['yes'], 'en'), summaryOf(['yes', 'yes'], 'en')]).toEqual([
    '1 environment: it could be restored now, and a trial restore has proved it.',
    '2 environments: each could be restored now, and a trial restore has proved it.',
  ]);
});
