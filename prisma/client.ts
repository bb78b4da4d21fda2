import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.ts';

export * from './generated/client.ts';

/** Opens our own database; the one way to do it. Every statement ends after `statementTimeoutMs`. */
export function openDatabase(
  url: string,
  options: { poolSize?: number; statementTimeoutMs?: number } = {},
): PrismaClient {
  const adapter = new PrismaPg(
    {
      connectionString: url,
      max: options.poolSize ?? 10,
      connectionTimeoutMillis: 5_000,
      statement_timeout: options.statementTimeoutMs ?? 30_000,
      keepAlive: true,
    },
    // A lost idle connection is replaced by the pool; without a listener it would end the process.
    { onPoolError: () => undefined, onConnectionError: () => undefined },
  );
  return new PrismaClient({ adapter });
}
