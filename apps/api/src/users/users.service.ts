import { Inject, Injectable } from '@nestjs/common';
import { mayAssign, OperationError, type Role } from '@holdfast/contracts';
import type { Account, PrismaClient } from '@holdfast/prisma';
import { z } from 'zod';
import { writeAudit } from '../audit/write-audit.ts';
import { hashPassword } from '../auth/password.ts';
import { DATABASE, type Transaction } from '../database/database.module.ts';
import { takeLock } from '../database/take-lock.ts';
import { isUniqueViolation } from '../database/database-errors.ts';
import { requireVersion } from '../http/if-match.ts';
import { cutPage, decodeCursor } from '../http/paging.ts';
import type { Requester } from '../http/requester.ts';
import type { CreateUser, UpdateUser, UserPage, UserQuery, UserView } from './user.dto.ts';

const place = z.strictObject({ email: z.string() });

const viewOf = (account: Account): UserView => ({
  id: account.id,
  email: account.email,
  name: account.name,
  role: account.role,
  disabledAt: account.disabledAt?.toISOString() ?? null,
  version: account.version,
  createdAt: account.createdAt.toISOString(),
  updatedAt: account.updatedAt.toISOString(),
});

/** The accounts. There is always an owner who can sign in. */
@Injectable()
export class UsersService {
  constructor(@Inject(DATABASE) private readonly database: PrismaClient) {}

  async list(query: UserQuery): Promise<UserPage> {
    const from = decodeCursor(query.cursor, place);
    const rows = await this.database.account.findMany({
      where: from === null ? {} : { email: { gt: from.email } },
      orderBy: { email: 'asc' },
      take: query.limit + 1,
    });
    return cutPage(rows, query.limit, viewOf, ({ email }) => ({ email }));
  }

  async get(id: string): Promise<UserView> {
    return viewOf(await this.require(id));
  }

  async create({ password, ...given }: CreateUser, requester: Requester): Promise<UserView> {
    requireAssignable(requester, null, given.role);
    const passwordHash = await hashPassword(password);
    try {
      return await this.database.$transaction(async (transaction) => {
        const after = viewOf(await transaction.account.create({ data: { ...given, passwordHash } }));
        await writeAudit(transaction, requester, { ...changeOf(after.id, 'created'), after });
        return after;
      });
    } catch (cause) {
      if (!isUniqueViolation(cause)) throw cause;
      throw new OperationError('resource.conflict', 'There is an account with this e-mail', {
        errors: [{ at: 'email', message: 'is taken' }],
        cause,
      });
    }
  }

  /** Changes an account; throws `resource.in_use` when no owner would be left who can sign in. */
  async update(id: string, versions: number[] | null, given: UpdateUser, requester: Requester): Promise<UserView> {
    const account = await this.require(id);
    requireVersion(account.version, versions);
    requireAssignable(requester, account.role, given.role ?? account.role);
    const passwordHash = given.password === undefined ? null : await hashPassword(given.password);
    return this.database.$transaction(async (transaction) => {
      // One at a time: two owners who demote each other must not both succeed.
      await takeLock(transaction, 'accounts:owners');
      const { count } = await transaction.account.updateMany({
        where: { id, version: account.version },
        data: {
          ...(given.name === undefined ? {} : { name: given.name }),
          ...(given.role === undefined ? {} : { role: given.role }),
          ...(given.disabled === undefined
            ? {}
            : { disabledAt: given.disabled ? (account.disabledAt ?? new Date()) : null }),
          ...(passwordHash === null ? {} : { passwordHash }),
          version: { increment: 1 },
        },
      });
      if (count === 0) requireVersion(account.version + 1, [account.version]);
      await requireOwner(transaction);
      const ended = await endAccess(transaction, account, given);
      const after = viewOf(await transaction.account.findUniqueOrThrow({ where: { id } }));
      await writeAudit(transaction, requester, {
        ...changeOf(id, 'updated'),
        before: viewOf(account),
        after: { ...after, ...(passwordHash === null ? {} : { passwordChanged: true }), ...ended },
      });
      return after;
    });
  }

  private async require(id: string): Promise<Account> {
    const account = await this.database.account.findUnique({ where: { id } });
    if (!account) throw new OperationError('resource.not_found', `There is no account ${id}`);
    return account;
  }
}

function requireAssignable(requester: Requester, current: Role | null, next: Role): void {
  if (mayAssign(requester, current, next)) return;
  throw new OperationError('auth.forbidden', 'Nobody hands out, or touches, a role above their own');
}

async function requireOwner(transaction: Transaction): Promise<void> {
  const owners = await transaction.account.count({ where: { role: 'owner', disabledAt: null } });
  if (owners > 0) return;
  throw new OperationError('resource.in_use', 'This is the last owner who can sign in', {
    hint: 'Make somebody else an owner first.',
  });
}

/** Ends what a change of the account ends, and counts it for the audit: the sessions; with `disabled`, the tokens too. */
async function endAccess(
  transaction: Transaction,
  { id, disabledAt }: Account,
  given: UpdateUser,
): Promise<{ endedSessions?: number; endedTokens?: number }> {
  // Also when it is enabled again: a request at the moment of disabling, or an earlier version, may have left some.
  const disabled = given.disabled === true || (given.disabled === false && disabledAt !== null);
  if (!disabled && given.password === undefined) return {};
  const sessions = await transaction.session.deleteMany({ where: { accountId: id } });
  if (!disabled) return { endedSessions: sessions.count };
  const tokens = await transaction.apiToken.deleteMany({ where: { accountId: id } });
  return { endedSessions: sessions.count, endedTokens: tokens.count };
}

const changeOf = (id: string, verb: string) => ({ action: `account.${verb}`, resourceKind: 'account', resourceId: id });
