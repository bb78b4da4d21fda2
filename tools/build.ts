// Building once what is started: `npm run build` runs this file, and whatever starts the product imports it.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { OperationError } from '@holdfast/contracts';
import { exists } from './data-dir.ts';

const root = resolve(import.meta.dirname, '..');
const SOURCES = [
  'apps',
  'libs',
  'temporal',
  'prisma',
  'tools/compress-console.ts',
  'package-lock.json',
  'tsconfig.base.json',
];
const BUILT = [
  ...['api/main.js', 'api/create-owner.js', 'worker/main.js', 'worker/workflow-bundle.js'],
  'admin/browser/index.html',
];
const IGNORED = /(^|\/)(node_modules|dist|histories|generated)(\/|$)|^apps\/e2e\/|\.spec\.ts$/;

/** Builds the API, the worker and the console unless what is in `dist` was built from exactly these sources; true if it built. */
export async function buildIfStale(note: (line: string) => void, signal?: AbortSignal): Promise<boolean> {
  const stamp = join(root, 'dist', 'holdfast-sources.txt');
  const digest = await digestOfSources();
  const present = await readFile(stamp, 'utf8').catch(() => null);
  const complete = await Promise.all(BUILT.map((file) => exists(join(root, 'dist/apps', file))));
  if (present === digest && complete.every(Boolean)) return false;
  note('building the API, the worker and the console');
  await rm(stamp, { force: true });
  await build(signal);
  // Stamped last, with what the sources were before: a change meanwhile is built next time.
  await writeFile(stamp, digest);
  return true;
}

async function build(signal: AbortSignal | undefined): Promise<void> {
  const bin = join(root, 'node_modules', '.bin');
  const env = {
    ...process.env,
    PATH: [bin, process.env['PATH'] ?? ''].join(delimiter),
    NX_TUI: 'false',
    NX_DAEMON: 'false',
  };
  const args = ['run-many', '-t', 'build', '-p', 'api,worker,admin', '--outputStyle=static'];
  try {
    await promisify(execFile)(join(bin, 'nx'), args, { cwd: root, env, maxBuffer: 50_000_000, signal });
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    const lines = `${stdout}\n${stderr}`.trim().split('\n').slice(-40).join('\n');
    throw new OperationError('internal.error', `The build failed:\n${lines}`, { cause });
  }
}

/** One SHA-256 over the names and bytes of everything that is built. */
async function digestOfSources(): Promise<string> {
  const files = (await Promise.all(SOURCES.map((source) => filesOf(join(root, source))))).flat().sort();
  const contents = await Promise.all(files.map((file) => readFile(file)));
  const hash = createHash('sha256');
  files.forEach((file, index) => hash.update(`${relative(root, file)}\0`).update(contents[index] ?? ''));
  return hash.digest('hex');
}

async function filesOf(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => null);
  // Not a directory: one of the single files.
  if (!entries) return [path];
  const found = await Promise.all(
    entries.map(async (entry) => {
      const at = join(path, entry.name);
      if (IGNORED.test(relative(root, at))) return [];
      return entry.isDirectory() ? filesOf(at) : entry.isFile() ? [at] : [];
    }),
  );
  return found.flat();
}

if (import.meta.main) {
  const built = await buildIfStale((line) => console.log(`${line} …`));
  console.log(built ? 'built' : 'dist is what these sources build');
}
