import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OperationError } from '@holdfast/contracts';
import {
  executable,
  findServer,
  prepareCluster,
  startPostgres,
  type PostgresServer,
  type PostgresTarget,
} from '@holdfast/engine/embedded';
import pg from 'pg';
import { toolsDir } from './config.ts';
import { makeTempDir } from './temp-dir.ts';

const TEMPLATE_PASSWORD = 'template';

/** A real Postgres server of one test; everything in it is lost with `stop`. */
export interface ThrowawayPostgres {
  server: PostgresServer;
  /** The superuser `postgres` on the database `postgres`; the password is this server's own. */
  target: PostgresTarget;
  /** Where the cluster lies, for tests that damage or restart it. */
  dataDir: string;
  binDir: string;
  createDatabase(name?: string): Promise<PostgresTarget>;
  /** An open connection, closed by `stop`. */
  client(target?: PostgresTarget): Promise<pg.Client>;
  stop(): Promise<void>;
}

/** Starts a throwaway server of a major version in well under a second; `settings` are postgresql.conf settings. */
export async function throwawayPostgres(
  major = 17,
  options: { settings?: Record<string, string> } = {},
): Promise<ThrowawayPostgres> {
  const binDir = await findServer(toolsDir(), major);
  if (!binDir) {
    throw new OperationError('postgres.server_missing', `No Postgres ${major} server in ${toolsDir()}`, {
      hint: 'Run: node tools/setup.mjs',
    });
  }
  const dir = await makeTempDir(`postgres-${major}`);
  const dataDir = join(dir, 'cluster');
  try {
    await copyCluster(await template(binDir, major), dataDir);
    const password = `throwaway-${randomBytes(9).toString('hex')}`;
    const started = await startPostgres({ binDir, dataDir, password: TEMPLATE_PASSWORD, durable: false, ...options });
    const target = { ...started.target, password };
    await once(started.target, `ALTER ROLE postgres PASSWORD ${pg.escapeLiteral(password)}`);
    return handle({ ...started, target }, { dir, dataDir, binDir });
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

/** Opens a connection whose loss does not end the process: a test sees it at its next statement. */
export async function connect(target: PostgresTarget): Promise<pg.Client> {
  const { host, port, database, user, password } = target;
  const client = new pg.Client({ host, port, database, user, password, ssl: false });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Runs statements on a connection of their own. */
export async function once(target: PostgresTarget, sql: string): Promise<void> {
  const client = await connect(target);
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function handle(server: PostgresServer, at: { dir: string; dataDir: string; binDir: string }): ThrowawayPostgres {
  const clients: pg.Client[] = [];
  const { target } = server;
  return {
    server,
    target,
    dataDir: at.dataDir,
    binDir: at.binDir,
    async createDatabase(name = `test_${randomBytes(6).toString('hex')}`) {
      await once(target, `CREATE DATABASE ${pg.escapeIdentifier(name)}`);
      return { ...target, database: name };
    },
    async client(of = target) {
      const client = await connect(of);
      clients.push(client);
      return client;
    },
    async stop() {
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
      await server.stop();
      await rm(at.dir, { recursive: true, force: true });
    },
  };
}

// initdb runs once per version of the binaries; a copy of its result takes a tenth of the time.
async function template(binDir: string, major: number): Promise<string> {
  const { mtimeMs, size } = await stat(executable(binDir, 'postgres'));
  const dataDir = join(toolsDir(), 'templates', `postgres-${major}-${size.toString(36)}-${Math.trunc(mtimeMs)}`);
  await mkdir(join(toolsDir(), 'templates'), { recursive: true });
  return prepareCluster({ binDir, dataDir, password: TEMPLATE_PASSWORD, durable: true });
}

async function copyCluster(from: string, to: string): Promise<void> {
  if (process.platform === 'win32') return cp(from, to, { recursive: true });
  // Keeps the owner: as root, the server runs as somebody else.
  await promisify(execFile)('cp', ['-pR', from, to]);
}
