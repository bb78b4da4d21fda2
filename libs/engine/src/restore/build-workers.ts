import { classOf } from '@holdfast/contracts';
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import type pg from 'pg';
import type { PostgresTarget } from '../postgres/target.ts';

/** Whether a server shares our cores, as far as its host tells: an address of this machine, or the directory of a socket. */
export const isOnThisMachine = ({ host }: Pick<PostgresTarget, 'host'>): boolean =>
  host === 'localhost' || host.startsWith('/') || (isIP(host) !== 0 && classOf(host) === 'loopback');

/**
 * How many parallel workers the server may give to the build of an index. Where it is on this machine and we have as many
 * sessions as there are cores, workers only take the cores from the other sessions, and what they sort goes through files:
 * none then, unless the build is alone. Elsewhere nobody here knows how many cores there are: the server decides.
 */
export class BuildWorkers {
  private readonly shares: boolean;
  private readonly without = new WeakSet<pg.Client>();

  constructor(target: Pick<PostgresTarget, 'host'>, sessions: number, cores: number = availableParallelism()) {
    this.shares = sessions >= cores && isOnThisMachine(target);
  }

  /** Prepares a session for a build. `alone`: no other session of ours has anything to do. Throws what Postgres says. */
  async prepare(client: pg.Client, alone: boolean): Promise<void> {
    const none = this.shares && !alone;
    if (none === this.without.has(client)) return;
    await client.query(`${none ? 'SET' : 'RESET'} max_parallel_maintenance_workers${none ? ' = 0' : ''}`);
    if (none) this.without.add(client);
    else this.without.delete(client);
  }
}
