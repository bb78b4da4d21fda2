import { Prisma } from '@holdfast/prisma';
import type { Transaction } from '../database/database.module.ts';

/** Who did it and from where; a `Requester` is one. */
export interface AuditActor {
  id: string | null;
  name: string;
  ip: string | null;
  userAgent: string | null;
}

/** What was done. `before` and `after` are what the API shows of the resource: never a secret. */
export interface AuditChange {
  action: string;
  resourceKind: string;
  resourceId?: string | null;
  environmentId?: string | null;
  before?: object | null;
  after?: object | null;
}

const json = (value: object | null | undefined): Prisma.InputJsonValue | typeof Prisma.DbNull =>
  value === undefined || value === null ? Prisma.DbNull : (value as Prisma.InputJsonValue);

/** Writes an audit entry in the transaction of the change it tells of. */
export async function writeAudit(transaction: Transaction, actor: AuditActor, change: AuditChange): Promise<void> {
  await transaction.auditEntry.create({
    data: {
      actorId: actor.id,
      actorName: actor.name,
      ip: actor.ip,
      userAgent: actor.userAgent,
      action: change.action,
      resourceKind: change.resourceKind,
      resourceId: change.resourceId ?? null,
      environmentId: change.environmentId ?? null,
      before: json(change.before),
      after: json(change.after),
    },
  });
}
