import { OperationError } from '@holdfast/contracts';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findServer } from '../postgres/binaries.ts';
import { isAlive } from '../postgres/child.ts';
import { releaseDataDir, removeCluster } from '../postgres/cluster.ts';
import { maintenance } from '../postgres/databases.ts';
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

const PREFIX = 'scratch-';
/** Those of this process: in a container, the one before it had the same id. */
const ours = new Set<string>();
const clusterIn = (dir: string): string => join(dir, 'data');

// As root the cluster may lie elsewhere: the directory alone is not all of it.
async function remove(dir: string): Promise<void> {
  await removeCluster(clusterIn(dir));
  await rm(dir, { recursive: true, force: true });
  ours.delete(dir);
}

/** Removes what workers that were killed left behind. */
async function sweep(workDir: string): Promise<void> {
  for (const name of await readdir(workDir)) {
    const dir = join(workDir, name);
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : 0;
    const lives = pid === process.pid ? ours.has(dir) : isAlive(pid);
    if (!(pid > 0) || lives) continue;
    await releaseDataDir(clusterIn(dir));
    await remove(dir);
  }
}

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
  await mkdir(options.workDir, { recursive: true });
  await sweep(options.workDir);
  const dir = join(options.workDir, `${PREFIX}${process.pid}-${randomBytes(6).toString('hex')}`);
  // Known before it is there: another trial of this process may be sweeping.
  ours.add(dir);
  await mkdir(dir, { mode: 0o700 });
  const password = randomBytes(24).toString('hex');
  try {
    const dataDir = clusterIn(dir);
    const server = await startPostgres({ binDir, dataDir, password, durable: false, settings: SETTINGS }, { signal });
    return {
      target: server.target,
      close: async () => {
        await server.stop();
        await remove(dir);
      },
    };
  } catch (error) {
    await remove(dir);
    throw error;
  }
}

/** Scratch servers: the one at `url`, or an embedded one started for each trial. */
export const scratchServers = (options: ScratchOptions): ScratchServers => ({
  open: (major, signal) =>
    options.url === null ? embedded(options, major, signal) : fromUrl(options.url, major, signal),
});
