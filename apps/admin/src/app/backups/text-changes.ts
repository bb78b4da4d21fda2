import type { Schemas } from '../ui/api.ts';

/** What people write on a backup. */
export type BackupTexts = Pick<Schemas['Backup'], 'name' | 'description' | 'tags'>;

const LABELS = { name: 'Name', description: 'Description', tags: 'Tags' } as const;

/** One text that is another than before, as it is shown. */
export interface TextChange {
  field: keyof BackupTexts;
  label: string;
  before: string;
  after: string;
}

const shown = (value: string | string[]): string => [value].flat().join(', ') || '(none)';

/** What is different, field by field. */
export const textChanges = (before: BackupTexts, after: BackupTexts): TextChange[] =>
  (['name', 'description', 'tags'] as const)
    .map((field) => ({ field, label: LABELS[field], before: shown(before[field]), after: shown(after[field]) }))
    .filter((change) => change.before !== change.after);

/** Only what is different: what somebody else writes elsewhere meanwhile stays. */
export const changedTexts = (before: BackupTexts, after: BackupTexts): Partial<BackupTexts> =>
  Object.fromEntries(textChanges(before, after).map(({ field }) => [field, after[field]]));
