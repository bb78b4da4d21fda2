import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDir, searchPath } from './config.ts';

const run = promisify(execFile);

/** Client majors beyond this one are not looked for. */
const NEWEST_MAJOR = 22;

const versions = new Map<string, Promise<number | null>>();

/**
 * Where `tools/setup.mjs` puts Postgres and Temporal: the user's cache, or for root (whose home the unprivileged
 * server user cannot enter) `/var/cache/holdfast`.
 */
export const defaultToolsDir = (): string =>
  process.getuid?.() === 0 ? '/var/cache/holdfast' : join(cacheDir(), 'holdfast');

/** The directory that holds `initdb`, `pg_ctl` and `postgres` of exactly this major version, or null. */
export async function findServer(toolsDir: string, major: number): Promise<string | null> {
  for (const binDir of [join(toolsDir, 'postgres-server', String(major), 'bin'), ...installedDirs(major)]) {
    const complete = (await exists(binDir, 'initdb')) && (await exists(binDir, 'pg_ctl'));
    if (complete && (await majorOf(binDir, 'postgres')) === major) return binDir;
  }
  return null;
}

/**
 * The directory that holds a `pg_dump` able to read this server: of the same major version, else of the next newer
 * one (pg_dump refuses servers newer than itself), or null. `installed`: where else to look.
 */
export async function findClient(
  toolsDir: string,
  serverMajor: number,
  installed: (major: number) => string[] = installedDirs,
): Promise<{ binDir: string; major: number } | null> {
  for (let major = serverMajor; major <= NEWEST_MAJOR; major += 1) {
    for (const binDir of [join(toolsDir, 'postgres-client', String(major), 'bin'), ...installed(major)]) {
      if ((await majorOf(binDir, 'pg_dump')) === major) return { binDir, major };
    }
  }
  return null;
}

/** The major version that `<command> --version` prints, or null where the command is missing or does not run. */
export async function majorOf(binDir: string, command: string): Promise<number | null> {
  const path = executable(binDir, command);
  const file = await stat(path).catch(() => null);
  if (!file?.isFile()) return null;
  // Keyed by time and size, so that an upgrade under our feet is seen.
  const key = `${path}\0${file.mtimeMs}\0${file.size}`;
  let version = versions.get(key);
  if (version === undefined) versions.set(key, (version = readMajor(path)));
  return version;
}

/** The path of a command in a directory of binaries, with the platform's ending. */
export const executable = (binDir: string, command: string): string =>
  join(binDir, process.platform === 'win32' ? `${command}.exe` : command);

// The versioned directories come before PATH: Debian's /usr/bin/pg_dump is a wrapper that picks a version by itself.
const installedDirs = (major: number): string[] => [
  `/usr/lib/postgresql/${major}/bin`,
  `/usr/pgsql-${major}/bin`,
  `/opt/homebrew/opt/postgresql@${major}/bin`,
  `/usr/local/opt/postgresql@${major}/bin`,
  ...searchPath(),
];

const exists = async (binDir: string, command: string): Promise<boolean> =>
  (await stat(executable(binDir, command)).catch(() => null))?.isFile() ?? false;

async function readMajor(path: string): Promise<number | null> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 10_000, cwd: '/' });
    const major = /\(PostgreSQL\)\s+(\d+)/.exec(stdout)?.[1];
    return major === undefined ? null : Number(major);
  } catch {
    // A binary that does not run here (wrong platform, missing library) is as good as none.
    return null;
  }
}
