import { Inject, Injectable } from '@nestjs/common';
import { OperationError } from '@holdfast/contracts';
import type { ApiToken, PrismaClient } from '@holdfast/prisma';
import { z } from 'zod';
import { writeAudit } from '../audit/write-audit.ts';
import { requireSession } from '../auth/auth.service.ts';
import { API_TOKEN_PREFIX, hashToken, newToken } from '../auth/token.ts';
import { DATABASE } from '../database/database.module.ts';
import { cutPage, decodeCursor } from '../http/paging.ts';
import type { Requester } from '../http/requester.ts';
import type { CreateToken, TokenCreated, TokenPage, TokenQuery, TokenView } from './token.dto.ts';

const DAY_MS = 86_400_000;
const HINT_LENGTH = API_TOKEN_PREFIX.length + 4;
const place = z.strictObject({ id: z.uuid() });

const viewOf = (row: ApiToken): TokenView => ({
  id: row.id,
  accountId: row.accountId,
  name: row.name,
  hint: row.hint,
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
});

/** An account's own API tokens; they act with its role, and end with it. */
@Injectable()
export class TokensService {
  constructor(@Inject(DATABASE) private readonly database: PrismaClient) {}

  async list(query: TokenQuery, requester: Requester): Promise<TokenPage> {
    const from = decodeCursor(query.cursor, place);
    const rows = await this.database.apiToken.findMany({
      where: { accountId: requester.id, ...(from === null ? {} : { id: { lt: from.id } }) },
      orderBy: { id: 'desc' },
      take: query.limit + 1,
    });
    return cutPage(rows, query.limit, viewOf, ({ id }) => ({ id }));
  }

  async create(given: CreateToken, requester: Requester): Promise<TokenCreated> {
    requireSession(requester);
    const token = newToken(API_TOKEN_PREFIX);
    return this.database.$transaction(async (transaction) => {
      const row = await transaction.apiToken.create({
        data: {
          accountId: requester.id,
          name: given.name,
          hint: token.slice(0, HINT_LENGTH),
          tokenHash: hashToken(token),
          expiresAt: new Date(Date.now() + given.expiresInDays * DAY_MS),
        },
      });
      await writeAudit(transaction, requester, { ...changeOf(row.id, 'created'), after: viewOf(row) });
      return { ...viewOf(row), token };
    });
  }

  async delete(id: string, requester: Requester): Promise<void> {
    await this.database.$transaction(async (transaction) => {
      const row = await transaction.apiToken.findUnique({ where: { id } });
      // Somebody else's token is none of the caller's business: not even that it exists.
      if (row?.accountId !== requester.id) throw new OperationError('resource.not_found', `You have no token ${id}`);
      await transaction.apiToken.deleteMany({ where: { id } });
      await writeAudit(transaction, requester, { ...changeOf(id, 'deleted'), before: viewOf(row) });
    });
  }
}

const changeOf = (id: string, verb: string) => ({ action: `token.${verb}`, resourceKind: 'token', resourceId: id });
