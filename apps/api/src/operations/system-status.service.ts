import { Inject, Injectable } from '@nestjs/common';
import { OperationError } from '@holdfast/contracts';
import type { PrismaClient } from '@holdfast/prisma';
import type { Config } from '../config.ts';
import { CONFIG, DATABASE } from '../database/database.module.ts';
import { VERSION } from '../version.ts';
import type { SystemStatus } from './system-status.dto.ts';
import { TemporalClient } from './temporal-client.ts';

// A poll waits for work for up to a minute before it asks again.
const POLLER_IS_RECENT_MS = 120_000;

async function timed<T>(ask: () => Promise<T>): Promise<{ value: T; latencyMs: number }> {
  const start = performance.now();
  const value = await ask();
  return { value, latencyMs: Math.round((performance.now() - start) * 10) / 10 };
}

/** Null for an error that says that Temporal does not answer. */
async function unlessAway<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof OperationError && error.code === 'temporal.unavailable') return null;
    throw error;
  }
}

/** Asks every part of the product how it is. */
@Injectable()
export class SystemStatusService {
  constructor(
    @Inject(DATABASE) private readonly database: PrismaClient,
    @Inject(CONFIG) private readonly config: Config,
    private readonly temporal: TemporalClient,
  ) {}

  async get(): Promise<SystemStatus> {
    const [temporal, worker, postgres] = await Promise.all([this.askTemporal(), this.askWorkers(), this.askPostgres()]);
    const repositories = postgres.reachable ? await this.repositories() : [];
    const ok = temporal.reachable && postgres.reachable && (worker.pollers ?? 0) > 0;
    return { status: ok ? 'ok' : 'degraded', version: VERSION, temporal, worker, postgres, repositories };
  }

  private async askTemporal(): Promise<SystemStatus['temporal']> {
    const answer = await unlessAway(() => timed(() => this.temporal.serverVersion()));
    return {
      reachable: answer !== null,
      address: this.config.TEMPORAL_ADDRESS,
      namespace: this.config.TEMPORAL_NAMESPACE,
      serverVersion: answer?.value ?? null,
      latencyMs: answer?.latencyMs ?? null,
    };
  }

  private async askWorkers(): Promise<SystemStatus['worker']> {
    const pollers = await unlessAway(() => this.temporal.pollers());
    if (pollers === null) return { pollers: null, lastSeenAt: null };
    const seen = pollers.map(({ lastSeenAt }) => lastSeenAt?.getTime() ?? 0);
    const last = Math.max(0, ...seen);
    return {
      pollers: seen.filter((time) => Date.now() - time < POLLER_IS_RECENT_MS).length,
      lastSeenAt: last > 0 ? new Date(last).toISOString() : null,
    };
  }

  private async askPostgres(): Promise<SystemStatus['postgres']> {
    try {
      const { value, latencyMs } = await timed(
        () => this.database.$queryRaw<{ version: string }[]>`SELECT current_setting('server_version') AS version`,
      );
      return { reachable: true, version: value[0]?.version ?? null, latencyMs };
    } catch {
      // That it does not answer is the answer.
      return { reachable: false, version: null, latencyMs: null };
    }
  }

  private async repositories(): Promise<SystemStatus['repositories']> {
    const rows = await this.database.repository.findMany({ orderBy: { name: 'asc' } });
    const sums = await this.database.backup.groupBy({
      by: ['repositoryId'],
      _count: true,
      _sum: { storedBytes: true },
    });
    return rows.map((row) => {
      const sum = sums.find(({ repositoryId }) => repositoryId === row.id);
      return {
        id: row.id,
        name: row.name,
        driver: row.driver,
        attached: row.repositoryUid !== null,
        backups: sum?._count ?? 0,
        storedBytes: Number(sum?._sum.storedBytes ?? 0),
      };
    });
  }
}
