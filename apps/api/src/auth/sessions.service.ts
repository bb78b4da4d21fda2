import { Inject, Injectable } from '@nestjs/common';
import { OperationError } from '@holdfast/contracts';
import type { PrismaClient, Session } from '@holdfast/prisma';
import { z } from 'zod';
import { writeAudit } from '../audit/write-audit.ts';
import { DATABASE } from '../database/database.module.ts';
import { cutPage, decodeCursor } from '../http/paging.ts';
import type { Requester } from '../http/requester.ts';
import { emailOf, requireSession } from './auth.service.ts';
import type { SessionPage, SessionQuery, SessionView } from './session.dto.ts';

const place = z.strictObject({ id: z.uuid() });

const viewOf = (row: Session, requester: Requester): SessionView => ({
  id: row.id,
  current: row.id === requester.sessionId,
  ip: row.ip,
  userAgent: row.userAgent,
  createdAt: row.createdAt.toISOString(),
  lastSeenAt: row.lastSeenAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
});

/**
 * Where an account is signed in, told to itself. All of it throws `auth.forbidden` for an API token: one that leaked must
 * neither tell where its owner is nor sign the owner out.
 */
@Injectable()
export class SessionsService {
  constructor(@Inject(DATABASE) private readonly database: PrismaClient) {}

  /** The sessions that have not expired, newest first. */
  async list(query: SessionQuery, requester: Requester): Promise<SessionPage> {
    requireSession(requester);
    const from = decodeCursor(query.cursor, place);
    const rows = await this.database.session.findMany({
      where: {
        accountId: requester.id,
        expiresAt: { gt: new Date() },
        ...(from === null ? {} : { id: { lt: from.id } }),
      },
      orderBy: { id: 'desc' },
      take: query.limit + 1,
    });
    return cutPage(
      rows,
      query.limit,
      (row) => viewOf(row, requester),
      ({ id }) => ({ id }),
    );
  }

  /** Ends one of the requester's sessions. */
  async end(id: string, requester: Requester): Promise<void> {
    requireSession(requester);
    await this.database.$transaction(async (transaction) => {
      const row = await transaction.session.findUnique({ where: { id } });
      const { count } = await transaction.session.deleteMany({ where: { id, accountId: requester.id } });
      // Somebody else's session is none of the caller's business: not even that it exists.
      if (row === null || count === 0) throw new OperationError('resource.not_found', `You have no session ${id}`);
      await writeAudit(transaction, requester, {
        action: 'auth.session_ended',
        resourceKind: 'session',
        resourceId: id,
        before: { ...viewOf(row, requester), email: await emailOf(transaction, requester) },
      });
    });
  }

  /** Ends all of the requester's sessions, the one that asks too. */
  async endAll(requester: Requester): Promise<void> {
    requireSession(requester);
    await this.database.$transaction(async (transaction) => {
      const { count } = await transaction.session.deleteMany({ where: { accountId: requester.id } });
      await writeAudit(transaction, requester, {
        action: 'auth.signed_out_everywhere',
        resourceKind: 'account',
        resourceId: requester.id,
        after: { email: await emailOf(transaction, requester), endedSessions: count },
      });
    });
  }
}
