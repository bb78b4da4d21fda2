import { answered } from '@holdfast/tools/operations-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BACKUP_ROWS, RESTORE_ROWS } from './kill-cases.ts';
import { endings, expectCompleted, runUntil, start, type Met } from './kill-runs.ts';
import { customerOf, type Customer } from './places.ts';
import { backedUp, ended, rowsOf, startBackup, startProduct, type Product } from './product.ts';
import { expectSound } from './soundness.ts';
import { temporal } from './temporal-cli.ts';

const MIDWAY = [BACKUP_ROWS, RESTORE_ROWS];
const TERMINATED_WITHIN_MS = 15_000;
const LOST_AFTER_SECONDS = 5;
const REFUSED_WITHIN_MS = 3_000;

let product: Product;
let customer: Customer;

beforeAll(async () => {
  const env = { HOLDFAST_WORKER_LOST_AFTER_SECONDS: String(LOST_AFTER_SECONDS) };
  product = await startProduct({ revive: false, env });
  customer = await customerOf(product, ['shop-a', 'shop-b', 'shop-c']);
});
afterAll(async () => {
  await product?.stop();
  await customer?.server.stop();
});

const leases = () => rowsOf(product.stack.database, 'SELECT * FROM leases');

async function startAgain(met: Met[]): Promise<Met[]> {
  return Promise.all(met.map(async (one) => ({ ...one, operationId: await start(product.api, one.case, one.place) })));
}

describe('an operation', () => {
  it('that an operator terminates in Temporal fails as terminated within 15 s, frees its lease, and leaves nothing', async () => {
    const ends: number[] = [];
    const met = await runUntil(product, customer.places, MIDWAY, async () => {
      const asked = performance.now();
      const ids = await rowsOf<{ id: string; name: string }>(
        product.stack.database,
        "SELECT id, workflow_id AS name FROM operations WHERE status = 'running'",
      );
      const because = ['--reason', 'by an operator'];
      for (const { name } of ids) {
        await temporal(product.stack.temporalAddress, 'workflow', 'terminate', '--workflow-id', name, ...because);
      }
      for (const { id } of ids) {
        expect(await ended(product.api, id, 20)).toMatchObject({ error: { code: 'operation.terminated' } });
        ends.push(performance.now() - asked);
      }
      expect(await leases()).toEqual([]);
    });
    expect(ends).toHaveLength(MIDWAY.length);
    expect(Math.max(...ends)).toBeLessThan(TERMINATED_WITHIN_MS);
    for (const { status } of await endings(product, customer, met)) expect(status).toBe('failed');
    await expectCompleted(product, customer, await startAgain(met));
  });

  it('whose worker never comes back fails as lost, also one that nobody ever began; leases are freed', async () => {
    const met = await runUntil(product, customer.places, MIDWAY, () => product.stack.kill('worker'));
    const waiting = await startBackup(product.api, customer.places[2]?.environmentId ?? '');
    for (const operationId of [...met.map((one) => one.operationId), waiting]) {
      const { status, error } = await ended(product.api, operationId, 60);
      expect([status, error?.code]).toEqual(['failed', 'operation.worker_lost']);
    }
    expect(await leases()).toEqual([]);
    await endings(product, customer, met);

    await product.stack.restart('worker');
    await expectCompleted(product, customer, await startAgain(met));
  });
});

describe('with Temporal down', () => {
  it('the API boots, reads work, and a start is refused within 3 s; with Temporal back, all goes on', async () => {
    const { api, stack, token } = product;
    const environmentId = customer.places[2]?.environmentId ?? '';
    await stack.kill('temporal');
    await stack.kill('api');
    await stack.restart('api');
    for (const path of [
      '/api/v1/backup',
      '/api/v1/environments',
      '/api/v1/progress',
      '/api/v1/repositories',
    ] as const) {
      expect(answered(await api.GET(path)).items.length).toBeGreaterThan(0);
    }
    const health = answered(await api.GET('/api/v1/progress/health/status'));
    expect(health).toMatchObject({ temporal: { reachable: false }, postgres: { reachable: true } });

    const asked = performance.now();
    const refused = await fetch(`${stack.urls.api}/api/v1/backup`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ environmentId }),
    });
    expect(performance.now() - asked).toBeLessThan(REFUSED_WITHIN_MS);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(await refused.json()).toMatchObject({ status: 503, code: 'temporal.unavailable' });
    const [last] = answered(await api.GET('/api/v1/progress', { params: { query: { limit: 1 } } })).items;
    expect(last).toMatchObject({ status: 'failed', error: { code: 'temporal.unavailable' } });

    await stack.restart('temporal');
    await backedUp(api, environmentId);
    await expectSound(product, [customer.server.target]);
  });
});
