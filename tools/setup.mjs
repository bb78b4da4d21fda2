// Installs what Holdfast needs and is not there: npm packages, Prisma's client, Postgres servers and clients, the
// Temporal CLI. Plain Node >= 20 without dependencies, because it runs before `npm ci`.
//
//   node tools/setup.mjs [--postgres 15,16,17,18] [--no-temporal] [--chromium] [--quiet] [--then script.ts args…]
//
// `--then` replaces this process by the script under the project's own Node; everything after it is the script's.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { clearTimeout, setInterval } from 'node:timers';
import { chromium } from './setup/chromium.mjs';
import { BIN, ROOT, SetupError, TOOLS_DIR, WINDOWS, exe, pathDirs } from './setup/host.mjs';
import { sweep } from './setup/install.mjs';
import { npmPackages, prismaClient } from './setup/packages.mjs';
import { CLIENTS, SERVERS, postgresClient, postgresServer } from './setup/postgres.mjs';
import { temporal } from './setup/temporal.mjs';

const OLDEST_NODE = 20;

function readArguments(argv) {
  const options = { postgres: Object.keys(SERVERS), temporal: true, chromium: false, quiet: false, then: null };
  for (let at = 0; at < argv.length; at += 1) {
    const name = argv[at];
    if (name === '--then') {
      options.then = argv.slice(at + 1);
      break;
    } else if (name === '--postgres') options.postgres = (argv[(at += 1)] ?? '').split(',').filter(Boolean);
    else if (name === '--no-temporal') options.temporal = false;
    else if (name === '--chromium') options.chromium = true;
    else if (name === '--quiet') options.quiet = true;
    else throw new SetupError(`unknown argument ${name}`, 'See the first lines of tools/setup.mjs.');
  }
  const unknown = options.postgres.filter((major) => !(major in SERVERS));
  if (unknown.length > 0) throw new SetupError(`no Postgres ${unknown.join(', ')} to install`, 'Choose of 15 to 18.');
  return options;
}

async function step(name, quiet, work) {
  const started = Date.now();
  const say = (text) => console.log(`  ${name.padEnd(24)} ${text}`);
  // A download must not look like a hang; what is there is answered before this fires.
  const slow = setTimeout(() => say('installing …'), 2_000);
  try {
    const result = await work();
    const size = result.bytes ? `, ${Math.round(result.bytes / 1e6)} MB` : '';
    const seconds = result.state === 'ok' ? '' : `, ${((Date.now() - started) / 1000).toFixed(1)} s`;
    if (!quiet || result.state === 'installed' || result.state === 'generated') {
      say(`${result.state}${result.detail ? ` (${result.detail})` : ''}${size}${seconds}`);
    }
    return result;
  } catch (error) {
    say('FAILED');
    error.item = name;
    throw error;
  } finally {
    clearTimeout(slow);
  }
}

/** At most `width` at a time; all are tried, then the first failure is thrown. */
async function several(width, works) {
  const failures = [];
  const queue = [...works];
  const lane = async () => {
    for (let work = queue.shift(); work; work = queue.shift()) await work().catch((error) => failures.push(error));
  };
  await Promise.all(Array.from({ length: width }, lane));
  if (failures.length > 0) throw failures[0];
}

async function setUp(options) {
  const { quiet } = options;
  if (!quiet) console.log(`Holdfast setup (tools in ${TOOLS_DIR})`);
  await mkdir(TOOLS_DIR, { recursive: true }).catch((error) => {
    throw new SetupError(`${TOOLS_DIR}: ${error.message}`, 'Set HOLDFAST_TOOLS_DIR to a directory you may write to.');
  });
  await sweep();
  const item = (name, work) => () => step(name, quiet, work);
  const packages = async () => {
    const result = await step('npm packages', quiet, npmPackages);
    await step('Prisma client', quiet, () => prismaClient(result.fresh === true));
    // Playwright is one of the packages.
    if (options.chromium) await step('Chromium', quiet, chromium);
  };
  await several(3, [
    packages,
    ...(options.temporal ? [item('Temporal', temporal)] : []),
    ...Object.keys(CLIENTS).map((major) => item(`Postgres ${major} client`, () => postgresClient(major))),
    ...options.postgres.map((major) => item(`Postgres ${major} server`, () => postgresServer(major))),
  ]);
}

async function continueWith(argv) {
  const node = join(ROOT, 'node_modules', 'node', 'bin', exe('node'));
  const file = existsSync(node) ? node : process.execPath;
  const env = { ...process.env, PATH: [BIN, ...pathDirs()].join(delimiter) };
  // Becoming the script keeps one process: signals reach it, and nothing outlives it. Node 20 cannot: it forwards.
  if (process.execve && !WINDOWS) {
    process.removeAllListeners('warning');
    process.on('warning', () => undefined);
    process.execve(file, [file, ...argv], env);
  }
  const child = spawn(file, argv, { stdio: 'inherit', env });
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500).unref();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => process.exit(code ?? 1));
}

async function main() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST_NODE) {
    throw new SetupError(
      `Node ${process.versions.node} is too old`,
      `Install Node ${OLDEST_NODE} or newer (https://nodejs.org); Holdfast brings its own newer Node for the rest.`,
    );
  }
  const options = readArguments(process.argv.slice(2));
  await setUp(options);
  if (options.then) await continueWith(options.then);
}

main().catch((error) => {
  const all = (error.output ?? '').trim().split('\n');
  // npm says first what is wrong, most others last.
  const lines = all.length > 24 ? [...all.slice(0, 12), '…', ...all.slice(-12)] : all;
  console.error(`\nSetup failed${error.item ? ` at ${error.item}` : ''}: ${error.message}`);
  if (lines[0]) console.error(lines.map((line) => `  | ${line}`).join('\n'));
  console.error(error.advice ? `What to do: ${error.advice}` : error.stack);
  process.exitCode = 1;
});
