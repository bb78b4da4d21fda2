import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { OPERATION_CHANNEL } from '@holdfast/contracts';
import pg from 'pg';
import type { Config } from '../config.ts';
import { CONFIG } from '../database/database.module.ts';

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/** What a listener is told: an operation changed, or notifications may have been missed. */
export interface OperationHearer {
  changed(operationId: string): void;
  missed(): void;
}

/** Hears every change of an operation, on a connection of its own that it makes again whenever it is lost. */
@Injectable()
export class OperationListener implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('operation-listener');
  private readonly hearers = new Set<OperationHearer>();
  private client: pg.Client | null = null;
  private timer: NodeJS.Timeout | null = null;
  private waitMs = FIRST_WAIT_MS;
  private stopped = false;

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  hear(hearer: OperationHearer): void {
    this.hearers.add(hearer);
  }

  onApplicationBootstrap(): void {
    void this.connect();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    await this.client?.end();
  }

  private async connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.config.DATABASE_URL,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      application_name: 'holdfast-api-listener',
    });
    let lost = false;
    const lose = (): void => {
      if (lost) return;
      lost = true;
      this.again(client);
    };
    client.on('error', lose);
    client.on('end', lose);
    client.on('notification', ({ payload }) => {
      if (payload) for (const hearer of this.hearers) hearer.changed(payload);
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${OPERATION_CHANNEL}`);
    } catch {
      lose();
      return;
    }
    if (this.stopped) {
      await client.end();
      return;
    }
    this.client = client;
    this.waitMs = FIRST_WAIT_MS;
    // Notifications are not kept for who was away: what changed meanwhile has to be read.
    for (const hearer of this.hearers) hearer.missed();
  }

  private again(client: pg.Client): void {
    if (this.client === client) this.client = null;
    client.end().catch(() => undefined);
    if (this.stopped) return;
    this.log.warn(`The connection that hears changes was lost; trying again in ${this.waitMs} ms`);
    this.timer = setTimeout(() => void this.connect(), this.waitMs);
    this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
  }
}
