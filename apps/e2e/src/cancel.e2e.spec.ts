import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { compareDatabases } from '@holdfast/tools/database-figures';
import { answered } from '@holdfast/tools/operations-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { descendantsOf } from './processes.ts';
import { backedUp, completed, ended, inStep, listedBackups, register, rowsOf } from './product.ts';
import { startBackup, startProduct, startRestore, startVerify, type Database, type Operation } from './product.ts';
import type { Product } from './product.ts';
import { manifestsIn } from './repository-files.ts';
import { addLargeTable, copyOf, databasesLike, fillShop, spoil } from './shop-database.ts';

const PROMISED_MS = 3_000;

let product: Product;
let source: ThrowawayPostgres;
let shop: Database;
let environmentId: string;
let backupId: string;

beforeAll(async () => {
  [product, source] = await Promise.all([startProduct(), throwawayPostgres(17)]);
  shop = await source.createDatabase('shop');
  await fillShop(shop, 20_000);
  await addLargeTable(shop, 160);
  environmentId = await register(product.api, 'shop', shop);
});
afterAll(async () => {
  await product?.stop();
  await source?.stop();
});

/** Waits until a step has got through some of its bytes, but not through most of them. */
async function inTheMiddleOf(operationId: string, step: string): Promise<void> {
  const { progress } = await inStep(product.api, operationId, step);
  if (progress.done > 0) return expect(progress.done).toBeLessThan((progress.total ?? 0) * 0.8);
  await sleep(20);
  return inTheMiddleOf(operationId, step);
}

/** Cancels, and answers how it ended and after how many milliseconds. */
async function cancel(operationId: string): Promise<{ operation: Operation; milliseconds: number }> {
  const asked = performance.now();
  const answer = await product.api.POST('/api/v1/progress/{id}/cancel', { params: { path: { id: operationId } } });
  expect(answer.response.status).toBe(202);
  const operation = await ended(product.api, operationId, 30);
  return { operation, milliseconds: performance.now() - asked };
}

const leases = () => rowsOf(product.stack.database, 'SELECT * FROM leases');

describe('a cancel', () => {
  it('in the middle of a large table stops a backup within 3 s and leaves nothing listed; the next one succeeds', async () => {
    const operationId = await startBackup(product.api, environmentId);
    await inTheMiddleOf(operationId, 'rows');
    const { operation, milliseconds } = await cancel(operationId);
    expect(operation).toMatchObject({ status: 'cancelled', error: { code: 'operation.cancelled' } });
    expect(milliseconds).toBeLessThan(PROMISED_MS);
    expect(await leases()).toEqual([]);
    expect(await listedBackups(product.api)).toEqual([]);
    expect(await manifestsIn(product.repositoryDir)).toEqual([]);
    const sessions = await rowsOf(source.target, "SELECT query FROM pg_stat_activity WHERE datname = 'shop'");
    expect(sessions).toEqual([]);

    backupId = await backedUp(product.api, environmentId);
    expect((await listedBackups(product.api)).map(({ id }) => id)).toEqual([backupId]);
    expect(await manifestsIn(product.repositoryDir)).toEqual([backupId]);
    const verified = await completed(product.api, await startVerify(product.api, backupId, 'content'));
    expect(verified.result).toMatchObject({ verdict: 'proven', damagedCount: 0 });
  });

  it('of a restore in its rows leaves the target as it was, drops what it built, and the next one succeeds', async () => {
    const original = await copyOf(shop, 'original');
    await spoil(shop);
    const spoiled = await copyOf(shop, 'spoiled');
    const operationId = await startRestore(product.api, backupId);
    await inTheMiddleOf(operationId, 'rows');
    expect(await databasesLike(shop, 'holdfast_restore_%')).toHaveLength(1);
    const { operation, milliseconds } = await cancel(operationId);
    expect(operation.status).toBe('cancelled');
    expect(milliseconds).toBeLessThan(PROMISED_MS);
    expect(await leases()).toEqual([]);
    expect(await databasesLike(shop, 'holdfast_restore_%')).toEqual([]);
    expect(await compareDatabases(spoiled, shop)).toMatchObject({ differingTables: [], catalogDifferences: [] });

    await completed(product.api, await startRestore(product.api, backupId));
    expect(await compareDatabases(original, shop)).toMatchObject({ differingTables: [], catalogDifferences: [] });
  });

  it('of a trial restore leaves no scratch server and no scratch directory; the backup can still be proven', async () => {
    const worker = product.stack.children().find(({ name }) => name === 'worker');
    const servers = async () =>
      (await descendantsOf(worker?.pid ?? 0)).filter(({ command }) => /postgres\S* -D /.test(command));
    const operationId = await startVerify(product.api, backupId, 'restore');
    await inTheMiddleOf(operationId, 'restore');
    const [server] = await servers();
    const cluster = / -D (\S+)/.exec(server?.command ?? '')?.[1] ?? '';
    expect(existsSync(cluster)).toBe(true);
    const { operation, milliseconds } = await cancel(operationId);
    expect(operation.status).toBe('cancelled');
    expect(milliseconds).toBeLessThan(PROMISED_MS);
    expect(await servers()).toEqual([]);
    expect(existsSync(cluster)).toBe(false);
    expect(await readdir(`${product.temporaryDir}/holdfast-scratch`)).toEqual([]);

    const proof = await completed(product.api, await startVerify(product.api, backupId, 'restore'));
    expect(proof.result).toMatchObject({ level: 'restore', verdict: 'proven', differenceCount: 0 });
  });

  it('before it begins ends it at once, and one that has ended is refused', async () => {
    const { operationId } = answered(await product.api.POST('/api/v1/backup', { body: { environmentId } }));
    const { operation } = await cancel(operationId);
    expect(operation.status).toBe('cancelled');
    const again = await product.api.POST('/api/v1/progress/{id}/cancel', { params: { path: { id: operationId } } });
    expect(again.response.status).toBe(409);
    expect(again.error).toMatchObject({ code: 'operation.not_cancellable' });
    expect(await leases()).toEqual([]);
    expect(await manifestsIn(product.repositoryDir)).toEqual([backupId]);
  });
});
