import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { OperationError } from '@holdfast/contracts';
import { executable, majorOf } from './binaries.ts';
import { isAlive } from './child.ts';
import { releaseCluster } from './orphan.ts';

const run = promisify(execFile);

/** Left in the wanted data directory when the cluster had to be placed elsewhere. */
const PLACE_FILE = 'cluster-place.txt';
const PLACES = '/var/lib/holdfast';

export interface ClusterOptions {
  binDir: string;
  dataDir: string;
  /** Of the superuser `postgres`. */
  password: string;
  durable: boolean;
}

export interface SystemUser {
  uid: number;
  gid: number;
}

/** Whom Postgres runs as: ourselves, or `nobody` when we are root, because Postgres refuses root. */
export const serverUser = (): SystemUser | undefined =>
  process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;

/**
 * Makes sure that a cluster of the binaries' major version lives in (or for) `dataDir` and answers where: `initdb`
 * when there is none (scram-sha-256, UTF8, locale C, user `postgres`), which is atomic: a crash leaves no half cluster.
 * Without `durable` that holds for a crash of this process, not for one of the machine, and takes half the time.
 */
export async function prepareCluster(o: ClusterOptions): Promise<string> {
  const user = serverUser();
  if (user && !(await canEnter(o.binDir, user))) {
    throw new OperationError('postgres.server_failed', `Postgres runs as nobody, who cannot enter ${o.binDir}`, {
      hint: 'Choose another HOLDFAST_TOOLS_DIR (as root the default is /var/cache/holdfast) and run setup again.',
    });
  }
  const place = await placeFor(resolve(o.dataDir), user);
  const [major, present] = await Promise.all([majorOf(o.binDir, 'postgres'), clusterMajor(place)]);
  if (major === null) throw new OperationError('postgres.server_missing', `No Postgres server runs from ${o.binDir}`);
  if (present === null) await initialise({ ...o, place, user });
  else if (present !== major) {
    throw new OperationError('postgres.server_failed', `${place} belongs to Postgres ${present}, not ${major}`);
  }
  return place;
}

/** Stops a server that a killed process of ours left running on the cluster of `dataDir`; see `releaseCluster`. */
export async function releaseDataDir(dataDir: string): Promise<void> {
  await releaseCluster((await movedPlace(resolve(dataDir))) ?? resolve(dataDir));
}

/** Removes a stopped cluster, wherever it was placed for `dataDir`. */
export async function removeCluster(dataDir: string): Promise<void> {
  const place = await movedPlace(resolve(dataDir));
  if (place) await rm(place, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
}

async function initialise(
  o: Omit<ClusterOptions, 'dataDir'> & { place: string; user: SystemUser | undefined },
): Promise<void> {
  const rest = await readdir(o.place).catch(() => []);
  if (rest.length > 0) {
    throw new OperationError('postgres.server_failed', `${o.place} is neither empty nor a Postgres cluster`);
  }
  await sweep(o.place);
  const building = `${o.place}.initialising-${process.pid}-${randomBytes(4).toString('hex')}`;
  const passwordFile = `${building}.password`;
  try {
    await mkdir(building, { recursive: true, mode: 0o700 });
    await writeFile(passwordFile, o.password, { mode: 0o600, flag: 'wx' });
    if (o.user) {
      await chown(building, o.user.uid, o.user.gid);
      await chown(passwordFile, o.user.uid, o.user.gid);
    }
    await run(
      executable(o.binDir, 'initdb'),
      [
        ...['-D', building, '--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
        ...['--encoding=UTF8', '--locale=C', '--no-instructions', ...(o.durable ? [] : ['--no-sync'])],
      ],
      { cwd: o.binDir, timeout: 120_000, ...o.user },
    );
    // Renamed last: a directory under the wanted name is always a whole cluster.
    await rmdir(o.place).catch(() => undefined);
    await rename(building, o.place).catch(async (cause) => {
      // Somebody else initialised the same place meanwhile; theirs is as good, and sign-in checks the password.
      if ((await clusterMajor(o.place)) === null) throw cause;
    });
  } catch (cause) {
    throw new OperationError('postgres.server_failed', `initdb failed in ${o.place}: ${lastWords(cause)}`, { cause });
  } finally {
    await rm(passwordFile, { force: true });
    await rm(building, { recursive: true, force: true });
  }
}

// What a killed process left while it initialised here.
async function sweep(place: string): Promise<void> {
  const start = `${basename(place)}.initialising-`;
  for (const name of await readdir(dirname(place)).catch(() => [])) {
    const pid = name.startsWith(start) ? Number.parseInt(name.slice(start.length), 10) : 0;
    if (pid > 0 && !isAlive(pid)) await rm(join(dirname(place), name), { recursive: true, force: true });
  }
}

const lastWords = (cause: unknown): string => {
  const stderr = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
  return stderr.split('\n').slice(-5).join('\n') || String(cause);
};

async function clusterMajor(place: string): Promise<number | null> {
  const text = await readFile(join(place, 'PG_VERSION'), 'utf8').catch(() => null);
  return text === null ? null : Number.parseInt(text, 10);
}

async function movedPlace(dataDir: string): Promise<string | null> {
  const note = await readFile(join(dataDir, PLACE_FILE), 'utf8').catch(() => null);
  const place = note?.split('\n')[0];
  return place?.startsWith(`${PLACES}/`) ? place : null;
}

// What exists decides first, so that a parent's changed mode never makes a full cluster look like an empty one.
async function placeFor(dataDir: string, user: SystemUser | undefined): Promise<string> {
  if (!user || (await clusterMajor(dataDir)) !== null) return dataDir;
  const moved = await movedPlace(dataDir);
  if (moved) return moved;
  const parent = dirname(dataDir);
  await mkdir(parent, { recursive: true });
  if (await canEnter(parent, user)) return dataDir;
  const place = join(PLACES, createHash('sha256').update(dataDir).digest('hex').slice(0, 16));
  // The note is written before the cluster is made, so this one is of a data directory that was removed since. Its
  // password went with that directory, and what it holds may still be wanted.
  if ((await clusterMajor(place)) !== null) throw leftCluster(dataDir, place);
  await mkdir(PLACES, { recursive: true });
  await chmod(PLACES, 0o711);
  await mkdir(dataDir, { recursive: true });
  await writeFile(
    join(dataDir, PLACE_FILE),
    `${place}\n\nThe Postgres cluster of this directory lives there: Postgres refuses to run as root, and the\n` +
      `unprivileged user it runs as cannot enter ${parent}.\n`,
    { flush: true },
  );
  return place;
}

const leftCluster = (dataDir: string, place: string) =>
  new OperationError('postgres.server_failed', `${place} is the cluster of an earlier data directory at ${dataDir}`, {
    hint: `Bring that data directory back, or remove ${place} if nothing in it is wanted.`,
  });

async function canEnter(directory: string, user: SystemUser): Promise<boolean> {
  for (let at = resolve(directory); ; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (dirname(at) === at) return true;
  }
}
