import { Inject, Injectable } from '@nestjs/common';
import { can, OperationError, PERMISSIONS, type Permission } from '@holdfast/contracts';
import type { Account, PrismaClient } from '@holdfast/prisma';
import { writeAudit } from '../audit/write-audit.ts';
import { DATABASE, type Transaction } from '../database/database.module.ts';
import type { Requester } from '../http/requester.ts';
import type { ChangePassword, Me, SignedIn, SignIn } from './auth.dto.ts';
import { CredentialsService } from './credentials.service.ts';
import { checkPassword, hashPassword } from './password.ts';

type From = Pick<Requester, 'ip' | 'userAgent'>;

const summaryOf = ({ id, email, name, role }: Account): SignedIn['account'] => ({ id, email, name, role });

/** Sign-in and what an account does to itself. */
@Injectable()
export class AuthService {
  constructor(
    @Inject(DATABASE) private readonly database: PrismaClient,
    private readonly credentials: CredentialsService,
  ) {}

  /** Opens a session; one answer and one cost for an unknown, a disabled and a wrong one. Throws `auth.failed`. */
  async signIn(given: SignIn, from: From): Promise<SignedIn & { token: string }> {
    const account = await this.database.account.findUnique({ where: { email: given.email } });
    const right = await checkPassword(account?.passwordHash ?? null, given.password);
    if (!account || !right || account.disabledAt) {
      if (account) await this.auditFailure(account, from);
      throw new OperationError('auth.failed', 'No enabled account has this e-mail and password');
    }
    return this.database.$transaction(async (transaction) => {
      const { token, sessionId, expiresAt } = await this.credentials.open(transaction, account, from);
      await writeAudit(
        transaction,
        { id: account.id, name: account.name, ...from },
        {
          action: 'auth.signed_in',
          resourceKind: 'session',
          resourceId: sessionId,
          after: { email: account.email },
        },
      );
      return { account: summaryOf(account), token, expiresAt: expiresAt.toISOString() };
    });
  }

  private async auditFailure(account: Account, from: From): Promise<void> {
    await writeAudit(
      this.database,
      { id: account.id, name: account.name, ...from },
      {
        action: 'auth.sign_in_failed',
        resourceKind: 'account',
        resourceId: account.id,
        after: { email: account.email },
      },
    );
  }

  /** Ends the session that was shown. */
  async signOut(requester: Requester): Promise<void> {
    const { sessionId } = requester;
    if (sessionId === null) return;
    await this.database.$transaction(async (transaction) => {
      const { count } = await transaction.session.deleteMany({ where: { id: sessionId } });
      if (count === 0) return;
      await writeAudit(transaction, requester, {
        action: 'auth.signed_out',
        resourceKind: 'session',
        resourceId: sessionId,
        before: { email: await emailOf(transaction, requester) },
      });
    });
  }

  async me(requester: Requester): Promise<Me> {
    const account = await this.database.account.findUniqueOrThrow({ where: { id: requester.id } });
    return {
      account: summaryOf(account),
      permissions: (Object.keys(PERMISSIONS) as Permission[]).filter((permission) => can(requester, permission)),
      credential: requester.sessionId === null ? 'token' : 'session',
    };
  }

  /** Sets a new password and ends all other sessions; throws `auth.failed` for a wrong current one. */
  async changePassword(requester: Requester, given: ChangePassword): Promise<void> {
    requireSession(requester);
    const account = await this.database.account.findUniqueOrThrow({ where: { id: requester.id } });
    if (!(await checkPassword(account.passwordHash, given.currentPassword))) {
      throw new OperationError('auth.failed', 'The current password is wrong', {
        errors: [{ at: 'currentPassword', message: 'is wrong' }],
      });
    }
    const passwordHash = await hashPassword(given.newPassword);
    await this.database.$transaction(async (transaction) => {
      await transaction.account.update({
        where: { id: account.id },
        data: { passwordHash, version: { increment: 1 } },
      });
      await transaction.session.deleteMany({
        where: { accountId: account.id, ...(requester.sessionId ? { id: { not: requester.sessionId } } : {}) },
      });
      await writeAudit(transaction, requester, {
        action: 'account.password_changed',
        resourceKind: 'account',
        resourceId: account.id,
        after: { email: account.email },
      });
    });
  }
}

/** The e-mail of who asks, by which the audit of signing in is searched. */
export async function emailOf(transaction: Transaction, { id }: Pick<Requester, 'id'>): Promise<string> {
  const { email } = await transaction.account.findUniqueOrThrow({ where: { id }, select: { email: true } });
  return email;
}

/** Throws `auth.forbidden` for an API token: a token that leaked must not be able to make itself permanent. */
export function requireSession(requester: Requester): void {
  if (requester.sessionId !== null) return;
  throw new OperationError('auth.forbidden', 'This needs a signed-in session, not an API token');
}
