import type { OperationKind, OperationStatus } from '@holdfast/contracts';
import { mdiArchiveArrowDownOutline, mdiBackupRestore, mdiDeleteSweepOutline, mdiShieldCheckOutline } from '@mdi/js';
import type { Problem } from '@holdfast/api-client';
import type { Schemas } from './api.ts';
import type { Choice } from './choice-chips.ts';
import type { Tone } from './status-chip.ts';

export const KIND_ICONS: Record<OperationKind, string> = {
  ...{ backup: mdiArchiveArrowDownOutline, verify: mdiShieldCheckOutline },
  ...{ restore: mdiBackupRestore, expire: mdiDeleteSweepOutline },
};

export const STATUS_TONES: Record<OperationStatus, Tone> = {
  ...{ pending: 'neutral', running: 'running', completed: 'good', failed: 'danger', cancelled: 'attention' },
};

const STATUS_LABELS: Record<OperationStatus, string> = {
  ...{ pending: 'Waiting', running: 'Running', completed: 'Completed', failed: 'Failed', cancelled: 'Cancelled' },
};

export const STATUS_CHOICES: Choice<OperationStatus>[] = [
  ...(['running', 'pending', 'failed', 'cancelled', 'completed'] as const).map((value) => ({
    value,
    label: STATUS_LABELS[value],
  })),
];

export const KIND_CHOICES: Choice<OperationKind>[] = [
  { value: 'backup', label: 'Backups' },
  { value: 'verify', label: 'Verifications' },
  { value: 'restore', label: 'Restores' },
  { value: 'expire', label: 'Removals' },
];

type Told = Pick<Schemas['Operation'], 'kind' | 'dryRun' | 'environmentName' | 'newDatabase'>;

/** What an operation is, in words: "Backup of demo-cloud". */
export function operationTitle({ kind, dryRun, environmentName, newDatabase }: Told): string {
  const place = environmentName ?? 'a removed environment';
  if (kind === 'backup') return `Backup of ${place}`;
  if (kind === 'verify') return `Verification of a backup of ${place}`;
  if (kind === 'expire') return `Removal of a backup of ${place}`;
  const where = newDatabase === null ? place : `${newDatabase} beside ${place}`;
  return dryRun ? `Pre-flight of a restore into ${where}` : `Restore into ${where}`;
}

/** An operation's state in a word; one that was told to stop is stopping until it has. */
export function statusLabel({ status, cancelRequestedAt }: Pick<Schemas['Operation'], 'status' | 'cancelRequestedAt'>) {
  return cancelRequestedAt !== null && status === 'running' ? 'Stopping' : STATUS_LABELS[status];
}

/** Whether it ended without having done what it was asked for. */
export const isRetryable = (operation: Pick<Schemas['Operation'], 'status'> | undefined): boolean =>
  operation?.status === 'failed' || operation?.status === 'cancelled';

/** Whether the API refuses until the target's name is typed. */
export const asksForName = (code: string | undefined): boolean =>
  code === 'restore.wrong_target' || code === 'restore.safety_backup_declined';

/** Why it failed or was cancelled, in the form that every other problem has. */
export function failureOf(operation: Pick<Schemas['Operation'], 'status' | 'error'> | undefined): Problem | null {
  if (!operation?.error) return null;
  const { code, message, hint } = operation.error;
  const title = operation.status === 'cancelled' ? 'It was cancelled' : 'It failed';
  return { type: 'about:blank', title, status: 0, code, detail: message, ...(hint !== null && { hint }) };
}
