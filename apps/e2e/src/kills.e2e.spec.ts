import { watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { lock, type Hold } from './holds.ts';
import * as cases from './kill-cases.ts';
import type { KillCase } from './kill-cases.ts';
import { customerOf, type Customer, type Place } from './places.ts';
import { ended, inStep, rowsOf, startBackup, startProduct, startRestore, type Operation } from './product.ts';
import type { Product } from './product.ts';
import { manifestsIn } from './repository-files.ts';
import { spoil } from './shop-database.ts';
import { expectSame, expectSound } from './soundness.ts';

const PLACES = ['shop-a', 'shop-b', 'shop-c', 'shop-d'];

let product: Product;
let customer: Customer;

beforeAll(async () => {
  product = await startProduct();
  customer = await customerOf(product, PLACES);
});
afterAll(async () => {
  await product?.stop();
  await customer?.server.stop();
});

async function start(kind: 'backup' | 'restore', { environmentId, database, backupId }: Place): Promise<string> {
  if (kind === 'backup') return startBackup(product.api, environmentId);
  const intruder = await rowsOf(database, "SELECT FROM pg_tables WHERE tablename = 'intruder'");
  if (intruder.length === 0) await spoil(database);
  return startRestore(product.api, backupId);
}

interface Running {
  kind: 'backup' | 'restore';
  place: Place;
  operationId: string;
}

const nameOf = ({ kind, step, where }: KillCase): string => `${kind} in ${step}${where ? ` ${where}` : ''}`;

async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`never held: ${what}`)), 30_000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Starts one operation a case, brings each to its place, does `kill`, and lets go. */
async function runUntil(wanted: KillCase[], kill: (holds: Hold[]) => Promise<unknown>): Promise<Running[]> {
  const holds: Hold[] = [];
  const running: Running[] = [];
  try {
    for (const [index, wantedCase] of wanted.entries()) {
      const place = customer.places[index] as Place;
      const id = Promise.withResolvers<string>();
      console.log(new Date().toISOString(), 'hold', nameOf(wantedCase));
      const hold = await wantedCase.hold({ product, place, operationId: id.promise });
      holds.push(hold);
      console.log(new Date().toISOString(), 'start', nameOf(wantedCase));
      const operationId = await start(wantedCase.kind, place);
      id.resolve(operationId);
      running.push({ kind: wantedCase.kind, place, operationId });
      await soon(hold.held, nameOf(wantedCase));
      if (!wantedCase.where) await inStep(product.api, operationId, wantedCase.step);
    }
    console.log(new Date().toISOString(), 'kill');
    await kill(holds);
  } catch (e) {
    console.log(await rowsOf(customer.server.target, "select pid, datname, state, wait_event_type, wait_event, left(query, 200) as q, pg_blocking_pids(pid) b from pg_stat_activity where state <> 'idle'"));
    throw e;
  } finally {
    await Promise.all(holds.map((hold) => hold.release()));
  }
  return running;
}

async function allEnded(running: Running[]): Promise<Operation[]> {
  return Promise.all(running.map(({ operationId }) => ended(product.api, operationId)));
}

/** Whatever happened, a target has all of its old or all of its new content. */
async function expectWhole({ place, kind }: Running, operation: Operation): Promise<void> {
  if (kind === 'restore') {
    await expectSame(operation.status === 'completed' ? place.original : customer.spoiled, place.database);
  }
}

async function expectCompleted(running: Running[], wanted: KillCase[]): Promise<void> {
  const operations = await allEnded(running);
  const told = operations.map(({ status, error }, index) => ({ case: nameOf(wanted[index] as KillCase), status, error }));
  expect(told).toEqual(wanted.map((one) => ({ case: nameOf(one), status: 'completed', error: null })));
  for (const [index, operation] of operations.entries()) await expectWhole(running[index] as Running, operation);
  await expectSound(product, [customer.server.target]);
}

const WORKER_KILLS: KillCase[][] = [
  [cases.BACKUP_CONNECT, cases.BACKUP_SCHEMA, cases.BACKUP_ROWS, cases.BACKUP_UNREPORTED],
  [cases.RESTORE_ROWS, cases.RESTORE_PRE_DATA, cases.RESTORE_PREPARE, cases.RESTORE_PREFLIGHT],
  [cases.RESTORE_SWITCH, cases.RESTORE_COMPARE, cases.RESTORE_POST_DATA],
  [cases.BACKUP_RECORD, cases.RESTORE_RECORD, cases.RESTORE_UNREPORTED],
];

const FOUR_BACKUPS = PLACES.map(() => cases.BACKUP_ROWS);

/** Brings four backups to where all rows are read and nothing is checked; `near` is told the moment they go on. */
async function beforeTheCheck(near: () => Promise<unknown>): Promise<Running[]> {
  return runUntil(FOUR_BACKUPS, async (holds) => {
    // Read for what a backup leaves out, after the rows.
    const barrier = await lock(customer.server.target, 'pg_catalog.pg_tablespace');
    await Promise.all(holds.map((hold) => hold.release()));
    const waiting = 'SELECT FROM pg_locks WHERE NOT granted';
    await vi.waitFor(async () => expect(await rowsOf(customer.server.target, waiting)).toHaveLength(4), 20_000);
    const before = (await manifestsIn(product.repositoryDir)).length;
    await Promise.all([near(), barrier.release()]);
    const ids = await rowsOf(product.stack.database, "select status, progress->>'step' as step from operations where kind='backup' order by id desc limit 4");
    console.log('NEAR', (await manifestsIn(product.repositoryDir)).length - before, JSON.stringify(ids));
  });
}

const firstManifest = (): Promise<void> =>
  new Promise((seen) => {
    const watchers = customer.places.map(({ environmentId }) =>
      watch(join(product.repositoryDir, 'backups', environmentId), () => {
        for (const watcher of watchers) watcher.close();
        seen();
      }),
    );
  });

const killWorker = () => product.stack.kill('worker');

describe('a worker that is killed (SIGKILL) is followed by one that completes', () => {
  it.each(WORKER_KILLS.map((wanted) => [wanted.map(nameOf).join(', '), wanted] as const))('%s', async (_, wanted) => {
    await expectCompleted(await runUntil(wanted, killWorker), wanted);
  });

  it('four backups, of which one has just begun to write its manifest', async () => {
    await expectCompleted(await beforeTheCheck(() => firstManifest().then(killWorker)), FOUR_BACKUPS);
  });

  it.each([0, 5, 10, 15, 20, 30, 40])('four backups, %d to 9 ms more after the check of their chunks may begin', async (least) => {
    const milliseconds = least + Math.random() * 10;
    await expectCompleted(await beforeTheCheck(() => sleep(milliseconds).then(killWorker)), FOUR_BACKUPS);
  });
});
