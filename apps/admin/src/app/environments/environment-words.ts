import type { EnvironmentKind, TlsMode } from '@holdfast/contracts';
import type { Choice } from '../ui/choice-chips.ts';
import type { Confirmation } from '../ui/confirm-dialog.ts';
import { formatNumber } from '../ui/format.ts';

export const KIND_LABELS: Record<EnvironmentKind, string> = {
  postgres: 'Postgres',
  'supabase-selfhosted': 'Supabase, self-hosted',
  'supabase-cloud': 'Supabase Cloud',
};

const KINDS = ['supabase-cloud', 'supabase-selfhosted', 'postgres'] as const;
export const KIND_CHOICES: Choice<EnvironmentKind>[] = KINDS.map((value) => ({ value, label: KIND_LABELS[value] }));

/** What each kind is, for whoever registers one. */
export const KIND_HINTS: Record<EnvironmentKind, string> = {
  postgres: 'Any database, version 15 to 18',
  'supabase-selfhosted': 'Database, storage, and functions in a directory',
  'supabase-cloud': 'Database, storage, functions and settings',
};

export const TLS_LABELS: Record<TlsMode, string> = {
  disable: 'disable: not encrypted',
  prefer: 'prefer: where possible',
  require: 'require: encrypted',
  'verify-ca': 'verify-ca: checks the CA',
  'verify-full': 'verify-full: CA and name',
};

/** What each of them protects against, in full. */
export const TLS_HINTS: Record<TlsMode, string> = {
  disable: 'Everything, the password too, crosses the network readable.',
  prefer: 'Encrypted where the server can, and readable where it cannot.',
  require: 'Always encrypted; whose server it is, is not checked.',
  'verify-ca': "Always encrypted; the server's certificate is checked.",
  'verify-full': "Always encrypted; the server's certificate and its name are checked.",
};

/** Where a database is, in one line. */
export const placeOf = ({ host, port, database }: { host: string; port: number; database: string }): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;

type Question = Pick<Confirmation, 'title' | 'text'>;

/** What removing an environment without backups does. */
export const removalWords = (name: string): Question => ({
  title: `Remove ${name}?`,
  text:
    `No backup of ${name} is kept. Holdfast forgets how it is reached, its password and keys too. The database itself is ` +
    'not touched; operations and audit entries stay.',
});

/** Why an environment with backups is not removed: the API refuses, so that no backup is of something unknown. */
export function keptWords(name: string, backups: number): Question {
  const one = backups === 1;
  const [have, are] = one
    ? ['1 backup', 'a backup of it is']
    : [`${formatNumber(backups)} backups`, 'backups of it are'];
  return {
    title: `${name} has ${have}`,
    text:
      `It cannot be removed while ${are} in the catalog. Delete ${one ? 'that' : 'them'} first: removing an environment ` +
      'deletes no backup.',
  };
}
