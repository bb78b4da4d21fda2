import { Inject, Injectable } from '@nestjs/common';
import { OperationError } from '@holdfast/contracts';
import type { AuditEntry, Prisma, PrismaClient } from '@holdfast/prisma';
import { z } from 'zod';
import { contains } from '../database/contains.ts';
import { DATABASE } from '../database/database.module.ts';
import { cutPage, decodeCursor } from '../http/paging.ts';
import type { AuditEntryView, AuditPage, AuditQuery } from './audit.dto.ts';

const place = z.strictObject({ id: z.string().regex(/^\d{1,18}$/) });

const searched = (text: Prisma.StringFilter): Prisma.AuditEntryWhereInput[] => [
  { action: text },
  { actorName: text },
  { resourceKind: text },
  { resourceId: text },
  // What it is about, by the name that it had then.
  ...(['after', 'before'] as const).flatMap((side) =>
    NAMES.map((name) => ({ [side]: { path: [name], string_contains: text.contains, mode: 'insensitive' } })),
  ),
];
const NAMES = ['name', 'email', 'backupName', 'environmentName'];

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
    const { search, actorId, action, resourceKind, resourceId, environmentId } = query;
    const rows = await this.database.auditEntry.findMany({
      where: {
        ...(search === undefined ? {} : { OR: searched(contains(search)) }),
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

  async get(id: string): Promise<AuditEntryView> {
    const entry = await this.database.auditEntry.findUnique({ where: { id: BigInt(id) } });
    if (entry) return viewOf(entry);
    throw new OperationError('resource.not_found', `There is no audit entry ${id}`);
  }
}
