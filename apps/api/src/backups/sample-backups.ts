import { randomUUIDv7 } from 'node:crypto';
import type { Backup, Environment, Prisma, PrismaClient, Repository } from '@holdfast/prisma';

/** Catalog rows for specs, as a worker would have written them. */
export interface Samples {
  environment(name?: string): Promise<Environment>;
  repository(isDefault?: boolean): Promise<Repository>;
  backup(
    of: { environment: Environment; repository: Repository },
    over?: Partial<Prisma.BackupUncheckedCreateInput>,
  ): Promise<Backup>;
}

export function samplesIn(database: PrismaClient): Samples {
  const next = (): string => randomUUIDv7().slice(-12);
  return {
    environment: (name = `env-${next()}`) =>
      database.environment.create({
        data: {
          ...{ name, kind: 'postgres', host: '127.0.0.1', port: 5432, database: 'app', username: 'backup' },
          ...{ sealedPassword: 'v1.x', tlsMode: 'prefer', color: '#1565c0', production: false },
        },
      }),
    repository: (isDefault = false) =>
      database.repository.create({
        data: { name: `repo-${next()}`, driver: 'local', path: `/srv/${next()}`, isDefault },
      }),
    backup: ({ environment, repository }, over = {}) =>
      database.backup.create({
        data: {
          ...{ id: randomUUIDv7(), environmentId: environment.id, repositoryId: repository.id },
          ...{ operationId: randomUUIDv7(), name: 'nightly', description: '', tags: [], components: ['database'] },
          ...{ kind: 'full', status: 'complete', serverVersion: '17.6', database: 'app' },
          ...{ sizeBytes: 1_000n, storedBytes: 100n, tables: 3, rows: 7n, manifestSha256: 'ab', takenAt: new Date() },
          ...{ coverage: { included: ['app'], gaps: [] }, completedAt: new Date() },
          ...over,
        },
      }),
  };
}
