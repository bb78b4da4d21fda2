import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { PostgresTarget } from '@holdfast/engine/embedded';
import { releaseDataDir } from '@holdfast/engine/embedded';
import { connectionUrl } from '@holdfast/testing';
import { openDataDir, type DataDir } from './data-dir.ts';
import { prepareDatabase, prepareDemo } from './embedded-postgres.ts';
import { createOwner, forgetPassword, moveDemo, register, sessionToken } from './first-start.ts';
import type { Owner, Registered } from './first-start.ts';
import { openLogs, type Logs } from './logs.ts';
import { reservePorts, type WantedPort } from './ports.ts';
import type { PortName, StackContext, StackOptions } from './stack-options.ts';
import { createOwnerProgram, makeProcesses, type Processes, type ProcessName } from './stack-processes.ts';

/** A running Holdfast: every process is our child. */
export interface Stack {
  urls: { api: string; docs: string; temporalUi: string };
  temporalAddress: string;
  /** Our own database, as its owner. */
  database: PostgresTarget;
  demo: PostgresTarget | null;
  owner: Owner;
  registered: Registered;
  dataDir: string;
  /** The processes that run now. */
  /** Removes our copy of the owner's password, once it was shown. */
  forgetPassword(): Promise<void>;
  children(): { name: ProcessName; pid: number }[];
  kill(name: ProcessName, signal?: NodeJS.Signals): Promise<void>;
  /** Stops and starts one; also one that was killed and is not revived. */
  restart(name: ProcessName): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a whole Holdfast on a data directory and answers once it serves. `resource.in_use` names a directory or port
 * that another holds; whatever fails, nothing is left running.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const dir = await openDataDir(resolve(options.dataDir));
  const logs = openLogs(dir.at('logs'), options.quiet ?? false);
  const undo: (() => void | Promise<void>)[] = [() => dir.unlock(), () => logs.close()];
  const stop = async () => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    options.signal?.throwIfAborted();
    const context = await prepare(options, dir, logs);
    const processes = makeProcesses(context);
    undo.push(() => Promise.all(Object.values(context.ports).map((port) => port.release())).then(() => undefined));
    undo.push(() => processes.stopAll());
    // What is starting then fails, and with it the start.
    options.signal?.addEventListener('abort', () => void processes.stopAll(), { once: true });
    return { ...(await begin(context, processes)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function prepare(options: StackOptions, dir: DataDir, logs: Logs): Promise<StackContext> {
  await Promise.all([releaseDataDir(dir.at('postgres')), releaseDataDir(dir.at('demo-postgres'))]);
  const any: WantedPort = { port: 0 };
  await dir.masterKey();
  const [postgres, database, demo] = await Promise.all([
    dir.secret('postgres-password'),
    dir.secret('database-password'),
    dir.secret('demo-password'),
  ]);
  // The demo environment is registered by its port: the same one again, if it can be had.
  const demoPort = Number(await dir.recall('demo-port')) || 0;
  const ports = await reservePorts<PortName>(
    {
      ...{ api: any, temporal: any, temporalUi: any, worker: any, postgres: any },
      demoPostgres: { port: demoPort, preferred: true },
      ...options.ports,
    },
    options.host ?? '127.0.0.1',
    'api',
  );
  await dir.remember('demo-port', String(ports.demoPostgres.port));
  const note = options.note ?? ((line) => logs.write('stack', line));
  return { options, dir, logs, ports, secrets: { postgres, database, demo }, note };
}

async function begin(c: StackContext, processes: Processes): Promise<Omit<Stack, 'stop'>> {
  const databaseReady = processes.start('postgres').then(async (server) => {
    const target = await prepareDatabase(server, c.secrets.database);
    // In a file and not in the environment or an argument, where `ps` would show it.
    await writeFile(c.dir.at('secrets', 'database-url'), connectionUrl(target), { mode: 0o600 });
    await c.options.built;
    c.options.signal?.throwIfAborted();
    const owner = await createOwner(c.dir, target, createOwnerProgram(c));
    await Promise.all([processes.start('api'), processes.start('worker')]);
    return { target, owner };
  });
  const [{ target: database, owner }, demo] = await Promise.all([
    databaseReady,
    c.options.demo ? startDemo(c, processes) : null,
    processes.start('temporal'),
  ]);
  const host = c.options.host ?? '127.0.0.1';
  const address = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  const api = `http://${address.includes(':') ? `[${address}]` : address}:${c.ports.api.port}`;
  const temporalUi = `http://127.0.0.1:${c.ports.temporalUi.port}`;
  return {
    urls: { api, docs: `${api}/api/docs`, temporalUi },
    temporalAddress: `127.0.0.1:${c.ports.temporal.port}`,
    ...{ database, demo, owner, dataDir: c.dir.path },
    registered: await registerAll(c, api, demo),
    forgetPassword: () => forgetPassword(c.dir),
    children: () => processes.running(),
    kill: (name, signal = 'SIGKILL') => processes.of(name).kill(signal),
    restart: (name) => processes.of(name).restart(),
  };
}

async function startDemo(c: StackContext, processes: Processes): Promise<PostgresTarget> {
  const server = await processes.start('demo-postgres');
  return prepareDemo(server, async (target) => {
    c.note('making the demo project');
    const { createDemoDatabase } = await import('./demo-project.ts');
    return createDemoDatabase(target);
  });
}

async function registerAll(c: StackContext, api: string, demo: PostgresTarget | null): Promise<Registered> {
  // Not the owner's password: only the first start knows it.
  const token = () => sessionToken(createOwnerProgram(c));
  const registered = await register(c.dir, api, { repository: c.dir.at('repositories', 'default'), demo, token });
  if (demo && registered.demoEnvironmentId && (await c.dir.recall('demo-registered')) !== String(demo.port)) {
    await moveDemo(api, await token(), registered.demoEnvironmentId, demo);
    await c.dir.remember('demo-registered', String(demo.port));
  }
  return registered;
}
