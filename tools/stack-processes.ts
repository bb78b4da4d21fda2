import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { PostgresTarget } from '@holdfast/engine/embedded';
import { startTemporal, toolsDir } from '@holdfast/testing';
import type { ProjectServerOptions } from '@holdfast/testing/supabase';
import { demoProjectsDir, type DemoProject } from './demo-projects.ts';
import { startEmbedded } from './embedded-postgres.ts';
import type { OwnerProgram } from './first-start.ts';
import { startNodeProcess } from './node-process.ts';
import type { PortName, StackContext } from './stack-options.ts';
import { supervised, type Running, type Supervised } from './supervised.ts';
import { FEW_ARENAS, WORKER_NODE_ARGS } from './worker-memory.ts';

const root = resolve(import.meta.dirname, '..');

export const PROCESS_NAMES = ['postgres', 'demo-postgres', 'demo-projects', 'temporal', 'api', 'worker'] as const;
export type ProcessName = (typeof PROCESS_NAMES)[number];

/** The processes of one stack. */
export interface Processes {
  of(name: ProcessName): Supervised;
  /** For a Postgres server: how its superuser signs in. */
  start(name: 'postgres' | 'demo-postgres'): Promise<PostgresTarget>;
  start(name: ProcessName): Promise<unknown>;
  running(): { name: ProcessName; pid: number }[];
  /** In order: who uses a server ends before it. */
  stopAll(): Promise<void>;
}

type Launch = (signal: AbortSignal) => Promise<Running>;

export function makeProcesses(c: StackContext): Processes {
  const targets: Partial<Record<ProcessName, PostgresTarget>> = {};
  const server = (name: 'postgres' | 'demo-postgres', port: PortName, password: string): Launch => {
    return async (signal) => {
      const started = await startPostgresOn(c, name, port, password, signal);
      targets[name] = started.target;
      return started;
    };
  };
  const launches: Record<ProcessName, Launch> = {
    postgres: server('postgres', 'postgres', c.secrets.postgres),
    'demo-postgres': server('demo-postgres', 'demoPostgres', c.secrets.demo),
    'demo-projects': (signal) => startDemoServer(c, signal),
    temporal: (signal) => startTemporalOf(c, signal),
    api: (signal) => startOurs(c, 'api', 'listening', signal),
    worker: (signal) => startOurs(c, 'worker', 'polling', signal),
  };
  let noting = Promise.resolve();
  // Without the note a killed start's processes are not found again. That is no reason to end those that serve.
  const unnoted = (error: unknown) =>
    c.note(`cannot note the running processes: ${error instanceof Error ? error.message : String(error)}`);
  const onChange = () => void (noting = noting.then(() => c.dir.noteChildren(ownPids())).catch(unnoted));
  const all = Object.fromEntries(
    PROCESS_NAMES.map((name) => [
      name,
      supervised(name, launches[name], { revive: c.options.revive ?? true, note: c.note, onChange }),
    ]),
  ) as Record<ProcessName, Supervised>;
  const running = () => PROCESS_NAMES.flatMap((name) => pidOf(name, all[name]));
  // A Postgres server of a killed run is found by its own pid file.
  const ownPids = () => running().flatMap(({ name, pid }) => (name.endsWith('postgres') ? [] : [pid]));
  const stop = (...names: ProcessName[]) => Promise.all(names.map((name) => all[name].stop()));
  return {
    of: (name) => all[name],
    running,
    async start(name: ProcessName): Promise<PostgresTarget> {
      await all[name].start();
      return targets[name] as PostgresTarget;
    },
    async stopAll() {
      await stop('api', 'worker', 'demo-projects');
      await stop('temporal', 'postgres', 'demo-postgres');
      await noting;
    },
  };
}

const pidOf = (name: ProcessName, { pid }: Supervised): { name: ProcessName; pid: number }[] => {
  const id = pid();
  return id === null ? [] : [{ name, pid: id }];
};

async function startPostgresOn(
  c: StackContext,
  name: 'postgres' | 'demo-postgres',
  port: PortName,
  password: string,
  signal: AbortSignal,
) {
  await c.ports[port].release();
  const onLine = (line: string) => c.logs.write(name, line);
  const { durable = true } = c.options;
  // As a Supabase project has it: publications work.
  const settings = { ...(name === 'demo-postgres' && { wal_level: 'logical' }) };
  return startEmbedded(
    { dataDir: c.dir.at(name), port: c.ports[port].port, password, durable, settings, onLine },
    signal,
  );
}

async function startTemporalOf(c: StackContext, signal: AbortSignal) {
  await Promise.all([c.ports.temporal.release(), c.ports.temporalUi.release()]);
  return startTemporal({
    toolsDir: toolsDir(),
    port: c.ports.temporal.port,
    uiPort: c.ports.temporalUi.port,
    file: c.dir.at('temporal', 'temporal.db'),
    durable: c.options.durable ?? true,
    codecEndpoint: `http://127.0.0.1:${c.ports.api.port}/api/v1/codec`,
    onLine: (line) => c.logs.write('temporal', line),
    signal,
  });
}

/** The API of the demo projects, as a Supabase project has one. */
async function startDemoServer(c: StackContext, signal: AbortSignal) {
  await Promise.all([c.ports.demoCloud.release(), c.ports.demoLocal.release()]);
  // In a file and not in the environment or an argument, where `ps` would show it.
  const file = c.dir.at('secrets', 'demo-projects.json');
  await writeFile(file, JSON.stringify(c.projects.map(served)), { mode: 0o600 });
  return startNodeProcess(
    {
      name: 'demo-projects',
      main: join(root, 'tools', 'demo-server.ts'),
      args: [file],
      cwd: root,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TMPDIR: process.env['TMPDIR'] },
      readyMessage: 'serving',
      onLine: (line) => c.logs.write('demo-projects', line),
    },
    signal,
  );
}

const served = ({ target, tokens, functionsDirectory, ...project }: DemoProject): ProjectServerOptions => ({
  ...{ name: project.name, ref: project.ref, dir: project.dir, managementToken: project.managementToken },
  ...{ target, port: Number(new URL(project.url).port), jwtSecret: tokens.secret },
  ...(functionsDirectory !== null && { functionsDirectory }),
});

async function startOurs(c: StackContext, name: 'api' | 'worker', readyMessage: string, signal: AbortSignal) {
  await c.ports[name].release();
  return startNodeProcess(
    {
      name,
      main: builtFile(c, `${name}/main.js`),
      nodeArgs: name === 'worker' ? [...WORKER_NODE_ARGS, ...(c.options.workerArgs ?? [])] : [],
      cwd: root,
      env: variables(c),
      readyMessage,
      onLine: (line) => c.logs.write(name, line),
    },
    signal,
  );
}

const builtFile = (c: StackContext, name: string): string =>
  join(c.options.distDir ?? join(root, 'dist'), 'apps', name);

/** How `create-owner` of the API is run. */
export const createOwnerProgram = (c: StackContext): OwnerProgram => ({
  main: builtFile(c, 'api/create-owner.js'),
  env: variables(c),
});

/** The directories that somebody chose, and where the demo keeps functions. */
function functionsRoots(c: StackContext): string | undefined {
  const roots = [process.env['HOLDFAST_FUNCTIONS_ROOTS'], c.projects.length > 0 ? demoProjectsDir(c.dir) : null];
  return roots.filter(Boolean).join(':') || undefined;
}

/** The directories that somebody chose, and ours: the default repository is registered there. */
const repositoryRoots = (c: StackContext): string =>
  [process.env['HOLDFAST_REPOSITORY_ROOTS'], c.dir.at('repositories')].filter(Boolean).join(',');

/** What the API, the worker and `create-owner` are configured with. */
function variables(c: StackContext): NodeJS.ProcessEnv {
  const { dir, ports, options } = c;
  return {
    NODE_ENV: 'production',
    ...FEW_ARENAS,
    ...process.env,
    // An empty text means "not set". The demo projects are on this machine.
    HOLDFAST_ALLOW_PRIVATE_ADDRESSES: process.env['HOLDFAST_ALLOW_PRIVATE_ADDRESSES'] || 'loopback',
    HOLDFAST_REPOSITORY_ROOTS: repositoryRoots(c),
    HOLDFAST_FUNCTIONS_ROOTS: functionsRoots(c),
    // Given as files: an environment can be read by `ps`.
    DATABASE_URL: undefined,
    HOLDFAST_MASTER_KEY: undefined,
    HOLDFAST_OWNER_PASSWORD: undefined,
    DATABASE_URL_FILE: dir.at('secrets', 'database-url'),
    HOLDFAST_MASTER_KEY_FILE: dir.at('secrets', 'master-key'),
    TEMPORAL_ADDRESS: `127.0.0.1:${ports.temporal.port}`,
    TEMPORAL_NAMESPACE: 'default',
    HOLDFAST_API_HOST: options.host ?? '127.0.0.1',
    HOLDFAST_API_PORT: String(ports.api.port),
    HOLDFAST_TEMPORAL_UI_URL: `http://127.0.0.1:${ports.temporalUi.port}`,
    HOLDFAST_WORKER_HOST: '127.0.0.1',
    HOLDFAST_WORKER_PORT: String(ports.worker.port),
    HOLDFAST_WORKER_URL: `http://127.0.0.1:${ports.worker.port}`,
    HOLDFAST_TOOLS_DIR: toolsDir(),
    ...options.env,
  };
}
