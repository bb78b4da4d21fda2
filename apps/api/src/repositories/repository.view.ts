import type { PrismaClient, Repository } from '@holdfast/prisma';
import type { RepositoryView } from './repository.dto.ts';

type Usage = RepositoryView['usage'];

/** A repository without what is in it: what the audit keeps. */
export type Registration = Omit<RepositoryView, 'usage'>;

export const registrationOf = (row: Repository): Registration => ({
  id: row.id,
  name: row.name,
  driver: row.driver,
  path: row.path,
  repositoryUid: row.repositoryUid,
  default: row.isDefault,
  version: row.version,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

/** What the catalog says is in each of the repositories, asked in one query. */
export async function usagesOf(database: PrismaClient, of: { id: string }[]): Promise<(of: { id: string }) => Usage> {
  const sums = await database.backup.groupBy({
    by: ['repositoryId'],
    where: { repositoryId: { in: of.map(({ id }) => id) } },
    _count: true,
    _sum: { storedBytes: true },
  });
  const usages = new Map<string, Usage>(
    sums.map(({ repositoryId, _count, _sum }) => [
      repositoryId,
      { backups: _count, storedBytes: Number(_sum.storedBytes ?? 0) },
    ]),
  );
  return ({ id }) => usages.get(id) ?? { backups: 0, storedBytes: 0 };
}
