import { Inject, Injectable } from '@nestjs/common';
import { OperationError } from '@holdfast/contracts';
import type { PrismaClient, SavedView } from '@holdfast/prisma';
import { z } from 'zod';
import { writeAudit } from '../audit/write-audit.ts';
import { isUniqueViolation } from '../database/database-errors.ts';
import { DATABASE, type Transaction } from '../database/database.module.ts';
import { takeLock } from '../database/take-lock.ts';
import { cutPage, decodeCursor } from '../http/paging.ts';
import type { Requester } from '../http/requester.ts';
import {
  SavedViewView,
  type CreateView,
  type ReplaceView,
  type SavedViewPage,
  type SavedViewQuery,
} from './saved-view.dto.ts';

const MOST = 100;
const place = z.strictObject({ name: z.string().max(100) });

// Only pages of the schema are ever written.
const viewOf = ({ id, page, name, query, createdAt }: SavedView): SavedViewView =>
  SavedViewView.parse({ id, page, name, query, createdAt: createdAt.toISOString() });

/** What an account has saved of the console's pages; nobody sees or changes what is another's. */
@Injectable()
export class ViewsService {
  constructor(@Inject(DATABASE) private readonly database: PrismaClient) {}

  /** Those of one page, by name. */
  async list({ page, limit, cursor }: SavedViewQuery, requester: Requester): Promise<SavedViewPage> {
    const from = decodeCursor(cursor, place);
    const rows = await this.database.savedView.findMany({
      where: { accountId: requester.id, page, ...(from === null ? {} : { name: { gt: from.name } }) },
      orderBy: { name: 'asc' },
      take: limit + 1,
    });
    return cutPage(rows, limit, viewOf, ({ name }) => ({ name }));
  }

  /** Throws `resource.conflict` for a name that is taken on the page, `view.too_many` at the 101st. */
  create(given: CreateView, requester: Requester): Promise<SavedViewView> {
    return unlessTaken(given.name, () =>
      this.database.$transaction(async (transaction) => {
        // One at a time, or two at once could both be the hundredth.
        await takeLock(transaction, `views:${requester.id}`);
        if ((await transaction.savedView.count({ where: { accountId: requester.id } })) >= MOST) {
          throw new OperationError('view.too_many', `You have ${MOST} saved views`, { hint: 'Delete one first.' });
        }
        const after = viewOf(await transaction.savedView.create({ data: { ...given, accountId: requester.id } }));
        await writeAudit(transaction, requester, { ...changeOf(after.id, 'created'), after });
        return after;
      }),
    );
  }

  replace(id: string, { name, query }: ReplaceView, requester: Requester): Promise<SavedViewView> {
    return unlessTaken(name, () =>
      this.database.$transaction(async (transaction) => {
        const before = viewOf(await requireOwn(transaction, id, requester));
        const after = viewOf(await transaction.savedView.update({ where: { id }, data: { name, query } }));
        await writeAudit(transaction, requester, { ...changeOf(id, 'updated'), before, after });
        return after;
      }),
    );
  }

  async delete(id: string, requester: Requester): Promise<void> {
    await this.database.$transaction(async (transaction) => {
      const before = viewOf(await requireOwn(transaction, id, requester));
      await transaction.savedView.delete({ where: { id } });
      await writeAudit(transaction, requester, { ...changeOf(id, 'deleted'), before });
    });
  }
}

/** The row, locked until the transaction ends: of two changes at once, the second sees what the first made of it. */
async function requireOwn(transaction: Transaction, id: string, requester: Requester): Promise<SavedView> {
  await takeLock(transaction, `views:${requester.id}`);
  const row = await transaction.savedView.findUnique({ where: { id, accountId: requester.id } });
  if (!row) throw new OperationError('resource.not_found', `You have no saved view ${id}`);
  return row;
}

async function unlessTaken<T>(name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw new OperationError('resource.conflict', `You have a view named ${name} of this page`, {
      errors: [{ at: 'name', message: 'is taken' }],
      cause,
    });
  }
}

const changeOf = (id: string, verb: string) => ({ action: `view.${verb}`, resourceKind: 'view', resourceId: id });
