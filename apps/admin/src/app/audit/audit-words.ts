import {
  mdiAccountOutline,
  mdiArchiveOutline,
  mdiBookmarkOutline,
  mdiHarddisk,
  mdiFileDocumentOutline,
  mdiKeyOutline,
  mdiLockOutline,
  mdiPulse,
  mdiServerOutline,
} from '@mdi/js';

/** Actions by the noun they are about, in the order of the filter. One that is not here is found by its own word. */
export const ACTIONS = {
  Backups: [
    ...['backup.started', 'backup.cancel_requested', 'backup.updated', 'backup.downloaded'],
    ...['verify.started', 'verify.cancel_requested', 'expire.started', 'expire.cancel_requested'],
  ],
  Restores: ['restore.started', 'restore.cancel_requested', 'restore.release_requested'],
  Environments: ['environment.created', 'environment.updated', 'environment.deleted'],
  Repositories: ['repository.created', 'repository.updated', 'repository.deleted'],
  Accounts: ['account.created', 'account.updated', 'account.password_changed', 'token.created', 'token.deleted'],
  'Signing in': [
    ...['auth.signed_in', 'auth.sign_in_failed', 'auth.signed_out', 'auth.signed_out_everywhere'],
    'auth.session_ended',
  ],
  Other: ['operation.cleaned', 'view.created', 'view.updated', 'view.deleted'],
};

const VERBS: Record<string, string> = {
  verify: 'Verification',
  expire: 'Removal',
  auth: 'Account',
  view: 'Saved view',
  token: 'API token',
};
const ACTION_WORDS: Record<string, string> = {
  'auth.sign_in_failed': 'Sign-in failed',
  'auth.signed_in': 'Signed in',
  'auth.signed_out': 'Signed out',
  'auth.signed_out_everywhere': 'Signed out everywhere',
  'auth.session_ended': 'Session ended',
  'operation.cleaned': 'Old operations removed',
  'restore.release_requested': 'Release of a restore asked for',
};

/** An action for people: `backup.cancel_requested` becomes "Backup cancel requested". */
export function actionLabel(action: string): string {
  const known = ACTION_WORDS[action];
  if (known !== undefined) return known;
  const [noun = '', ...rest] = action.split('.');
  const verb = rest.join(' ').replaceAll('_', ' ');
  const subject = VERBS[noun] ?? noun.charAt(0).toUpperCase() + noun.slice(1);
  return verb ? `${subject} ${verb}` : subject;
}

const KIND_ICONS: Record<string, string> = {
  ...{ account: mdiAccountOutline, backup: mdiArchiveOutline, environment: mdiServerOutline, session: mdiLockOutline },
  ...{ repository: mdiHarddisk, token: mdiKeyOutline, operation: mdiPulse, view: mdiBookmarkOutline },
};

export const iconOf = (resourceKind: string): string => KIND_ICONS[resourceKind] ?? mdiFileDocumentOutline;
