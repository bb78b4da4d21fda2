// What every part of the setup uses of this machine. Plain Node >= 20 without dependencies.
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname ?? dirname(new URL(import.meta.url).pathname), '../..');
export const BIN = join(ROOT, 'node_modules', '.bin');
export const WINDOWS = process.platform === 'win32';
export const TOOLS_DIR =
  process.env.HOLDFAST_TOOLS_DIR ||
  (process.getuid?.() === 0
    ? '/var/cache/holdfast'
    : join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'holdfast'));

export class SetupError extends Error {
  constructor(message, advice, output = '') {
    super(message);
    this.advice = advice;
    this.output = output;
  }
}

export const exe = (name) => (WINDOWS ? `${name}.exe` : name);
export const pathDirs = () => (process.env.PATH ?? '').split(delimiter).filter(Boolean);
export const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : -1);

export async function sizeOf(dir) {
  let bytes = 0;
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath ?? entry.path, entry.name))).size;
  }
  return bytes;
}

export function capture(file, args, { cwd = ROOT, env: more = {}, timeoutMs = 0 }) {
  return new Promise((done) => {
    const env = { ...process.env, ...more, PATH: [BIN, ...pathDirs()].join(delimiter) };
    const shell = WINDOWS && !file.endsWith('.exe');
    const child = spawn(file, args, { cwd, env, shell, timeout: timeoutMs, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    // Whoever reads our output may go away in the middle: what was begun must not work on beside the next setup.
    const end = () => child.kill();
    process.once('exit', end);
    const keep = (piece) => (output = (output + piece).slice(-20_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => done({ code: -1, output: error.message }));
    child.on('close', (code) => {
      process.off('exit', end);
      done({ code, output });
    });
  });
}

export async function command(file, args, { cwd, advice }) {
  const { code, output } = await capture(file, args, { cwd });
  if (code === 0) return;
  throw new SetupError(`\`${[file, ...args].join(' ')}\` failed`, advice ?? 'Read the lines above.', output);
}

export async function versionOf(path, orFail = false) {
  const { code, output } = await capture(path, ['--version'], { cwd: dirname(path) });
  if (code === 0) return output.trim();
  if (!orFail) return null;
  const advice = 'A system library is missing or this platform is not supported; the lines above name it.';
  throw new SetupError(`${path} does not run here`, advice, output);
}

export async function runs(path, major) {
  const version = await versionOf(path, true);
  if (major && !version.includes(` ${major}.`)) throw new SetupError(`${path} says ${version}`, 'Report this.');
}
