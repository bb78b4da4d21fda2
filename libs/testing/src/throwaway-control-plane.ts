import { randomBytes } from 'node:crypto';
import type { PostgresTarget } from '@holdfast/engine/embedded';
import { openDatabase, type PrismaClient } from '@holdfast/prisma';
import { applyMigrations } from './migrations.ts';
import { once, throwawayPostgres, type ThrowawayPostgres } from './throwaway-postgres.ts';

const TEMPLATE = 'holdfast_template';

/** Our own database, migrated and empty. */
export interface ThrowawayControlPlane {
  url: string;
  target: PostgresTarget;
  database: PrismaClient;
  stop(): Promise<void>;
}

let shared: { server: Promise<ThrowawayPostgres>; users: number } | undefined;

/** Makes an own, empty control-plane database; those of one process share a server, which the last `stop` ends. */
export async function throwawayControlPlane(): Promise<ThrowawayControlPlane> {
  const using = (shared ??= { server: startMigrated(), users: 0 });
  using.users += 1;
  const leave = async () => {
    using.users -= 1;
    if (using.users > 0) return;
    if (shared === using) shared = undefined;
    await (await using.server).stop();
  };
  try {
    const server = await using.server;
    const name = `holdfast_${randomBytes(6).toString('hex')}`;
    await once(server.target, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
    const target = { ...server.target, database: name };
    const url = connectionUrl(target);
    const database = openDatabase(url);
    const stop = async () => {
      await database.$disconnect();
      await leave();
    };
    return { url, target, database, stop };
  } catch (error) {
    await leave().catch(() => undefined);
    throw error;
  }
}

/** A target as the connection URL that `DATABASE_URL` takes. */
export function connectionUrl({ host, port, database, user, password }: PostgresTarget): string {
  const [who, secret, name] = [user, password, database].map(encodeURIComponent);
  return `postgresql://${who}:${secret}@${host}:${port}/${name}`;
}

async function startMigrated(): Promise<ThrowawayPostgres> {
  const server = await throwawayPostgres(17);
  try {
    await applyMigrations(await server.createDatabase(TEMPLATE));
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}
