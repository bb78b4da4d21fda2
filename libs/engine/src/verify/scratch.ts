import { OperationError } from '@holdfast/contracts';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findServer } from '../postgres/binaries.ts';
import { releaseDataDir, removeCluster } from '../postgres/cluster.ts';
import { maintenance } from '../postgres/databases.ts';
import { makePrivateDirectory } from '../postgres/private-directory.ts';
import { startPostgres } from '../postgres/server.ts';
import type { PostgresTarget } from '../postgres/target.ts';

/** A server for trial restores; `close` gives back all it took. */
export interface ScratchServer {
  target: PostgresTarget;
  close(): Promise<void>;
}

export interface ScratchServers {
  /** A server of this major version. Throws `verify.scratch_unavailable`. */
  open(major: number, signal: AbortSignal): Promise<ScratchServer>;
}

export interface ScratchOptions {
  toolsDir: string;
  /** A server to use instead of starting one; its major version must fit. */
  url: string | null;
  /** Where data directories of started servers go; emptied of them again. */
  workDir: string;
}

const unavailable = (message: string, hint: string, cause?: unknown): OperationError =>
  new OperationError('verify.scratch_unavailable', message, { hint, cause });

/** What a scratch server needs not: nobody misses its data after a crash. */
const SETTINGS = {
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
  shared_buffers: '128MB',
  max_locks_per_transaction: '512',
  autovacuum: 'off',
};

const clusterIn = (dir: string): string => join(dir, 'data');

function targetOfUrl(text: string): PostgresTarget {
  const url = new URL(text);
  const mode = url.searchParams.get('sslmode');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 5432),
    database: decodeURIComponent(url.pathname.slice(1)) || 'postgres',
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    tlsMode:
      mode === 'require' || mode === 'disable' || mode === 'verify-ca' || mode === 'verify-full' ? mode : 'prefer',
    caCertificate: null,
  };
}

async function fromUrl(url: string, major: number, signal: AbortSignal): Promise<ScratchServer> {
  const target = targetOfUrl(url);
  const found = await maintenance(target, signal, async (client) => {
    const { rows } = await client.query<{ server_version_num: string }>('SHOW server_version_num');
    return Math.floor(Number(rows[0]?.server_version_num) / 10_000);
  });
  if (found !== major) {
    throw unavailable(
      `The scratch server is Postgres ${found}, the backup needs ${major}`,
      'Point SCRATCH_DATABASE_URL at a server of that version, or leave it out to start an embedded one.',
    );
  }
  return { target, close: () => Promise.resolve() };
}

async function embedded(options: ScratchOptions, major: number, signal: AbortSignal): Promise<ScratchServer> {
  const binDir = await findServer(options.toolsDir, major);
  if (!binDir) {
    throw unavailable(
      `No Postgres ${major} server is installed for a trial restore`,
      `Run \`node tools/setup.mjs --postgres ${major}\`, or set SCRATCH_DATABASE_URL.`,
    );
  }
  const dir = await makePrivateDirectory({
    ...{ parent: options.workDir, prefix: 'scratch-' },
    removeLeftover: async (path) => {
      // Its server ended with the process that started it, or is about to.
      await releaseDataDir(clusterIn(path));
      await removeCluster(clusterIn(path));
      await rm(path, { recursive: true, force: true });
    },
  });
  // As root the cluster may lie elsewhere: the directory alone is not all of it.
  const remove = async (): Promise<void> => {
    await removeCluster(clusterIn(dir.path));
    await dir.remove();
  };
  const password = randomBytes(24).toString('hex');
  try {
    const dataDir = clusterIn(dir.path);
    const server = await startPostgres({ binDir, dataDir, password, durable: false, settings: SETTINGS }, { signal });
    return {
      target: server.target,
      close: async () => {
        await server.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Scratch servers: the one at `url`, or an embedded one started for each trial. */
export const scratchServers = (options: ScratchOptions): ScratchServers => ({
  open: (major, signal) =>
    options.url === null ? embedded(options, major, signal) : fromUrl(options.url, major, signal),
});
