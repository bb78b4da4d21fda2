import type { BackupStatus, Component, VerifyLevel } from '@holdfast/contracts';
import {
  mdiCloudOutline,
  mdiCogOutline,
  mdiDatabaseOutline,
  mdiFolderMultipleImage,
  mdiFunctionVariant,
} from '@mdi/js';
import type { Schemas } from '../ui/api.ts';
import type { Choice } from '../ui/choice-chips.ts';
import { formatBytes } from '../ui/format.ts';
import type { Tone } from '../ui/status-chip.ts';
import { VERDICT_WORDS } from '../ui/verdict-words.ts';
import type { BackupFilters, BackupKind, BackupSort, Proof } from './backup-filters.ts';

type Backup = Schemas['Backup'];

const STATUS_LABELS: Record<BackupStatus, string> = {
  ...{ complete: 'Complete', damaged: 'Damaged', expiring: 'Being removed' },
};
export const STATUS_CHOICES: Choice<BackupStatus>[] = (['complete', 'damaged', 'expiring'] as const).map((value) => ({
  ...{ value, label: STATUS_LABELS[value] },
}));

const PROOF_LABELS: Record<Proof, string> = {
  ...{ proven: 'Proven', unproven: 'Not proven', damaged: 'Damaged or different' },
};
export const PROOF_CHOICES: Choice<Proof>[] = (['proven', 'unproven', 'damaged'] as const).map((value) => ({
  ...{ value, label: PROOF_LABELS[value] },
}));

const KIND_LABELS: Record<BackupKind, string> = { full: 'Full' };
export const KIND_CHOICES: Choice<BackupKind>[] = [{ value: 'full', label: KIND_LABELS.full }];

const COMPONENT_WORDS: Record<Component, { label: string; icon: string }> = {
  database: { label: 'Database', icon: mdiDatabaseOutline },
  storage: { label: 'Storage', icon: mdiFolderMultipleImage },
  functions: { label: 'Functions', icon: mdiFunctionVariant },
  settings: { label: 'Settings', icon: mdiCogOutline },
};
export const COMPONENT_CHOICES: Choice<Component>[] = (['database', 'storage', 'functions', 'settings'] as const).map(
  (value) => ({ value, label: COMPONENT_WORDS[value].label }),
);

/** A component's name and icon; one of a later version shows as it is. */
export const componentWords = (component: string): { label: string; icon: string } =>
  COMPONENT_WORDS[component as Component] ?? { label: component, icon: mdiCloudOutline };

export const SORT_LABELS: Record<BackupSort, string> = {
  ...{ '-takenAt': 'Newest first', takenAt: 'Oldest first', name: 'Name, A to Z', '-name': 'Name, Z to A' },
  ...{ '-sizeBytes': 'Largest first', sizeBytes: 'Smallest first' },
  ...{ '-storedBytes': 'Most added first', storedBytes: 'Least added first' },
};

export const LEVEL_WORDS: Record<VerifyLevel, { label: string; does: string }> = {
  presence: { label: 'Presence', does: 'Every stored file is there and as long as it should be.' },
  checksum: { label: 'Checksums', does: 'Every stored byte is read and is what was written.' },
  content: { label: 'Contents', does: 'Everything is opened, and its rows are counted and compared.' },
  restore: { label: 'Trial restore', does: 'It is restored into a scratch database and compared with the source.' },
};

type Proved = Pick<Backup, 'status' | 'verdict' | 'verifiedLevel' | 'provenAt'>;

/** How sure it is that a backup can be given back, in words. A proof outlasts a later look that went less far. */
export function proofOf({ status, verdict, verifiedLevel, provenAt }: Proved): { label: string; tone: Tone } {
  if (status === 'expiring') return { label: STATUS_LABELS.expiring, tone: 'neutral' };
  if (verdict === 'damaged' || verdict === 'different') return VERDICT_WORDS[verdict];
  if (status === 'damaged') return { label: STATUS_LABELS.damaged, tone: 'danger' };
  if (verifiedLevel === 'restore' && verdict !== null) return VERDICT_WORDS[verdict];
  if (provenAt !== null) return VERDICT_WORDS.proven;
  if (verdict === null || verifiedLevel === null) return { label: 'Never verified', tone: 'neutral' };
  return { label: `${LEVEL_WORDS[verifiedLevel].label} good`, tone: 'neutral' };
}

/** One filter that is on, and what is changed to take it off. */
export interface ActiveFilter {
  label: string;
  off: Partial<BackupFilters>;
}

/** Names of what the filters know by id. */
type NameOf = (id: string) => string | undefined;

/** Every filter that is on, one by one, in words. */
export function activeFilters(filters: BackupFilters, nameOf: NameOf): ActiveFilter[] {
  const { search, status, proof, kind, components, tags, environmentId, repositoryId, minSize, maxSize, from, to } =
    filters;
  const without = <T>(list: readonly T[], one: T): T[] => list.filter((other) => other !== one);
  const when = <T>(value: T | null, say: (value: T) => ActiveFilter): ActiveFilter[] =>
    value === null || value === '' ? [] : [say(value)];
  return [
    ...when(search, (text) => ({ label: `“${text}”`, off: { search: '' } })),
    ...when(environmentId, (id) => ({ label: `Environment ${nameOf(id) ?? '…'}`, off: { environmentId: null } })),
    ...status.map((one) => ({ label: STATUS_LABELS[one], off: { status: without(status, one) } })),
    ...proof.map((one) => ({ label: PROOF_LABELS[one], off: { proof: without(proof, one) } })),
    ...kind.map((one) => ({ label: KIND_LABELS[one], off: { kind: without(kind, one) } })),
    ...components.map((one) => ({
      ...{ label: `With ${componentWords(one).label.toLowerCase()}`, off: { components: without(components, one) } },
    })),
    ...tags.map((tag) => ({ label: `Tag ${tag}`, off: { tags: without(tags, tag) } })),
    ...when(minSize, (bytes) => ({ label: `At least ${formatBytes(bytes)}`, off: { minSize: null } })),
    ...when(maxSize, (bytes) => ({ label: `At most ${formatBytes(bytes)}`, off: { maxSize: null } })),
    ...when(from, (day) => ({ label: `From ${formatDay(day)}`, off: { from: null } })),
    ...when(to, (day) => ({ label: `Until ${formatDay(day)}`, off: { to: null } })),
    ...when(repositoryId, (id) => ({ label: `Repository ${nameOf(id) ?? '…'}`, off: { repositoryId: null } })),
  ];
}

// A day is the same wherever it is read.
const formatDay = (day: string): string =>
  new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' }).format(Date.parse(day));
