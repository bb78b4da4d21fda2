import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperationError } from '@holdfast/contracts';
import pg from 'pg';
import { executable } from './binaries.ts';
import { settles, startChild, type Child } from './child.ts';
import { prepareCluster, serverUser } from './cluster.ts';
import { noteOwner, releaseCluster } from './orphan.ts';
import type { PostgresTarget } from './target.ts';

const START_TIMEOUT_MS = 120_000;
const ATTEMPTS = 5;

export interface PostgresServerOptions {
  /** A directory found by `findServer`. */
  binDir: string;
  /** The cluster's directory; an empty or missing one is initialised. */
  dataDir: string;
  /** A port on 127.0.0.1; 0 or none means any free one. */
  port?: number;
  /** Of the user `postgres`; it must be the one that the cluster was initialised with. */
  password: string;
  /** False trades crash safety for speed: for data whose loss costs nothing. */
  durable: boolean;
  settings?: Record<string, string>;
}

/** A running server of our own; user and database of `target` are `postgres`. */
export interface PostgresServer {
  target: PostgresTarget;
  pid: number;
  /** The exit code, or null when a signal ended it. */
  exited: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  /** Ends every session and the server; SIGQUIT after 10 s. */
  stop(): Promise<void>;
}

/**
 * Starts a Postgres server as our child, on 127.0.0.1 only, and answers once it lets `postgres` sign in; it ends when
 * we end. Throws `postgres.server_failed` with the log's last lines, `resource.in_use` for a port or cluster in use.
 */
export async function startPostgres(
  o: PostgresServerOptions,
  run: { signal?: AbortSignal; onLine?: (line: string) => void } = {},
): Promise<PostgresServer> {
  run.signal?.throwIfAborted();
  if (o.port) await refuseTakenPort(o.port);
  const place = await prepareCluster(o);
  await releaseCluster(place);
  for (let attempt = 1; ; attempt += 1) {
    const port = o.port || (await freePort());
    const child = await startChild(executable(o.binDir, 'postgres'), commandLine(o, place, port), {
      deathSignal: 'SIGINT',
      user: serverUser(),
      cwd: o.binDir,
      ownGroup: true,
      onLine: run.onLine,
    });
    try {
      await noteOwner(place);
      await untilReady(child, place, run.signal);
      const target = targetOf(port, o.password);
      await signIn(target);
      const { pid, exited, kill } = child;
      return { target, pid, exited, kill, stop: () => child.stop('SIGINT', 10_000, 'SIGQUIT') };
    } catch (cause) {
      await child.stop('SIGINT', 5_000, 'SIGQUIT');
      run.signal?.throwIfAborted();
      if (attempt === ATTEMPTS || !isPassing(child)) throw failure(place, child, cause);
      await sleep(attempt * 300);
    }
  }
}

/** A TCP port of 127.0.0.1 that nobody listened on a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer().once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

const targetOf = (port: number, password: string): PostgresTarget => ({
  host: '127.0.0.1',
  port,
  database: 'postgres',
  user: 'postgres',
  password,
  tlsMode: 'disable',
  caCertificate: null,
});

function commandLine(o: PostgresServerOptions, place: string, port: number): string[] {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // A failed statement may hold a secret; its message, SQLSTATE and session stay in the log.
    log_min_error_statement: 'panic',
    ...(o.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_wal_size: '4GB' }),
    ...o.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', place, '-p', String(port), ...flags];
}

// The pid file and not the port says that this server is ready: on the port somebody else might answer.
async function untilReady(child: Child, place: string, signal: AbortSignal | undefined): Promise<void> {
  for (const started = Date.now(); ;) {
    signal?.throwIfAborted();
    const lines = (await readFile(join(place, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return;
    if (await settles(child.exited, 20)) throw new Error('the server ended while it started');
    if (Date.now() - started > START_TIMEOUT_MS) throw new Error(`not ready after ${START_TIMEOUT_MS / 1000} s`);
  }
}

async function signIn(target: PostgresTarget): Promise<void> {
  const { host, port, database, user, password } = target;
  const client = new pg.Client({ host, port, database, user, password, ssl: false, connectionTimeoutMillis: 10_000 });
  // The server may end right after the sign-in; what follows reports that better than an unheard event.
  client.on('error', () => undefined);
  await client.connect();
  await client.end();
}

// Both pass by themselves: a port that was taken between asking and listening, and the last sessions of a killed server.
const isPassing = (child: Child): boolean =>
  /could not bind|could not create any TCP\/IP sockets|pre-existing shared memory/.test(child.lastLines().join('\n'));

function failure(place: string, child: Child, cause: unknown): OperationError {
  const words = cause instanceof Error ? cause.message : String(cause);
  const log = child.lastLines().slice(-8).join('\n');
  return new OperationError('postgres.server_failed', `Postgres did not start on ${place}: ${words}\n${log}`.trim(), {
    cause,
  });
}

async function refuseTakenPort(port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((done, fail) => {
    probe.once('error', (cause) =>
      fail(new OperationError('resource.in_use', `The port ${port} of 127.0.0.1 is in use`, { cause })),
    );
    probe.listen(port, '127.0.0.1', () => probe.close(() => done()));
  });
}
