import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperationError } from '@holdfast/contracts';
import { lockFile } from './directory-lock.ts';
import { identityOf } from './process-identity.ts';

/** Directories that nobody else may enter. */
const PRIVATE = ['secrets', 'logs', 'state', 'temporal', 'repositories'];

interface Holder {
  pid: number;
  identity: string | null;
}

/** The one directory of an installation, held by us until `unlock`. */
export interface DataDir {
  path: string;
  /** A path inside. */
  at(...names: string[]): string;
  /** Notes the processes that run for us, so that a start after a kill can end what was left. */
  noteChildren(pids: number[]): Promise<void>;
  /** Reads a secret, or makes it: one line in a file that only its owner may read. */
  secret(name: string, make?: () => string | Promise<string>): Promise<string>;
  /** Reads the key that secrets are sealed with, or makes it for a new installation: 32 bytes in base64. */
  masterKey(): Promise<string>;
  /** What an earlier start noted under a name. */
  recall(name: string): Promise<string | null>;
  remember(name: string, value: string): Promise<void>;
  unlock(): Promise<void>;
}

/**
 * Opens (and makes) a data directory for this process alone. A directory that a living process holds is refused with
 * `resource.in_use`; what a killed one left running there is ended first.
 */
export async function openDataDir(path: string): Promise<DataDir> {
  await mkdir(path, { recursive: true });
  // As root, Postgres runs as somebody else who must be able to pass through; nobody may list it.
  await chmod(path, process.getuid?.() === 0 ? 0o711 : 0o700);
  const at = (...names: string[]) => join(path, ...names);
  const lock = at('holdfast.lock');
  const children = at('children.json');
  const release = lockFile(at('lock.db'));
  if (!release) throw alreadyHeld(path, (await readHolder(lock))?.pid);
  // For the eyes of whoever is refused, and only written by who holds the lock.
  await writeFile(lock, JSON.stringify(await holderOf(process.pid)));
  await endLeftovers(children);
  for (const name of PRIVATE) await mkdir(at(name), { recursive: true, mode: 0o700 });
  return {
    path,
    at,
    async noteChildren(pids) {
      const holders = await Promise.all(pids.map(holderOf));
      // Flushed before it gets its name: a crash of the machine must not leave it empty.
      await writeFile(`${children}.new`, JSON.stringify(holders), { flush: true });
      await rename(`${children}.new`, children);
    },
    secret: (name, make = newSecret) => readOrMake(at('secrets', name), make),
    masterKey: () =>
      readOrMake(at('secrets', 'master-key'), async () => {
        if (await exists(at('postgres'))) throw keyLost(at('secrets', 'master-key'));
        return randomBytes(32).toString('base64');
      }),
    recall: async (name) => (await readFile(at('state', name), 'utf8').catch(() => null))?.trim() ?? null,
    async remember(name, value) {
      await writeFile(at('state', `${name}.new`), `${value}\n`);
      await rename(at('state', `${name}.new`), at('state', name));
    },
    async unlock() {
      await rm(children, { force: true });
      await rm(lock, { force: true });
      release();
    },
  };
}

// A new key would be accepted by everything, and nothing sealed with the old one could ever be opened.
const keyLost = (file: string) =>
  new OperationError('config.invalid', `The master key ${file} is missing, but data sealed with it exists`, {
    hint: 'Put the key back from your copy.',
  });

/** What is there and cannot be read must not pass for absent. */
export const unreadable = (file: string, cause: unknown) =>
  new OperationError(
    'config.invalid',
    `${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`,
    { hint: 'Give the file back to the user who runs Holdfast, or put it back from your copy.', cause },
  );

const emptySecret = (file: string) =>
  new OperationError('config.invalid', `${file} is empty`, { hint: 'Put it back from your copy.' });

const newSecret = () => randomBytes(24).toString('base64url');

const holderOf = async (pid: number): Promise<Holder> => ({ pid, identity: await identityOf(pid) });

async function lives(holder: Holder | null): Promise<boolean> {
  return holder?.identity != null && (await identityOf(holder.pid)) === holder.identity;
}

const alreadyHeld = (path: string, pid: number | undefined) =>
  new OperationError('resource.in_use', `Holdfast already runs on ${path}${pid ? ` (process ${pid})` : ''}`, {
    hint: 'Stop it first, or choose another directory with --data-dir.',
  });

async function endLeftovers(file: string): Promise<void> {
  const note = await readNote(file);
  const holders = Array.isArray(note) ? (note as Holder[]) : [];
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const living: Holder[] = [];
    for (const holder of holders) if (await lives(holder)) living.push(holder);
    for (const { pid } of living) process.kill(pid, signal);
    for (let waited = 0; waited < 5_000 && (await anyLives(living)); waited += 50) await sleep(50);
  }
  await rm(file, { force: true });
}

const anyLives = async (holders: Holder[]): Promise<boolean> =>
  (await Promise.all(holders.map(lives))).some((alive) => alive);

const readHolder = async (file: string): Promise<Holder | null> => (await readNote(file)) as Holder | null;

async function readNote(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not written by us, or damaged: it can show nobody.
    return null;
  }
}

async function readOrMake(file: string, make: () => string | Promise<string>): Promise<string> {
  const present = await readFile(file, 'utf8').catch((cause: unknown) => {
    // Only what is not there may be made: a new secret in the place of one that we cannot read would lose it.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unreadable(file, cause);
  });
  if (present?.trim() === '') throw emptySecret(file);
  if (present !== null) return present.trim();
  // Written aside and renamed: a crash leaves no empty key that data would then be sealed with.
  await writeFile(`${file}.new`, `${await make()}\n`, { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
  return (await readFile(file, 'utf8')).trim();
}

/** True where something exists. */
export const exists = (path: string): Promise<boolean> => stat(path).then(Boolean, () => false);
