import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { holdBy, holdThen, lock, lockNew, lockWhen, occupy, untilAwaited, type Hold } from './holds.ts';
import type { Place } from './places.ts';
import { rowsOf, type Database, type Product } from './product.ts';
import { databasesLike } from './shop-database.ts';

/** A restore that has switched needs no longer for what comes after. */
const SETTLED_MS = 200;

/** Whoever waits for the row does so until it is let go: asked often enough. */
const ROW_HELD_POLL_MS = 100;

/** Where an operation is kept until the kill. */
export interface KillCase {
  kind: 'backup' | 'restore';
  step: string;
  /** Beyond the step. */
  where?: string;
  /** A restore into a database of this name. */
  newDatabase?: string;
  hold(at: Started): Promise<Hold>;
}

/** What a hold works with; the operation's id is known once it was started, which may be later. */
export interface Started {
  product: Product;
  place: Place;
  operationId: Promise<string>;
}

const serverOf = ({ database }: Place): Database => ({ ...database, database: 'postgres' });
const workingName = async (operationId: Promise<string>): Promise<string> =>
  `holdfast_restore_${(await operationId).replaceAll('-', '')}`;

/** A small table, which is loaded after the large ones, is locked as soon as it is made. */
const lastRows = ({ place, operationId }: Started): Promise<Hold> =>
  lockNew(serverOf(place), workingName(operationId), 'sales.customers', 'SHARE');

const backup = (step: string, hold: KillCase['hold']): KillCase => ({ kind: 'backup', step, hold });
const restore = (step: string, hold: KillCase['hold']): KillCase => ({ kind: 'restore', step, hold });

export const BACKUP_CONNECT = backup('connect', ({ place }) => lock(place.database, 'sales.orders'));
/** Read by pg_dump and by nothing before it. */
export const BACKUP_SCHEMA = backup('schema', ({ place }) => lock(place.database, 'pg_catalog.pg_transform'));
/** Needed to write out `sales.searches`, which is copied after the large tables; pg_dump has read it by then. */
export const BACKUP_ROWS = backup('rows', async ({ product, place, operationId }) => {
  const session = `datname = '${place.database.database}' AND state = 'active' AND query LIKE 'COPY %TO STDOUT'`;
  const hold = await lockWhen(
    place.database,
    Promise.resolve(`SELECT FROM pg_stat_activity WHERE ${session}`),
    Promise.resolve('LOCK TABLE pg_catalog.pg_ts_dict IN ACCESS EXCLUSIVE MODE'),
  );
  const over = async (): Promise<boolean> => {
    const ended = `SELECT FROM operations WHERE id = $1 AND status NOT IN ('pending', 'running')`;
    return (await rowsOf(product.stack.database, ended, [await operationId])).length > 0;
  };
  return untilAwaited(hold, place.database, 'pg_catalog.pg_ts_dict', over);
});
export const RESTORE_PREFLIGHT = restore('preflight', ({ place }) => lock(place.database, 'pg_catalog.pg_depend'));
/** From which every new database is copied. */
export const RESTORE_PREPARE = restore('prepare', ({ place }) =>
  holdBy(serverOf(place), 'ALTER DATABASE template0 RENAME TO template_held'),
);
/** Whoever gives something an owner, or a policy a role, writes to pg_shdepend. */
const LOCK_SHARED_DEPENDENCIES = 'LOCK TABLE pg_catalog.pg_shdepend IN SHARE MODE';
export const RESTORE_PRE_DATA = restore('pre-data', ({ place, operationId }) =>
  lockWhen(
    serverOf(place),
    workingName(operationId).then((name) => `SELECT FROM pg_database WHERE datname = '${name}'`),
    Promise.resolve(LOCK_SHARED_DEPENDENCIES),
  ),
);
export const RESTORE_ROWS = restore('rows', lastRows);
export const RESTORE_POST_DATA = restore('post-data', async (at) =>
  holdThen(await lastRows(at), () => holdBy(serverOf(at.place), LOCK_SHARED_DEPENDENCIES)),
);
/** A table without rows, keys and policies is needed again only when it is compared. */
export const RESTORE_COMPARE = restore('compare', ({ place, operationId }) =>
  lockNew(serverOf(place), workingName(operationId), 'sales.empty', 'ACCESS EXCLUSIVE'),
);
export const RESTORE_SWITCH = restore('switch', ({ place }) => occupy(place.database));

/** Keeps the operation's row: nobody writes progress or the outcome. `done` says when the engine is through. */
async function rowHold({ product, operationId }: Started, done: () => Promise<boolean>): Promise<Hold> {
  const { database } = product.stack;
  const id = operationId.then((text) => `id = '${text}'`);
  const row = await lockWhen(
    database,
    id.then((is) => `SELECT FROM operations WHERE ${is} AND status = 'running'`),
    id.then((is) => `SELECT FROM operations WHERE ${is} FOR UPDATE`),
  );
  let released = false;
  const held = row.held.then(async () => {
    while (!released && !(await done())) await sleep(ROW_HELD_POLL_MS);
  });
  return { held, release: () => ((released = true), row.release()) };
}

const manifestWritten = ({ product, place }: Started) => {
  let path: string | undefined;
  return async (): Promise<boolean> => {
    path ??= await newestManifest(product, place);
    return path !== undefined && existsSync(path);
  };
};

async function newestManifest({ stack, repositoryDir }: Product, { environmentId }: Place): Promise<string> {
  const [row] = await rowsOf<{ id: string }>(
    stack.database,
    'SELECT backup_id AS id FROM operations WHERE environment_id = $1 ORDER BY id DESC LIMIT 1',
    [environmentId],
  );
  return join(repositoryDir, 'backups', environmentId, row?.id ?? '', 'manifest.json');
}

/** The working database has its final name, and a moment later everything was done about it. */
const switched =
  ({ place, operationId }: Started, becomes: string) =>
  async (): Promise<boolean> => {
    const working = await workingName(operationId);
    if ((await databasesLike(place.database, working)).length > 0) return false;
    const final = becomes.replace('%', (await operationId).replaceAll('-', '').slice(-8));
    if ((await databasesLike(place.database, final)).length === 0) return false;
    await sleep(SETTLED_MS);
    return true;
  };

const UNREPORTED = 'before the engine could report';
export const BACKUP_UNREPORTED: KillCase = {
  ...{ kind: 'backup', step: 'record', where: UNREPORTED },
  hold: (at) => rowHold(at, manifestWritten(at)),
};
export const RESTORE_UNREPORTED: KillCase = {
  ...{ kind: 'restore', step: 'record', where: UNREPORTED },
  hold: (at) => rowHold(at, switched(at, `${at.place.database.database}_before_%`)),
};
const NEW_DATABASE = 'restored';
export const RESTORE_UNREPORTED_NEW: KillCase = {
  ...{ kind: 'restore', step: 'record', where: `into a new database ${UNREPORTED}`, newDatabase: NEW_DATABASE },
  hold: (at) => rowHold(at, switched(at, NEW_DATABASE)),
};

/** The worker waits for the row, to write how the operation ended. */
const writingOutcome = async (at: Started): Promise<Hold> => {
  const waiting = `SELECT FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE '%FOR UPDATE%')`;
  const count = async () => (await rowsOf(at.product.stack.database, waiting)).length;
  const before = await count();
  return rowHold(at, async () => (await count()) > before);
};
/** The engine is through and has reported. */
export const WHILE_WRITTEN = 'while the outcome is written';
export const BACKUP_RECORD: KillCase = { ...backup('record', writingOutcome), where: WHILE_WRITTEN };
export const RESTORE_RECORD: KillCase = { ...restore('record', writingOutcome), where: WHILE_WRITTEN };
