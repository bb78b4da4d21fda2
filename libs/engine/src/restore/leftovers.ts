import { dropDatabase, maintenance } from '../postgres/databases.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { operationOf } from './working-database.ts';

/**
 * Drops what restores built and could not remove, because the server or the worker was away when they ended. `whichEnded`
 * is given the ids of operations and answers those that are known to have ended; all others may still be at work.
 */
export const dropLeftovers = (
  target: PostgresTarget,
  whichEnded: (operationIds: string[]) => Promise<string[]>,
  signal: AbortSignal,
): Promise<void> =>
  maintenance(target, signal, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT datname AS name FROM pg_catalog.pg_database WHERE datname LIKE 'holdfast\\_restore\\_%'",
    );
    const byOperation = new Map<string, string>();
    for (const { name } of rows) {
      const id = operationOf(name);
      if (id !== null) byOperation.set(id, name);
    }
    if (byOperation.size === 0) return;
    for (const id of await whichEnded([...byOperation.keys()])) {
      const name = byOperation.get(id);
      if (name !== undefined) await dropDatabase(client, name);
    }
  });
