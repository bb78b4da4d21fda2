import { formatNumber } from '../ui/format.ts';
import type { AuditEntry } from './audit.store.ts';

type Told = Pick<AuditEntry, 'before' | 'after'>;

/** The first of these fields that is told, as it became before as it was. */
function textIn({ before, after }: Told, fields: readonly string[]): string | null {
  for (const told of [after, before]) {
    for (const field of fields) {
      const text = told?.[field];
      if (typeof text === 'string' && text !== '') return text;
    }
  }
  return null;
}

/** The environment that an entry is about or in, by the name that it had then; null where the entry does not tell it. */
export const environmentIn = (entry: Told): string | null => textIn(entry, ['environmentName']);

/** What an entry is about, by the name that it had then; null where the entry does not tell one. */
export const nameIn = (entry: Told): string | null =>
  textIn(entry, ['name', 'email', 'backupName']) ?? environmentIn(entry) ?? countIn(entry);

/** The same, with the environment that it is in: names of backups are not alone. */
export function subjectIn(entry: Told): string | null {
  const [name, environment] = [nameIn(entry), environmentIn(entry)];
  return name === null || environment === null || name === environment ? name : `${name} · ${environment}`;
}

/** Of what was done to many at once, how many. */
function countIn({ after }: Told): string | null {
  const count = after?.['operations'];
  if (typeof count !== 'number') return null;
  return count === 1 ? '1 operation' : `${formatNumber(count)} operations`;
}

/** Where the console shows what an entry names: only what is still there, and has a page. */
export function pageOf({ action, resourceKind, resourceId }: AuditEntry): string[] | null {
  const place = PAGES[resourceKind];
  return place === undefined || resourceId === null || action.endsWith('.deleted') ? null : [place, resourceId];
}

const PAGES: Record<string, string> = {
  environment: '/environments',
  repository: '/repositories',
  backup: '/backups',
  operation: '/operations',
};
