import { startEmbedded } from '@holdfast/tools/embedded-postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { BACKUP_ROWS, RESTORE_ROWS } from './kill-cases.ts';
import { expectCompleted, expectRetried, runUntil, start } from './kill-runs.ts';
import { customerOf, type Customer } from './places.ts';
import { ended, rowsOf, startProduct, type Product } from './product.ts';

const PLACES = ['shop-a', 'shop-b', 'shop-c', 'shop-d', 'shop-e'];
const MIDWAY = [BACKUP_ROWS, RESTORE_ROWS];

let product: Product;
let customer: Customer;
let again: Awaited<ReturnType<typeof startEmbedded>> | undefined;

beforeAll(async () => {
  product = await startProduct();
  customer = await customerOf(product, PLACES);
});
afterAll(async () => {
  await product?.stop();
  await again?.stop();
  await customer?.server.stop();
});

/** Asks for backups around a moment; whoever of them is answered or not, what was recorded has to end. */
async function askAround(moment: () => Promise<unknown>): Promise<void> {
  const asked = customer.places.slice(2).map(async ({ environmentId }, index) => {
    await sleep(index * 15);
    await product.api.POST('/api/v1/backup', { body: { environmentId } }).catch(() => undefined);
  });
  await sleep(Math.random() * 45);
  await moment();
  await Promise.all(asked);
}

/** The operations that are neither of those and have not ended, once our database answers. */
async function otherOperations(known: string[]): Promise<string[]> {
  for (;;) {
    try {
      const rows = await rowsOf<{ id: string }>(product.stack.database, 'SELECT id FROM operations ORDER BY id');
      return rows.map(({ id }) => id).filter((id) => !known.includes(id));
    } catch {
      await sleep(200);
    }
  }
}

describe('while a backup and a restore are in their rows and others are just asked for, a kill (SIGKILL) of', () => {
  it.each(['api', 'temporal', 'postgres'] as const)('%s lets all of them end', async (name) => {
    const before = await otherOperations([]);
    const met = await runUntil(product, customer.places, MIDWAY, () => askAround(() => product.stack.kill(name)));
    const others = await otherOperations([...before, ...met.map(({ operationId }) => operationId)]);
    const ends = await Promise.all(others.map((id) => ended(product.api, id)));
    for (const { status, error } of ends) {
      if (status !== 'completed') expect(['operation.never_started', 'temporal.unavailable']).toContain(error?.code);
    }
    await expectCompleted(product, customer, met);
  });
});

describe("a kill (SIGKILL) of a customer's Postgres in the rows of a backup and of a restore", () => {
  const serve = async (): Promise<void> => {
    const { server } = customer;
    const { port, password } = server.target;
    const { dataDir } = server;
    again = await startEmbedded({ dataDir, port, password, durable: false, onLine: () => undefined }, never);
  };
  const { signal: never } = new AbortController();
  const killServer = async (): Promise<void> => {
    const { kill, exited } = again ?? customer.server.server;
    kill('SIGKILL');
    await exited;
  };

  it('that is back soon is followed by an attempt that completes', async () => {
    const met = await runUntil(product, customer.places, MIDWAY, killServer);
    await serve();
    await expectCompleted(product, customer, met);
    await expectRetried(product, met);
  });

  it('that stays away fails both with the reason; once it is back, both complete', async () => {
    const met = await runUntil(product, customer.places, MIDWAY, killServer);
    const failed = await Promise.all(met.map(({ operationId }) => ended(product.api, operationId)));
    for (const { status, error } of failed)
      expect([status, error?.code]).toEqual(['failed', 'environment.unreachable']);
    expect(await rowsOf(product.stack.database, 'SELECT * FROM leases')).toEqual([]);
    await serve();
    const retried = await Promise.all(
      met.map(async (one) => ({ ...one, operationId: await start(product.api, one.case, one.place) })),
    );
    await expectCompleted(product, customer, retried);
  });
});
