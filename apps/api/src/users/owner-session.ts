import { OperationError } from '@holdfast/contracts';
import type { PrismaClient } from '@holdfast/prisma';
import { writeAudit } from '../audit/write-audit.ts';
import { hashToken, newToken, SESSION_TOKEN_PREFIX } from '../auth/token.ts';

const LIFE_MS = 10 * 60_000;
const SYSTEM = { id: null, name: 'system', ip: null, userAgent: null };

/**
 * Opens a session of the oldest enabled owner and answers its bearer token, for who holds the database's password
 * anyway: the embedded start. It ends after ten minutes without use. Throws `auth.required` where there is no owner.
 */
export async function openOwnerSession(database: PrismaClient): Promise<string> {
  const owner = await database.account.findFirst({
    where: { role: 'owner', disabledAt: null },
    orderBy: { createdAt: 'asc' },
  });
  if (!owner) throw new OperationError('auth.required', 'There is no enabled owner');
  const token = newToken(SESSION_TOKEN_PREFIX);
  await database.$transaction(async (transaction) => {
    const session = await transaction.session.create({
      data: { tokenHash: hashToken(token), accountId: owner.id, expiresAt: new Date(Date.now() + LIFE_MS) },
    });
    await writeAudit(transaction, SYSTEM, {
      action: 'auth.signed_in',
      resourceKind: 'session',
      resourceId: session.id,
    });
  });
  return token;
}
