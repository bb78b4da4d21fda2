import type { BackupInput, VerifyLevel } from '@holdfast/contracts';
import type { ActivityDependencies } from './dependencies.ts';

/** Levels that read every stored byte. */
const READING: VerifyLevel[] = ['checksum', 'content', 'restore'];

type Place = Pick<BackupInput, 'environmentId' | 'repositoryId'>;

/**
 * The backup that a new one may take storage objects over from: the newest of the environment in the same repository
 * that is complete and holds storage. Taking over looks at the length of a chunk only, and backups share chunks. So once
 * damage was found in the repository, a backup counts only if it began after that, or was read and found whole since;
 * with none of these all is read from the project again, and damaged chunks are written anew. Null: there is none.
 */
export async function parentBackup(
  { database }: Pick<ActivityDependencies, 'database'>,
  { environmentId, repositoryId }: Place,
): Promise<string | null> {
  const where = { environmentId, repositoryId, status: 'complete', components: { has: 'storage' } } as const;
  const orderBy = { takenAt: 'desc' } as const;
  const newest = await database.backup.findFirst({ where, orderBy, select: { id: true, operationId: true } });
  if (newest === null) return null;
  const found = await lastDamage({ database }, repositoryId);
  if (found === null) return newest.id;
  // by our own clocks; `takenAt` is the project's
  const taken = await database.operation.findUnique({ where: { id: newest.operationId }, select: { startedAt: true } });
  if (taken?.startedAt && taken.startedAt > found) return newest.id;
  const whole = { ...where, verifiedLevel: { in: READING }, verifiedAt: { gt: found } };
  return (await database.backup.findFirst({ where: whole, orderBy, select: { id: true } }))?.id ?? null;
}

/** When bytes were last found damaged in any backup of the repository, one that was removed since too. */
async function lastDamage(
  { database }: Pick<ActivityDependencies, 'database'>,
  repositoryId: string,
): Promise<Date | null> {
  // a verification that looked at lengths only found what taking over sees itself
  const [verification, backup] = await Promise.all([
    database.operation.findFirst({
      where: {
        ...{ kind: 'verify', status: 'completed', repositoryId },
        AND: [
          { result: { path: ['verdict'], equals: 'damaged' } },
          { NOT: { result: { path: ['level'], equals: 'presence' } } },
        ],
      },
      orderBy: { finishedAt: 'desc' },
      select: { finishedAt: true },
    }),
    database.backup.findFirst({
      where: { repositoryId, status: 'damaged', verifiedLevel: { in: READING } },
      orderBy: { verifiedAt: 'desc' },
      select: { verifiedAt: true },
    }),
  ]);
  const times = [verification?.finishedAt, backup?.verifiedAt].filter((time) => time instanceof Date);
  return times.length === 0 ? null : new Date(Math.max(...times.map(Number)));
}
