import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '@holdfast/contracts';
import type { Account, PrismaClient } from '@holdfast/prisma';
import { DATABASE, type Transaction } from '../database/database.module.ts';
import { API_TOKEN_PREFIX, hashToken, newToken, SESSION_TOKEN_PREFIX } from './token.ts';

const HOUR_MS = 3_600_000;
const IDLE_MS = 12 * HOUR_MS;
const LONGEST_MS = 7 * 24 * HOUR_MS;
const TOUCH_MS = 60_000;

/** Who a token belongs to, and which session or API token it is. */
export interface Credential extends Actor {
  sessionId: string | null;
  tokenId: string | null;
}

const actorOf = (account: Account): Actor => ({ id: account.id, name: account.name, role: account.role });

/** Opens, finds and ends sessions; finds API tokens. Only hashes are ever stored or looked up. */
@Injectable()
export class CredentialsService {
  constructor(@Inject(DATABASE) private readonly database: PrismaClient) {}

  /** A new session of the account; it ends after 12 hours without use, and after 7 days in any case. */
  async open(
    transaction: Transaction,
    account: Account,
    from: { ip: string | null; userAgent: string | null },
  ): Promise<{ token: string; sessionId: string; expiresAt: Date }> {
    const token = newToken(SESSION_TOKEN_PREFIX);
    const session = await transaction.session.create({
      data: {
        tokenHash: hashToken(token),
        accountId: account.id,
        ip: from.ip,
        userAgent: from.userAgent,
        expiresAt: new Date(Date.now() + IDLE_MS),
      },
    });
    return { token, sessionId: session.id, expiresAt: session.expiresAt };
  }

  /** The credential of a token that is valid now, else null. */
  async resolve(token: string): Promise<Credential | null> {
    const tokenHash = hashToken(token);
    return token.startsWith(API_TOKEN_PREFIX) ? this.resolveApiToken(tokenHash) : this.resolveSession(tokenHash);
  }

  private async resolveSession(tokenHash: Uint8Array<ArrayBuffer>): Promise<Credential | null> {
    const session = await this.database.session.findUnique({ where: { tokenHash }, include: { account: true } });
    const now = Date.now();
    if (!session || session.account.disabledAt || session.expiresAt.getTime() <= now) return null;
    if (now - session.lastSeenAt.getTime() > TOUCH_MS) {
      const longest = session.createdAt.getTime() + LONGEST_MS;
      await this.database.session.updateMany({
        where: { tokenHash },
        data: { lastSeenAt: new Date(now), expiresAt: new Date(Math.min(now + IDLE_MS, longest)) },
      });
    }
    return { ...actorOf(session.account), sessionId: session.id, tokenId: null };
  }

  private async resolveApiToken(tokenHash: Uint8Array<ArrayBuffer>): Promise<Credential | null> {
    const token = await this.database.apiToken.findUnique({ where: { tokenHash }, include: { account: true } });
    const now = Date.now();
    if (!token || token.account.disabledAt || token.expiresAt.getTime() <= now) return null;
    if (now - (token.lastUsedAt?.getTime() ?? 0) > TOUCH_MS) {
      await this.database.apiToken.updateMany({ where: { id: token.id }, data: { lastUsedAt: new Date(now) } });
    }
    return { ...actorOf(token.account), sessionId: null, tokenId: token.id };
  }
}
