import { Inject, Injectable } from '@nestjs/common';
import { Prisma, type PrismaClient } from '@holdfast/prisma';
import { DATABASE } from '../database/database.module.ts';
import { periodsOf, type TimeStep } from '../http/time-range.ts';
import type { StorageUsage, StorageUsageQuery, Usage } from './storage-usage.dto.ts';

/** How many repositories and environments are told by name. */
const LARGEST = 50;
const USUAL_STEPS: Record<TimeStep, number> = { day: 90, week: 53, month: 24 };

const SUMS = { _count: true, _sum: { sizeBytes: true, storedBytes: true } } as const;

interface Sums {
  _count: number;
  _sum: { sizeBytes: bigint | null; storedBytes: bigint | null };
}

const usageOf = ({ _count, _sum }: Sums): Usage => ({
  backups: _count,
  sizeBytes: Number(_sum.sizeBytes ?? 0),
  storedBytes: Number(_sum.storedBytes ?? 0),
});

/** Sums up what is kept; a backup that is being removed counts no more. */
@Injectable()
export class StorageUsageService {
  constructor(@Inject(DATABASE) private readonly database: PrismaClient) {}

  async get(query: StorageUsageQuery): Promise<StorageUsage> {
    const { environmentId, repositoryId, timeZone, step } = query;
    const where: Prisma.BackupWhereInput = {
      status: { not: 'expiring' },
      ...(environmentId === undefined ? {} : { environmentId }),
      ...(repositoryId === undefined ? {} : { repositoryId }),
    };
    const [growth, totals, byRepository, byEnvironment] = await Promise.all([
      this.growth(query),
      this.database.backup.aggregate({ where, ...SUMS }),
      this.byRepository(where),
      this.byEnvironment(where),
    ]);
    return { timeZone, step, totals: usageOf(totals), byRepository, byEnvironment, growth };
  }

  private async byRepository(where: Prisma.BackupWhereInput): Promise<StorageUsage['byRepository']> {
    const rows = await this.database.backup.groupBy({
      ...{ by: 'repositoryId', where, ...SUMS, take: LARGEST },
      orderBy: [{ _sum: { storedBytes: 'desc' } }, { repositoryId: 'asc' }],
    });
    const ids = rows.map(({ repositoryId }) => repositoryId);
    const named = await this.database.repository.findMany({
      where: { id: { in: ids } },
      select: { id: true, name: true },
    });
    const names = new Map(named.map(({ id, name }) => [id, name]));
    return rows.map((row) => ({
      ...{ repositoryId: row.repositoryId, repositoryName: names.get(row.repositoryId) ?? '', ...usageOf(row) },
    }));
  }

  private async byEnvironment(where: Prisma.BackupWhereInput): Promise<StorageUsage['byEnvironment']> {
    const rows = await this.database.backup.groupBy({
      ...{ by: 'environmentId', where, ...SUMS, take: LARGEST },
      orderBy: [{ _sum: { storedBytes: 'desc' } }, { environmentId: 'asc' }],
    });
    const ids = rows.map(({ environmentId }) => environmentId);
    const named = await this.database.environment.findMany({
      where: { id: { in: ids } },
      select: { id: true, name: true },
    });
    const names = new Map(named.map(({ id, name }) => [id, name]));
    return rows.map((row) => ({
      ...{ environmentId: row.environmentId, environmentName: names.get(row.environmentId) ?? '', ...usageOf(row) },
    }));
  }

  private async growth(query: StorageUsageQuery): Promise<StorageUsage['growth']> {
    const { environmentId, repositoryId, step } = query;
    const { days, starts, end } = periodsOf(query, step, USUAL_STEPS[step]);
    const rows = await this.database.$queryRaw<{ period: number; bytes: number }[]>`
      SELECT width_bucket("taken_at", ${starts}::timestamptz[]) AS "period", sum("stored_bytes")::float8 AS "bytes"
      FROM "backups" WHERE "status" <> 'expiring' AND "taken_at" < ${end}::timestamptz
        AND ${environmentId === undefined ? Prisma.sql`true` : Prisma.sql`"environment_id" = ${environmentId}::uuid`}
        AND ${repositoryId === undefined ? Prisma.sql`true` : Prisma.sql`"repository_id" = ${repositoryId}::uuid`}
      GROUP BY 1`;
    const added = new Map(rows.map(({ period, bytes }) => [period, bytes]));
    // Bucket 0 is what was taken before the first step.
    let storedBytes = added.get(0) ?? 0;
    return days.map((day, index) => {
      const addedBytes = added.get(index + 1) ?? 0;
      storedBytes += addedBytes;
      return { at: day, addedBytes, storedBytes };
    });
  }
}
