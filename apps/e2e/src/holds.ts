import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@holdfast/testing';
import type { Database } from './product.ts';

/** What is waited for lasts for an instant. */
const POLL_MS = 3;
/** It stays until we let go. */
const CALM_POLL_MS = 25;

type Promised = Promise<string>;

/** Something from outside that keeps an operation in a step: `held` once it does, until `release`. */
export interface Hold {
  held: Promise<unknown>;
  release(): Promise<void>;
}

/** Runs a statement in a transaction that stays open: whoever needs what it locks waits. */
export async function holdBy(database: Database, statement: string): Promise<Hold> {
  const client = await holder(database);
  await client.query(`BEGIN; ${statement}`);
  return { held: Promise.resolve(), release: () => client.end() };
}

async function holder(database: Database): ReturnType<typeof connect> {
  const client = await connect(database);
  await client.query("SET statement_timeout = '20s'");
  return client;
}

/** Holds a lock until released. Shared catalogs hold up all databases of a server. */
export const lock = (database: Database, table: string, mode = 'ACCESS EXCLUSIVE'): Promise<Hold> =>
  holdBy(database, `LOCK TABLE ${table} IN ${mode} MODE`);

/** Holds a lock; `held` once so many sessions wait for something. */
export async function barrier(database: Database, table: string, sessions: number): Promise<Hold> {
  const client = await holder(database);
  await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  // Asked by the session that holds the lock: a new one may need the table itself.
  const arrived = async (): Promise<void> => {
    while (((await client.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount ?? 0) < sessions)
      await sleep(CALM_POLL_MS);
  };
  return { held: arrived(), release: () => client.end() };
}

/** Runs `statement`, which takes locks, as soon as `when`, a query, finds a row; holds them until released. */
export async function lockWhen(database: Database, when: Promised, statement: Promised): Promise<Hold> {
  const client = await holder(database);
  let released = false;
  const held = (async () => {
    const condition = await when;
    while (!released) {
      const { rows } = await client.query<{ now: boolean }>(`SELECT EXISTS (${condition}) AS now`);
      if (rows[0]?.now) return void (await client.query(`BEGIN; ${await statement}`));
      await sleep(POLL_MS);
    }
  })();
  const release = async (): Promise<void> => {
    released = true;
    await held.catch(() => undefined);
    await client.end();
  };
  return { held, release };
}

/** What was to be held went past it: the lock came too late. */
export class Missed extends Error {}

/** A hold that counts once somebody waits for `table`; `held` fails with `Missed` when `over` says that nobody will. */
export function untilAwaited(hold: Hold, database: Database, table: string, over: () => Promise<boolean>): Hold {
  let released = false;
  const held = hold.held.then(async () => {
    const client = await connect(database);
    const waiting = 'SELECT FROM pg_locks WHERE NOT granted AND relation = $1::regclass';
    try {
      while (!released && (await client.query(waiting, [table])).rowCount === 0) {
        if (await over()) throw new Missed(`nobody waits for ${table}`);
        await sleep(CALM_POLL_MS);
      }
    } finally {
      await client.end();
    }
  });
  // whoever has let go listens no longer
  held.catch(() => undefined);
  return { held, release: () => ((released = true), hold.release()) };
}

/** Holds the lock on a table as soon as it is there, in a database that somebody is about to make. */
export async function lockNew(server: Database, database: Promised, table: string, mode: string): Promise<Hold> {
  let released = false;
  const watcher = await connect(server);
  let client: Awaited<ReturnType<typeof holder>> | undefined;
  const held = (async () => {
    const name = await database;
    const isThere = async () => (await watcher.query('SELECT FROM pg_database WHERE datname = $1', [name])).rowCount;
    while (!released) {
      client ??= (await isThere()) ? await holder({ ...server, database: name }) : undefined;
      const found = await client?.query(`SELECT WHERE to_regclass('${table}') IS NOT NULL`);
      if (found?.rowCount) return void (await client?.query(`BEGIN; LOCK TABLE ${table} IN ${mode} MODE`));
      await sleep(POLL_MS);
    }
  })();
  const release = async (): Promise<void> => {
    released = true;
    await held.catch(() => undefined);
    await Promise.all([watcher.end(), client?.end()]);
  };
  return { held, release };
}

/** Keeps a session of ours in a database that does not even end when it is told to. */
export async function occupy(database: Database): Promise<Hold> {
  const client = await connect(database);
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const pid = rows[0]?.pid ?? 0;
  await sleep(50);
  sendSignal(pid, 'SIGSTOP');
  const release = async (): Promise<void> => {
    sendSignal(pid, 'SIGCONT');
    await client.end();
  };
  return { held: Promise.resolve(), release };
}

/** False when there is no such process any more. */
function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** A hold that lasts until the next one is there, so that what is held comes to the next place and no further. */
export async function holdThen(first: Hold, next: () => Promise<Hold>): Promise<Hold> {
  let second: Hold | undefined;
  const held = first.held.then(async () => {
    second = await next();
    await first.release();
    await second.held;
  });
  const release = async (): Promise<void> => {
    await first.release();
    await held.catch(() => undefined);
    await second?.release();
  };
  return { held, release };
}
