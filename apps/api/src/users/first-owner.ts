import { OperationError } from '@holdfast/contracts';
import type { PrismaClient } from '@holdfast/prisma';
import { writeAudit } from '../audit/write-audit.ts';
import { email as emailSchema, newPassword } from '../auth/auth.dto.ts';
import { hashPassword } from '../auth/password.ts';
import { takeLock } from '../database/take-lock.ts';
import { fieldErrors } from '../http/validation.pipe.ts';

const SYSTEM = { id: null, name: 'system', ip: null, userAgent: null };

/**
 * Creates the first owner while there is no account at all and answers its e-mail; null when there is one. Any number of processes may try
 * at once. Throws `config.invalid` for an e-mail or a password that no account may have.
 */
export async function createFirstOwner(
  database: PrismaClient,
  given: { email: string; password: string },
): Promise<string | null> {
  if ((await database.account.count()) > 0) return null;
  const email = emailSchema.safeParse(given.email);
  const password = newPassword.safeParse(given.password);
  if (!email.success || !password.success) {
    const errors = [
      ...fieldErrors(email.error?.issues ?? []).map(({ message }) => ({ at: 'HOLDFAST_OWNER_EMAIL', message })),
      ...fieldErrors(password.error?.issues ?? []).map(({ message }) => ({ at: 'HOLDFAST_OWNER_PASSWORD', message })),
    ];
    const lines = errors.map(({ at, message }) => `${at}: ${message}`);
    throw new OperationError('config.invalid', `The first owner cannot be created: ${lines.join('; ')}`, { errors });
  }
  const passwordHash = await hashPassword(password.data);
  return database.$transaction(async (transaction) => {
    await takeLock(transaction, 'accounts:first');
    if ((await transaction.account.count()) > 0) return null;
    const account = await transaction.account.create({
      data: { email: email.data, name: 'Owner', passwordHash, role: 'owner' },
    });
    const { id, name, role } = account;
    await writeAudit(transaction, SYSTEM, {
      action: 'account.created',
      resourceKind: 'account',
      resourceId: id,
      after: { id, email: account.email, name, role },
    });
    return account.email;
  });
}
