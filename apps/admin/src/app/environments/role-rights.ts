import type { Schemas } from '../ui/api.ts';

/** What a role may do that matters to backups and restores, in words; a superuser may do all of it. */
export function roleRights(role: Schemas['ProbeReport']['role']): string {
  if (role.superuser) return 'superuser';
  const rights = [
    ...(role.bypassRls ? ['sees past row-level security'] : ['is bound by row-level security']),
    ...(role.createDatabase ? ['may create databases'] : ['may not create databases']),
    ...(role.replication ? ['may replicate'] : []),
  ];
  return rights.join(', ');
}
