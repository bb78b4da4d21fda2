import { once, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { answered } from '@holdfast/tools/operations-client';
import type { RestoreReport } from '@holdfast/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backedUp, completed, ended, listedBackups, register, rowsOf } from './product.ts';
import { startProduct, startRestore, type Database, type Product } from './product.ts';

let product: Product;
let server: ThrowawayPostgres;
let shop: Database;
let live: Database;
let shopId: string;
let liveId: string;
let backupId: string;

const HOOKED = `create schema net; create table net.sent (url text); create table orders (id int primary key);
  create function net.http_post(url text) returns void language sql as 'insert into net.sent values (url)';
  create function tell() returns trigger language plpgsql as 'begin perform net.http_post(''shop''); return new; end';
  create trigger hook after insert on orders for each row execute function tell(); insert into orders values (1)`;

beforeAll(async () => {
  [product, server] = await Promise.all([startProduct(), throwawayPostgres(17)]);
  [shop, live] = [await server.createDatabase('shop'), await server.createDatabase('live')];
  await once(shop, HOOKED);
  await once(live, 'create table precious as select 7 as id');
  [shopId, liveId] = [await register(product.api, 'shop', shop), await register(product.api, 'live', live)];
  const path = { id: liveId };
  const params = { path, header: { 'If-Match': '*' } };
  answered(await product.api.PATCH('/api/v1/environments/{id}', { params, body: { production: true } }));
  backupId = await backedUp(product.api, shopId);
});
afterAll(async () => {
  await product?.stop();
  await server?.stop();
});

const reportOf = async (operationId: string): Promise<RestoreReport> =>
  (await completed(product.api, operationId)).result as unknown as RestoreReport;
const over = (confirm: string | null = 'live') => ({ environmentId: liveId, overwrite: true, confirm });

describe("a restore over another environment's production database", () => {
  it('is refused until the name is typed', async () => {
    const params = { path: { id: backupId } };
    const refused = await product.api.POST('/api/v1/backup/{id}/restore', { params, body: over(null) });
    expect([refused.response.status, refused.error?.code]).toEqual([409, 'restore.wrong_target']);
    const dry = await reportOf(await startRestore(product.api, backupId, { ...over(null), dryRun: true }));
    expect(dry.findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual(
      expect.arrayContaining([
        'blocker restore.wrong_target',
        'note restore.quarantined',
        'note restore.safety_backup',
      ]),
    );
    expect(await listedBackups(product.api)).toHaveLength(1);
  });

  it('takes no backup of the target when it cannot be', async () => {
    const operationId = await startRestore(product.api, backupId, { ...over(), overwrite: false });
    expect((await ended(product.api, operationId)).error?.code).toBe('restore.preflight_failed');
    expect(await listedBackups(product.api)).toHaveLength(1);
  });

  it('backs the target up first, which brings it back; the copy is quiet until it is released', async () => {
    const operationId = await startRestore(product.api, backupId, over());
    const { safetyBackupId, quarantine, differences } = await reportOf(operationId);
    expect([differences, quarantine?.items.map(({ name }) => name)]).toEqual([[], ['hook on public.orders']]);
    await once(live, 'insert into orders values (2)');
    expect(await rowsOf(live, 'select url from net.sent')).toEqual([{ url: 'shop' }]);

    const params = { path: { id: operationId } };
    const released = answered(await product.api.POST('/api/v1/progress/{id}/release', { params }));
    expect(released).toMatchObject({ releasedCount: 1, skippedCount: 0 });
    expect(answered(await product.api.POST('/api/v1/progress/{id}/release', { params }))).toEqual(released);
    await once(live, 'insert into orders values (3)');
    expect(await rowsOf(live, 'select url from net.sent')).toEqual([{ url: 'shop' }, { url: 'shop' }]);
    expect(await rowsOf(live, "select from pg_namespace where nspname = 'holdfast'")).toEqual([]);

    const safety = (await listedBackups(product.api)).find(({ id }) => id === safetyBackupId);
    expect(safety).toMatchObject({ environmentId: liveId, tags: ['safety'], status: 'complete' });
    await completed(
      product.api,
      await startRestore(product.api, safetyBackupId ?? '', { overwrite: true, safetyBackup: false, confirm: 'live' }),
    );
    expect(await rowsOf(live, 'select * from precious')).toEqual([{ id: 7 }]);
    expect(await rowsOf(product.stack.database, 'select * from leases')).toEqual([]);
  });
});
