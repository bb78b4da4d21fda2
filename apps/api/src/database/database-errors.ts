import { Prisma } from '@holdfast/prisma';

/** True when a write met a row with the same unique value. */
export const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';

/** Not reachable, timed out, closed, no free connection, no transaction in time. */
const AWAY = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028']);
const AWAY_KINDS = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections']);

/** True when our own database does not answer now: SQLSTATE classes 08 and 57P too. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientInitializationError) return true;
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false;
  const adapter = error.meta?.['driverAdapterError'] as
    { cause?: { kind?: string; originalCode?: string } } | undefined;
  const { kind = '', originalCode = '' } = adapter?.cause ?? {};
  return AWAY.has(error.code) || AWAY_KINDS.has(kind) || /^(08|57P)/.test(originalCode);
}
