import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { OperationError, PROBE_WORKFLOW, sealedFor, type ProbeInput, type ProbeReport } from '@holdfast/contracts';
import { sealSecret } from '@holdfast/crypto';
import type { Environment, Prisma, PrismaClient } from '@holdfast/prisma';
import { z } from 'zod';
import { writeAudit } from '../audit/write-audit.ts';
import type { Config } from '../config.ts';
import { contains } from '../database/contains.ts';
import { CONFIG, DATABASE } from '../database/database.module.ts';
import { takeLock } from '../database/take-lock.ts';
import { isUniqueViolation } from '../database/database-errors.ts';
import { guardAddress } from '../http/address-guard.ts';
import { allChecks } from '../http/all-checks.ts';
import { requireVersion } from '../http/if-match.ts';
import { cutPage, decodeCursor } from '../http/paging.ts';
import type { Requester } from '../http/requester.ts';
import { TemporalClient } from '../operations/temporal-client.ts';
import type { ConnectionParts } from './connection-url.ts';
import { givenParts, requirePassword, wholeConnection } from './connection.ts';
import type {
  CreateEnvironment,
  EnvironmentPage,
  EnvironmentQuery,
  EnvironmentView,
  UpdateEnvironment,
} from './environment.dto.ts';
import { environmentView, kindColumn, tlsColumn } from './environment.view.ts';
import { guardProject, projectColumns } from './project.ts';

const PROBE_MS = 20_000;
const PRODUCTION_COLOR = '#c62828';
const COLOR = '#1565c0';

const place = z.strictObject({ name: z.string() });

/** The environments and their connections; secrets go in and never come out. */
@Injectable()
export class EnvironmentsService {
  constructor(
    @Inject(DATABASE) private readonly database: PrismaClient,
    @Inject(CONFIG) private readonly config: Config,
    private readonly temporal: TemporalClient,
  ) {}

  async list(query: EnvironmentQuery): Promise<EnvironmentPage> {
    const from = decodeCursor(query.cursor, place);
    const rows = await this.database.environment.findMany({
      where: {
        deletedAt: null,
        ...(query.kind === undefined ? {} : { kind: { in: query.kind.map(kindColumn) } }),
        ...(query.production === undefined ? {} : { production: query.production === 'true' }),
        AND: [
          ...(query.search === undefined ? [] : [{ name: contains(query.search) }]),
          ...(from === null ? [] : [{ name: { gt: from.name } }]),
        ],
      },
      orderBy: { name: 'asc' },
      take: query.limit + 1,
    });
    return cutPage(rows, query.limit, environmentView, ({ name }) => ({ name }));
  }

  async get(id: string): Promise<EnvironmentView> {
    return environmentView(await this.require(id));
  }

  /** The row of an environment that is not deleted; throws `resource.not_found`, naming the request's field if one is given. */
  async require(id: string, at?: string): Promise<Environment> {
    const row = await this.database.environment.findUnique({ where: { id } });
    if (row && !row.deletedAt) return row;
    throw new OperationError('resource.not_found', `There is no environment ${id}`, {
      ...(at === undefined ? {} : { errors: [{ at, message: 'names no environment' }] }),
    });
  }

  async create(given: CreateEnvironment, requester: Requester): Promise<EnvironmentView> {
    const [connection] = await allChecks(
      async () => {
        const whole = wholeConnection(given, given.kind);
        await this.guard(whole.host);
        return whole;
      },
      () => guardProject(this.config, given, null),
    );
    const id = randomUUIDv7();
    return this.unlessTaken(given.name, () =>
      this.database.$transaction(async (transaction) => {
        const row = await transaction.environment.create({
          data: {
            id,
            name: given.name,
            kind: kindColumn(given.kind),
            host: connection.host,
            port: connection.port,
            database: connection.database,
            username: connection.user,
            sealedPassword: this.seal(id, connection.password),
            tlsMode: tlsColumn(connection.tlsMode),
            caCertificate: given.caCertificate ?? null,
            color: given.color ?? (given.production ? PRODUCTION_COLOR : COLOR),
            production: given.production,
            projectRef: given.projectRef ?? null,
            ...projectColumns(this.config, id, given),
          },
        });
        const after = environmentView(row);
        await writeAudit(transaction, requester, { ...changeOf(id, 'created'), after });
        return after;
      }),
    );
  }

  async update(
    id: string,
    versions: number[] | null,
    given: UpdateEnvironment,
    requester: Requester,
  ): Promise<EnvironmentView> {
    const row = await this.require(id);
    requireVersion(row.version, versions);
    await allChecks(
      () => this.guardChange(givenParts(given), row),
      () => guardProject(this.config, given, row),
    );
    const data = this.changesOf(id, given);
    return this.unlessTaken(given.name ?? row.name, () =>
      this.database.$transaction(async (transaction) => {
        const { count } = await transaction.environment.updateMany({
          where: { id, version: row.version, deletedAt: null },
          data: { ...data, version: { increment: 1 } },
        });
        // Someone was faster, between reading and writing.
        if (count === 0) requireVersion(row.version + 1, [row.version]);
        const after = environmentView(await transaction.environment.findUniqueOrThrow({ where: { id } }));
        await writeAudit(transaction, requester, {
          ...changeOf(id, 'updated'),
          before: environmentView(row),
          after: { ...after, ...changedSecrets(data) },
        });
        return after;
      }),
    );
  }

  /** Deletes an environment softly: its operations and audit stay. Throws `resource.in_use` while it has backups. */
  async delete(id: string, requester: Requester): Promise<void> {
    const row = await this.require(id);
    await this.database.$transaction(async (transaction) => {
      // The lock under which operations begin: none starts on an environment that is being deleted.
      await takeLock(transaction, `environment:${id}`);
      const backups = await transaction.backup.count({ where: { environmentId: id } });
      if (backups > 0) {
        throw new OperationError(
          'resource.in_use',
          `${row.name} has ${backups === 1 ? 'one backup' : `${backups} backups`}`,
          {
            hint: 'Delete its backups first.',
          },
        );
      }
      const open = await transaction.operation.count({
        where: { environmentId: id, status: { in: ['pending', 'running'] } },
      });
      if (open > 0) throw new OperationError('operation.environment_busy', `An operation holds ${row.name}`);
      // The name is free again; ~ is in no name that a user may give.
      await transaction.environment.update({
        where: { id },
        data: {
          ...{ deletedAt: new Date(), name: `${row.name}~${id}`, version: { increment: 1 } },
          ...{ sealedPassword: '', sealedServiceKey: null, sealedAccessToken: null },
        },
      });
      await writeAudit(transaction, requester, { ...changeOf(id, 'deleted'), before: environmentView(row) });
    });
  }

  /** Lets a worker connect, as a backup would; throws what stood in its way, or `worker.unavailable` after 20 s. */
  async test(id: string): Promise<ProbeReport> {
    const row = await this.require(id);
    await this.guard(row.host);
    await guardProject(this.config, { projectUrl: row.projectUrl }, row);
    const input: ProbeInput = { environmentId: id };
    return this.temporal.execute<ProbeReport>(PROBE_WORKFLOW, `probe/${row.name}/${randomUUID()}`, input, PROBE_MS);
  }

  private changesOf(id: string, given: UpdateEnvironment): Prisma.EnvironmentUpdateManyMutationInput {
    const { host, port, database, user, password, tlsMode } = givenParts(given);
    const { name, kind, caCertificate, color, production, projectRef } = given;
    return {
      ...(name === undefined ? {} : { name }),
      ...(kind === undefined ? {} : { kind: kindColumn(kind) }),
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(database === undefined ? {} : { database }),
      ...(user === undefined ? {} : { username: user }),
      ...(password === undefined ? {} : { sealedPassword: this.seal(id, password) }),
      ...(tlsMode === undefined ? {} : { tlsMode: tlsColumn(tlsMode) }),
      ...(caCertificate === undefined ? {} : { caCertificate }),
      ...(color === undefined ? {} : { color }),
      ...(production === undefined ? {} : { production }),
      ...(projectRef === undefined ? {} : { projectRef }),
      ...projectColumns(this.config, id, given),
    };
  }

  private seal(id: string, password: string): string {
    return sealSecret(this.config.HOLDFAST_MASTER_KEY, password, sealedFor(id, 'password'));
  }

  private async guardChange(parts: Partial<ConnectionParts>, row: Environment): Promise<void> {
    const { host } = parts;
    await allChecks(
      () => (host === undefined ? undefined : this.guard(host)),
      () => requirePassword(parts, environmentView(row)),
    );
  }

  private guard(host: string): Promise<void> {
    return guardAddress(host, this.config.HOLDFAST_ALLOW_PRIVATE_ADDRESSES);
  }

  private async unlessTaken<T>(name: string, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (cause) {
      if (!isUniqueViolation(cause)) throw cause;
      throw new OperationError('resource.conflict', `There is an environment named ${name}`, {
        errors: [{ at: 'name', message: 'is taken' }],
        cause,
      });
    }
  }
}

/** That a secret was changed, for the audit; never to what. */
const changedSecrets = (data: Prisma.EnvironmentUpdateManyMutationInput): Record<string, true> => ({
  ...(data.sealedPassword === undefined ? {} : { passwordChanged: true }),
  ...(data.sealedServiceKey === undefined ? {} : { serviceKeyChanged: true }),
  ...(data.sealedAccessToken === undefined ? {} : { accessTokenChanged: true }),
});

const changeOf = (id: string, verb: string) => ({
  action: `environment.${verb}`,
  resourceKind: 'environment',
  resourceId: id,
  environmentId: id,
});
