import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  ATTACH_WORKFLOW,
  OperationError,
  PROBE_REPOSITORY_WORKFLOW,
  type AttachInput,
  type AttachReport,
  type ProbeRepositoryInput,
  type RepositoryProbeReport,
} from '@holdfast/contracts';
import type { PrismaClient, Repository } from '@holdfast/prisma';
import { z } from 'zod';
import { writeAudit } from '../audit/write-audit.ts';
import type { Config } from '../config.ts';
import { CONFIG, DATABASE, type Transaction } from '../database/database.module.ts';
import { takeLock } from '../database/take-lock.ts';
import { isUniqueViolation } from '../database/database-errors.ts';
import { requireVersion } from '../http/if-match.ts';
import { cutPage, decodeCursor } from '../http/paging.ts';
import type { Requester } from '../http/requester.ts';
import { TemporalClient } from '../operations/temporal-client.ts';
import { repositoryPath } from './repository-path.ts';
import type {
  CreateRepository,
  RepositoryAttached,
  RepositoryPage,
  RepositoryQuery,
  RepositoryView,
  UpdateRepository,
} from './repository.dto.ts';
import { registrationOf, usagesOf, type Registration } from './repository.view.ts';

const ATTACH_MS = 20_000;
const PROBE_MS = 20_000;
/** Under this lock, one repository is the default at most. */
const DEFAULT_LOCK = 'repositories:default';

const place = z.strictObject({ name: z.string() });

/** Where backups are stored. */
@Injectable()
export class RepositoriesService {
  constructor(
    @Inject(DATABASE) private readonly database: PrismaClient,
    @Inject(CONFIG) private readonly config: Config,
    private readonly temporal: TemporalClient,
  ) {}

  async list(query: RepositoryQuery): Promise<RepositoryPage> {
    const from = decodeCursor(query.cursor, place);
    const rows = await this.database.repository.findMany({
      where: from === null ? {} : { name: { gt: from.name } },
      orderBy: { name: 'asc' },
      take: query.limit + 1,
    });
    const usages = await usagesOf(this.database, rows);
    return cutPage(
      rows,
      query.limit,
      (row) => ({ ...registrationOf(row), usage: usages(row) }),
      ({ name }) => ({ name }),
    );
  }

  async get(id: string): Promise<RepositoryView> {
    return this.withUsage(registrationOf(await this.require(id)));
  }

  /** The named repository, or the default one; throws `resource.not_found`, or `request.invalid` without a default. */
  async choose(id: string | undefined): Promise<Repository> {
    if (id !== undefined) return this.require(id, 'repositoryId');
    const row = await this.database.repository.findFirst({ where: { isDefault: true } });
    if (row) return row;
    throw new OperationError('request.invalid', 'There is no default repository', {
      hint: 'Add a repository, or make one the default.',
      errors: [{ at: 'repositoryId', message: 'is required while there is no default repository' }],
    });
  }

  /** Registers a repository and lets a worker open or create it; leaves nothing registered when that fails. */
  async create(given: CreateRepository, requester: Requester): Promise<RepositoryAttached> {
    const path = repositoryPath(given.path, this.config.HOLDFAST_REPOSITORY_ROOTS);
    const row = await this.insert({ ...given, path });
    const input: AttachInput = { repositoryId: row.id };
    const id = `attach/${row.name}/${randomUUID()}`;
    try {
      const report = await this.temporal.execute<AttachReport>(ATTACH_WORKFLOW, id, input, ATTACH_MS);
      return await this.withUsage(await this.recordAttached(row.id, report, given.default, requester));
    } catch (error) {
      await this.database.repository.deleteMany({ where: { id: row.id, backups: { none: {} } } });
      throw error;
    }
  }

  private async insert({ name, driver, path }: CreateRepository): Promise<Repository> {
    await this.refuseTaken(path);
    return this.unlessTaken(name, async () => {
      try {
        return await this.database.repository.create({ data: { name, driver, path } });
      } catch (error) {
        // The same path arrived twice at once.
        if (isUniqueViolation(error)) await this.refuseTaken(path);
        throw error;
      }
    });
  }

  private async refuseTaken(path: string): Promise<void> {
    if ((await this.database.repository.findUnique({ where: { path } })) === null) return;
    throw new OperationError('resource.conflict', 'A repository is registered at this path', {
      errors: [{ at: 'path', message: 'is taken' }],
    });
  }

  private recordAttached(
    id: string,
    report: AttachReport,
    asDefault: boolean,
    requester: Requester,
  ): Promise<Omit<RepositoryAttached, 'usage'>> {
    return this.database.$transaction(async (transaction) => {
      await takeLock(transaction, DEFAULT_LOCK);
      const others = await transaction.repository.count({ where: { isDefault: true } });
      if (asDefault || others === 0) await this.makeDefault(transaction, id, requester);
      const after = registrationOf(await transaction.repository.findUniqueOrThrow({ where: { id } }));
      await writeAudit(transaction, requester, { ...changeOf(id, 'created'), after });
      const { formatVersion, created, backups } = report;
      return { ...after, attached: { formatVersion, created, backups } };
    });
  }

  /** Under DEFAULT_LOCK; the caller writes the audit of this repository, and this one that of the default before. */
  private async makeDefault(transaction: Transaction, id: string, requester: Requester): Promise<void> {
    for (const row of await transaction.repository.findMany({ where: { isDefault: true, id: { not: id } } })) {
      // None where it was forgotten meanwhile: that is under another lock.
      const [changed] = await transaction.repository.updateManyAndReturn({
        where: { id: row.id },
        data: { isDefault: false, version: { increment: 1 } },
      });
      if (changed === undefined) continue;
      const [before, after] = [registrationOf(row), registrationOf(changed)];
      await writeAudit(transaction, requester, { ...changeOf(row.id, 'updated'), before, after });
    }
    await transaction.repository.update({ where: { id }, data: { isDefault: true } });
  }

  async update(
    id: string,
    versions: number[] | null,
    given: UpdateRepository,
    requester: Requester,
  ): Promise<RepositoryView> {
    const row = await this.require(id);
    requireVersion(row.version, versions);
    const changed = await this.unlessTaken(given.name ?? row.name, () =>
      this.database.$transaction(async (transaction) => {
        await takeLock(transaction, DEFAULT_LOCK);
        const { count } = await transaction.repository.updateMany({
          where: { id, version: row.version },
          data: { ...(given.name === undefined ? {} : { name: given.name }), version: { increment: 1 } },
        });
        if (count === 0) requireVersion(row.version + 1, [row.version]);
        if (given.default) await this.makeDefault(transaction, id, requester);
        const after = registrationOf(await transaction.repository.findUniqueOrThrow({ where: { id } }));
        await writeAudit(transaction, requester, { ...changeOf(id, 'updated'), before: registrationOf(row), after });
        return after;
      }),
    );
    return this.withUsage(changed);
  }

  /** Lets a worker open it and write to it; throws what stood in its way, or `worker.unavailable` after 20 s. */
  async test(id: string): Promise<RepositoryProbeReport> {
    const { name } = await this.require(id);
    const input: ProbeRepositoryInput = { repositoryId: id };
    const workflowId = `probe/repository/${name}/${randomUUID()}`;
    return this.temporal.execute<RepositoryProbeReport>(PROBE_REPOSITORY_WORKFLOW, workflowId, input, PROBE_MS);
  }

  /** Forgets a repository; its files stay. Throws `resource.in_use` while backups are listed in it. */
  async delete(id: string, requester: Requester): Promise<void> {
    const row = await this.require(id);
    await this.database.$transaction(async (transaction) => {
      await takeLock(transaction, `repository:${id}`);
      const backups = await transaction.backup.count({ where: { repositoryId: id } });
      if (backups > 0) {
        throw new OperationError(
          'resource.in_use',
          `${row.name} holds ${backups === 1 ? 'one backup' : `${backups} backups`}`,
          {
            hint: 'Delete its backups first.',
          },
        );
      }
      const open = await transaction.operation.count({
        where: { repositoryId: id, status: { in: ['pending', 'running'] } },
      });
      if (open > 0) throw new OperationError('resource.in_use', `An operation uses ${row.name}`);
      await transaction.repository.delete({ where: { id } });
      await writeAudit(transaction, requester, { ...changeOf(id, 'deleted'), before: registrationOf(row) });
    });
  }

  private async withUsage<R extends Registration>(shown: R): Promise<R & Pick<RepositoryView, 'usage'>> {
    return { ...shown, usage: (await usagesOf(this.database, [shown]))(shown) };
  }

  private async require(id: string, at?: string): Promise<Repository> {
    const row = await this.database.repository.findUnique({ where: { id } });
    if (row) return row;
    throw new OperationError('resource.not_found', `There is no repository ${id}`, {
      ...(at === undefined ? {} : { errors: [{ at, message: 'names no repository' }] }),
    });
  }

  private async unlessTaken<T>(name: string, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (cause) {
      if (!isUniqueViolation(cause)) throw cause;
      throw new OperationError('resource.conflict', `There is a repository named ${name}`, {
        errors: [{ at: 'name', message: 'is taken' }],
        cause,
      });
    }
  }
}

const changeOf = (id: string, verb: string) => ({
  action: `repository.${verb}`,
  resourceKind: 'repository',
  resourceId: id,
});
