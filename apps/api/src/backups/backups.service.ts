import { Inject, Injectable } from '@nestjs/common';
import { OperationError } from '@holdfast/contracts';
import type { PrismaClient } from '@holdfast/prisma';
import { writeAudit } from '../audit/write-audit.ts';
import { DATABASE } from '../database/database.module.ts';
import { requireVersion } from '../http/if-match.ts';
import { cutPage, decodeCursor } from '../http/paging.ts';
import type { Requester } from '../http/requester.ts';
import { placeOf, placeSchema, searchSql } from './backup-search.ts';
import type { BackupDetail, BackupPage, BackupQuery, UpdateBackup } from './backup.dto.ts';
import { backupDetail, backupView, verificationOf, type BackupRow } from './backup.view.ts';
import type { ValidationStatus } from './verification.dto.ts';

const withNames = {
  environment: { select: { name: true } },
  repository: { select: { name: true } },
} as const;

/** Reads the catalog, and what people write on a backup. */
@Injectable()
export class BackupsService {
  constructor(@Inject(DATABASE) private readonly database: PrismaClient) {}

  async list(query: BackupQuery): Promise<BackupPage> {
    const { sort, limit } = query;
    const from = decodeCursor(query.cursor, placeSchema(sort));
    // Both reads see the same rows: with one removed in between, a full page would look like the last one.
    const [found, rows] = await this.database.$transaction(
      async (transaction) => {
        const ids = await transaction.$queryRaw<{ id: string }[]>(searchSql(query, from));
        const where = { id: { in: ids.map(({ id }) => id) } };
        return [ids, await transaction.backup.findMany({ where, include: withNames })] as const;
      },
      { isolationLevel: 'RepeatableRead' },
    );
    const byId = new Map(rows.map((row) => [row.id, row]));
    const ordered = found.flatMap(({ id }) => byId.get(id) ?? []);
    return cutPage(ordered, limit, backupView, (row) => placeOf(row, sort));
  }

  async get(id: string): Promise<BackupDetail> {
    return backupDetail(await this.require(id));
  }

  /** The row of a listed backup; throws `resource.not_found`. */
  async require(id: string): Promise<BackupRow> {
    const row = await this.database.backup.findUnique({ where: { id }, include: withNames });
    if (!row) throw new OperationError('resource.not_found', `There is no backup ${id}`);
    return row;
  }

  /** As `require`; throws `resource.in_use` for a backup that is being removed. */
  async requireWhole(id: string): Promise<BackupRow> {
    const row = await this.require(id);
    if (row.status !== 'expiring') return row;
    throw new OperationError('resource.in_use', `${row.name} is being removed`, {
      hint: 'Choose another backup.',
    });
  }

  async update(
    id: string,
    versions: number[] | null,
    given: UpdateBackup,
    requester: Requester,
  ): Promise<BackupDetail> {
    const row = await this.require(id);
    requireVersion(row.version, versions);
    const { name, description, tags } = given;
    return this.database.$transaction(async (transaction) => {
      const { count } = await transaction.backup.updateMany({
        where: { id, version: row.version },
        data: {
          ...(name === undefined ? {} : { name }),
          ...(description === undefined ? {} : { description }),
          ...(tags === undefined ? {} : { tags }),
          version: { increment: 1 },
        },
      });
      if (count === 0) requireVersion(row.version + 1, [row.version]);
      const after = await transaction.backup.findUniqueOrThrow({ where: { id }, include: withNames });
      await writeAudit(transaction, requester, {
        action: 'backup.updated',
        resourceKind: 'backup',
        resourceId: id,
        environmentId: row.environmentId,
        before: backupView(row),
        after: backupView(after),
      });
      return backupDetail(after);
    });
  }

  async validationStatus(id: string): Promise<ValidationStatus> {
    const row = await this.require(id);
    const operation = await this.database.operation.findFirst({
      where: { backupId: id, kind: 'verify' },
      orderBy: { id: 'desc' },
      select: { id: true, status: true },
    });
    const result = verificationOf(row);
    const running = operation?.status === 'pending' || operation?.status === 'running';
    return {
      backupId: id,
      status: running ? 'running' : (result?.verdict ?? 'never'),
      verifiedLevel: row.verifiedLevel,
      verifiedAt: row.verifiedAt?.toISOString() ?? null,
      result,
      operation,
    };
  }
}
