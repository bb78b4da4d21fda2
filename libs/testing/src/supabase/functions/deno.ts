import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { executable, freePort, startChild, type Child } from '@holdfast/engine/embedded';

const START_TIMEOUT_MS = 30_000;

/** One function as a program: where its sources lie and what it is started with. */
export interface DenoProgram {
  /** All that it may read. */
  root: string;
  entrypoint: string;
  /** An import map, or a `deno.json` with imports; null: none. */
  importMap: string | null;
  /** Where Deno keeps what it compiled and fetched. */
  cacheDir: string;
  env: Record<string, string>;
}

/** A program that listens. */
export interface RunningProgram {
  port: number;
  child: Child;
}

/** The program that npm's `deno` brings. */
async function findDeno(): Promise<string> {
  const dir = dirname(createRequire(import.meta.url).resolve('deno/package.json'));
  const path = executable(dir, 'deno');
  if ((await stat(path).catch(() => null))?.isFile()) return path;
  throw new Error(`There is no deno in ${dir}: run node tools/setup.mjs`);
}

/** Starts a program on a free port of 127.0.0.1 and answers once it listens; throws with its last lines if it ends. */
export async function startProgram(program: DenoProgram): Promise<RunningProgram> {
  const port = await freePort();
  const child = await startChild(await findDeno(), commandLine(program), {
    deathSignal: 'SIGKILL',
    ownGroup: true,
    cwd: program.root,
    env: {
      ...program.env,
      DENO_DIR: program.cacheDir,
      DENO_NO_PACKAGE_JSON: '1',
      DENO_NO_UPDATE_CHECK: '1',
      DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
      NO_COLOR: '1',
    },
  });
  try {
    await untilListening(child, port);
    return { port, child };
  } catch (error) {
    await child.stop('SIGKILL', 1_000);
    throw error;
  }
}

/** It reaches its own sources, the network and nothing else; it does not look for settings above its folder. */
function commandLine({ root, entrypoint, importMap }: DenoProgram): string[] {
  const settings = importMap !== null && /deno\.jsonc?$/.test(importMap);
  return [
    ...['run', '--quiet', '--no-prompt', '--no-lock', '--node-modules-dir=none'],
    ...(settings ? ['--config', importMap] : ['--no-config']),
    ...(importMap !== null && !settings ? ['--import-map', importMap] : []),
    ...rightsFor(root),
    entrypoint,
  ];
}

/** What lies below /dev Deno gives to nobody who may not do all: memory that tests keep their files in is there. */
const rightsFor = (root: string): string[] =>
  root.startsWith('/dev/') ? ['--allow-all'] : ['--allow-net', '--allow-env', '--allow-sys', `--allow-read=${root}`];

async function untilListening(child: Child, port: number): Promise<void> {
  for (const started = Date.now(); ; await sleep(20)) {
    if (await listens(port)) return;
    const late = Date.now() - started > START_TIMEOUT_MS;
    if (child.running() && !late) continue;
    const lines = child.lastLines().slice(-8).join('\n');
    throw new Error(`The function ${late ? 'does not listen' : 'ended while it started'}: ${lines}`);
  }
}

const listens = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (answer: boolean) => (socket.destroy(), done(answer));
    socket.once('connect', () => finish(true)).once('error', () => finish(false));
  });
