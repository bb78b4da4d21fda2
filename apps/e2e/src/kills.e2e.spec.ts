import { watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { barrier } from './holds.ts';
import * as at from './kill-cases.ts';
import type { KillCase } from './kill-cases.ts';
import { expectCompleted, expectRetried, nameOf, runUntil, soon, type Met } from './kill-runs.ts';
import { customerOf, type Customer, type Place } from './places.ts';
import { startProduct, type Product } from './product.ts';

const FIRST_PLACES = ['shop-a', 'shop-b', 'shop-c', 'shop-d'];
const SECOND_PLACES = ['shop-e', 'shop-f', 'shop-g', 'shop-h'];
/** The chunks that were on their way are stored by then. */
const STORED_MS = 300;

let product: Product;
let customer: Customer;
let first: Place[];
let second: Place[];

beforeAll(async () => {
  product = await startProduct();
  customer = await customerOf(product, [...FIRST_PLACES, ...SECOND_PLACES]);
  [first, second] = [customer.places.slice(0, 4), customer.places.slice(4)];
});
afterAll(async () => {
  await product?.stop();
  await customer?.server.stop();
});

const killWorker = () => product.stack.kill('worker');

/** What one kill meets, each at a place of its own. The last one may be held for a moment only. */
type Round = KillCase[];

// Two kills a test: while the heartbeats of what the first one met run out, the second one is prepared.
const PAIRS: [Round, Round][] = [
  [
    [at.BACKUP_CONNECT, at.BACKUP_SCHEMA, at.BACKUP_ROWS, at.RESTORE_UNREPORTED_NEW],
    [at.RESTORE_ROWS, at.RESTORE_PRE_DATA, at.RESTORE_PREPARE, at.RESTORE_PREFLIGHT],
  ],
  [
    [at.RESTORE_SWITCH, at.RESTORE_COMPARE, at.RESTORE_POST_DATA, at.BACKUP_UNREPORTED],
    [at.BACKUP_RECORD, at.RESTORE_RECORD, at.RESTORE_UNREPORTED],
  ],
];
const FOUR_BACKUPS: Round = Array.from({ length: 4 }, () => at.BACKUP_ROWS);

/** Brings four backups to where all rows are stored and no chunk is checked; `kill` begins the moment they go on. */
const beforeTheCheck = (places: Place[], kill: () => Promise<unknown>): Promise<Met[]> =>
  runUntil(product, places, FOUR_BACKUPS, async (holds) => {
    // Read for what a backup leaves out, right after the rows.
    const stop = await barrier(customer.server.target, 'pg_catalog.pg_subscription', FOUR_BACKUPS.length);
    await Promise.all(holds.map((hold) => hold.release()));
    holds.push(stop);
    await soon(stop.held, 'four backups before the check');
    await sleep(STORED_MS);
    await Promise.all([kill(), stop.release()]);
  });

const firstManifest = (places: Place[]): Promise<void> =>
  new Promise((seen) => {
    const watchers = places.map(({ environmentId }) =>
      watch(join(product.repositoryDir, 'backups', environmentId), () => {
        for (const watcher of watchers) watcher.close();
        seen();
      }),
    );
  });

const namesOf = (round: Round): string => round.map(nameOf).join(', ');

describe('a worker that is killed (SIGKILL) is followed by one that completes', () => {
  it.each(PAIRS.map(([a, b]) => [namesOf(a), namesOf(b), a, b] as const))('%s; again: %s', async (_a, _b, one, two) => {
    const met = await runUntil(product, first, one, killWorker);
    met.push(...(await runUntil(product, second, two, killWorker)));
    await expectCompleted(product, customer, met);
    await expectRetried(
      product,
      met.filter(({ case: { where } }) => where !== at.WHILE_WRITTEN),
    );
  });

  it('backups in check and manifest, when the first of four writes its manifest; again: at a random instant', async () => {
    const met = await beforeTheCheck(first, () => firstManifest(first).then(killWorker));
    const milliseconds = Math.random() * 40;
    met.push(...(await beforeTheCheck(second, () => sleep(milliseconds).then(killWorker))));
    await expectCompleted(product, customer, met);
  });
});
