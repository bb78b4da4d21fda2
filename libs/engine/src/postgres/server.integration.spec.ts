import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultToolsDir, executable, findServer } from './binaries.ts';
import { canTie, isAlive } from './child.ts';
import { removeCluster, serverUser } from './cluster.ts';
import { freePort, startPostgres, type PostgresServer } from './server.ts';

const isRoot = process.getuid?.() === 0;
const password = 'with space and ünicode';
let binDir: string;
let dir: string;
let dataDir: string;
let running: PostgresServer[] = [];

beforeEach(async () => {
  binDir = (await findServer(defaultToolsDir(), 17)) ?? '';
  dir = await mkdtemp(join(tmpdir(), 'holdfast-server-'));
  await chmod(dir, 0o711);
  dataDir = join(dir, 'cluster');
});

afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  running = [];
  await rm(dir, { recursive: true, force: true });
});

async function start(more: Partial<Parameters<typeof startPostgres>[0]> = {}): Promise<PostgresServer> {
  const server = await startPostgres({ binDir, dataDir, password, durable: false, ...more });
  running.push(server);
  return server;
}

async function ask(server: PostgresServer, sql: string): Promise<unknown> {
  const { host, port, database, user } = server.target;
  const client = new pg.Client({ host, port, database, user, password: server.target.password });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return Object.values(((await client.query(sql)).rows[0] as object | undefined) ?? {})[0];
  } finally {
    await client.end();
  }
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'nothing thrown',
    (error: { code?: string }) => error.code,
  );

describe('a first start', () => {
  it('makes a UTF8 cluster in locale C that asks for a SCRAM password', async () => {
    const server = await start();
    expect(await ask(server, 'SHOW server_encoding')).toBe('UTF8');
    expect(await ask(server, "SELECT datcollate FROM pg_database WHERE datname = 'postgres'")).toBe('C');
    expect(
      await ask(server, "SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = 'postgres'"),
    ).toBe(true);
    expect(await codeOf(ask({ ...server, target: { ...server.target, password: 'wrong' } }, 'SELECT 1'))).toBe('28P01');
  });

  it('listens on 127.0.0.1 only, and leaves no password file', async () => {
    const server = await start({ settings: { max_connections: '17' } });
    expect(await ask(server, 'SHOW listen_addresses')).toBe('127.0.0.1');
    expect(await ask(server, 'SHOW unix_socket_directories')).toBe('');
    expect(await ask(server, 'SHOW max_connections')).toBe('17');
    expect(await readdir(dir)).toEqual(['cluster']);
  });

  it('refuses a directory that holds something else', async () => {
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'letter.txt'), 'dear');
    expect(await codeOf(start())).toBe('postgres.server_failed');
    expect(await readFile(join(dataDir, 'letter.txt'), 'utf8')).toBe('dear');
  });

  it('names a port that is in use before anything is made', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    await expect(start({ port })).rejects.toThrow(String(port));
    expect(await readdir(dir)).toEqual([]);
    taken.close();
  });

  it.runIf(isRoot)('places the cluster elsewhere where its user cannot pass, and says so', async () => {
    await chmod(dir, 0o700);
    const server = await start();
    const note = await readFile(join(dataDir, 'cluster-place.txt'), 'utf8');
    const place = note.split('\n')[0] ?? '';
    expect(await ask(server, 'SHOW data_directory')).toBe(place);
    await server.stop();
    const kept = join(dir, 'kept');
    await rename(dataDir, kept);
    const refused = { code: 'postgres.server_failed', message: `${place} is the cluster of an earlier data directory` };
    await expect(start()).rejects.toMatchObject({ ...refused, message: expect.stringContaining(refused.message) });
    await rename(kept, dataDir);
    await removeCluster(dataDir);
    await expect(stat(place)).rejects.toThrow('ENOENT');
  });
});

describe('a later start', () => {
  it('keeps the data, also after a kill', async () => {
    const first = await start({ durable: true });
    await ask(first, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    expect(await first.exited).toBe(0);
    const second = await start({ durable: true });
    process.kill(second.pid, 'SIGKILL');
    expect(await second.exited).toBeNull();
    expect(await ask(await start({ durable: true }), 'SELECT answer FROM kept')).toBe(42);
  });

  it('fails with another password and leaves no process', async () => {
    await (await start()).stop();
    expect(await codeOf(start({ password: 'another' }))).toBe('postgres.server_failed');
    await expect(stat(join(dataDir, 'postmaster.pid'))).rejects.toThrow('ENOENT');
  });

  it('is refused while the process that started the server lives', async () => {
    await start();
    expect(await codeOf(start())).toBe('resource.in_use');
  });

  it('stops a server that a killed process left behind', async () => {
    await (await start()).stop();
    const flags = ['-D', dataDir, '-p', String(await freePort()), '-c', 'unix_socket_directories='];
    const left = spawn(executable(binDir, 'postgres'), flags, { stdio: 'ignore', cwd: binDir, ...serverUser() });
    await writeFile(join(dataDir, 'holdfast-owner.pid'), '1\n');
    await untilRunning();
    const server = await start();
    expect(left.exitCode).toBe(0);
    expect(await ask(server, 'SELECT 1')).toBe(1);
  });

  it('clears the pid file of a server that no longer runs', async () => {
    await (await start()).stop();
    await writeFile(join(dataDir, 'postmaster.pid'), `${process.pid}\n${dataDir}\n`);
    expect(await ask(await start(), 'SELECT 1')).toBe(1);
  });
});

it('gives up when told to', async () => {
  await expect(
    startPostgres({ binDir, dataDir, password, durable: false }, { signal: AbortSignal.abort(new Error('enough')) }),
  ).rejects.toThrow('enough');
});

it('says with the last lines of the log why a server does not start', async () => {
  await expect(start({ settings: { shared_buffers: 'many' } })).rejects.toThrow(/shared_buffers/);
});

it.runIf(await canTie())('ends with the process that started it, also when that is killed', async () => {
  const script = `
    import { startPostgres } from ${JSON.stringify(join(import.meta.dirname, 'server.ts'))};
    const server = await startPostgres(${JSON.stringify({ binDir, dataDir, password, durable: false })});
    console.log(server.pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn('node', ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  for (let waited = 0; isAlive(pid) && waited < 5_000; waited += 50) await sleep(50);
  expect(isAlive(pid)).toBe(false);
});

async function untilRunning(): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 50) {
    if ((await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '')).includes('ready')) return;
    await sleep(50);
  }
}
