import { Inject, Injectable } from '@nestjs/common';
import type { AuditEntry, PrismaClient } from '@holdfast/prisma';
import { z } from 'zod';
import { DATABASE } from '../database/database.module.ts';
import { cutPage, decodeCursor } from '../http/paging.ts';
import type { AuditEntryView, AuditPage, AuditQuery } from './audit.dto.ts';

const place = z.strictObject({ id: z.string().regex(/^\d{1,19}$/) });

const record = (value: unknown): Record<string, unknown> | null => value as Record<string, unknown> | null;

const viewOf = (entry: AuditEntry): AuditEntryView => ({
  ...entry,
  id: String(entry.id),
  at: entry.at.toISOString(),
  before: record(entry.before),
  after: record(entry.after),
});

/** Reads the audit, newest first. */
@Injectable()
export class AuditService {
  constructor(@Inject(DATABASE) private readonly database: PrismaClient) {}

  async list(query: AuditQuery): Promise<AuditPage> {
    const from = decodeCursor(query.cursor, place);
    const { actorId, action, resourceKind, resourceId, environmentId } = query;
    const rows = await this.database.auditEntry.findMany({
      where: {
        ...(actorId === undefined ? {} : { actorId }),
        ...(action === undefined ? {} : { action }),
        ...(resourceKind === undefined ? {} : { resourceKind }),
        ...(resourceId === undefined ? {} : { resourceId }),
        ...(environmentId === undefined ? {} : { environmentId }),
        at: {
          ...(query.after === undefined ? {} : { gte: new Date(query.after) }),
          ...(query.before === undefined ? {} : { lt: new Date(query.before) }),
        },
        ...(from === null ? {} : { id: { lt: BigInt(from.id) } }),
      },
      orderBy: { id: 'desc' },
      take: query.limit + 1,
    });
    return cutPage(rows, query.limit, viewOf, (row) => ({ id: String(row.id) }));
  }
}
