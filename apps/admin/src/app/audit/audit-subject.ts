import type { AuditEntry } from './audit.store.ts';

const NAMES = ['name', 'email', 'environmentName'] as const;

/** What an entry is about, by the name that it had then; null where the entry does not tell one. */
export function nameIn({ before, after }: Pick<AuditEntry, 'before' | 'after'>): string | null {
  for (const told of [after, before]) {
    for (const field of NAMES) {
      const name = told?.[field];
      if (typeof name === 'string' && name !== '') return name;
    }
  }
  return null;
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
