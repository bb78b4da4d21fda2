import type { Transaction } from './database.module.ts';

/**
 * Waits for the lock of a resource such as `environment:<id>`, held until the transaction ends. Operations begin under
 * the same locks.
 */
export async function takeLock(transaction: Transaction, resource: string): Promise<void> {
  await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtext(${resource}))`;
}
