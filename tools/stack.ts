import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { PostgresTarget } from '@holdfast/engine/embedded';
import { releaseDataDir } from '@holdfast/engine/embedded';
import { connectionUrl } from '@holdfast/testing';
import { openDataDir, type DataDir } from './data-dir.ts';
import { fillDemo, prepareDemoDatabase } from './demo-fill.ts';
import { DEMO_NAMES, demoProject, type DemoName, type DemoProject } from './demo-projects.ts';
import { prepareDatabase } from './embedded-postgres.ts';
import { createOwner, forgetPassword, sessionToken, type Owner } from './first-start.ts';
import { openLogs, type Logs } from './logs.ts';
import { reservePorts, type WantedPort } from './ports.ts';
import { register, type Registered } from './registration.ts';
import type { PortName, StackContext, StackOptions } from './stack-options.ts';
import { createOwnerProgram, makeProcesses, type Processes, type ProcessName } from './stack-processes.ts';

/** A running Holdfast: every process is our child. */
export interface Stack {
  urls: { console: string; api: string; docs: string; temporalUi: string };
  temporalAddress: string;
  /** Our own database, as its owner. */
  database: PostgresTarget;
  demo: Record<DemoName, DemoProject> | null;
  owner: Owner;
  registered: Registered;
  dataDir: string;
  /** Removes our copy of the owner's password, once it was shown. */
  forgetPassword(): Promise<void>;
  /** The processes that run now. */
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
  // The demo environments are registered by their ports: the same ones again, if they can be had.
  const earlier = async (name: string) => ({ port: Number(await dir.recall(name)) || 0, preferred: true });
  const ports = await reservePorts<PortName>(
    {
      ...{ api: any, temporal: any, temporalUi: any, worker: any, postgres: any },
      demoPostgres: await earlier('demo-port'),
      demoCloud: await earlier('demo-cloud-port'),
      demoLocal: await earlier('demo-local-port'),
      ...options.ports,
    },
    options.host ?? '127.0.0.1',
    'api',
  );
  const server: PostgresTarget = {
    ...{ host: '127.0.0.1', port: ports.demoPostgres.port, database: 'postgres', user: 'postgres', password: demo },
    ...{ tlsMode: 'disable', caCertificate: null },
  };
  const portOf = { 'demo-cloud': ports.demoCloud.port, 'demo-local': ports.demoLocal.port };
  await dir.remember('demo-port', String(server.port));
  for (const name of DEMO_NAMES) await dir.remember(`${name}-port`, String(portOf[name]));
  const projects = options.demo
    ? await Promise.all(DEMO_NAMES.map((name) => demoProject(dir, name, server, portOf[name])))
    : [];
  const note = options.note ?? ((line) => logs.write('stack', line));
  return { options, dir, logs, ports, secrets: { postgres, database, demo }, projects, note };
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
  const [{ target: database, owner }, demoServer] = await Promise.all([
    databaseReady,
    c.projects.length > 0 ? startDemo(c, processes) : null,
    processes.start('temporal'),
  ]);
  const host = c.options.host ?? '127.0.0.1';
  const address = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  const api = `http://${address.includes(':') ? `[${address}]` : address}:${c.ports.api.port}`;
  const temporalUi = `http://127.0.0.1:${c.ports.temporalUi.port}`;
  return {
    urls: { console: `${api}/`, api, docs: `${api}/api/docs`, temporalUi },
    temporalAddress: `127.0.0.1:${c.ports.temporal.port}`,
    ...{ database, owner, dataDir: c.dir.path },
    demo: demoServer && (Object.fromEntries(c.projects.map((project) => [project.name, project])) as Stack['demo']),
    registered: await register(c.dir, api, {
      ...{ repository: c.dir.at('repositories', 'default'), projects: c.projects, demoServer },
      // Not the owner's password: only the first start knows it.
      token: () => sessionToken(createOwnerProgram(c)),
    }),
    forgetPassword: () => forgetPassword(c.dir),
    children: () => processes.running(),
    kill: (name, signal = 'SIGKILL') => processes.of(name).kill(signal),
    restart: (name) => processes.of(name).restart(),
  };
}

/** Serves the demo projects; at the first start it also makes and fills them. */
async function startDemo(c: StackContext, processes: Processes): Promise<PostgresTarget> {
  const server = await processes.start('demo-postgres');
  await Promise.all(c.projects.map((project) => prepareDemoDatabase(c.dir, server, project)));
  await processes.start('demo-projects');
  await Promise.all(c.projects.map((project) => fillDemo(c.dir, project, c.note)));
  return server;
}
