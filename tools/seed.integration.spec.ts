import { connect, throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentsIn, refuseMixing, removeSeed, seed } from './seed-database.ts';

const NOW = Date.UTC(2026, 10, 24, 8, 50);

let plane: ThrowawayControlPlane;
let client: pg.Client;

beforeAll(async () => {
  plane = await throwawayControlPlane();
  client = await connect(plane.target);
});
afterAll(async () => {
  await client?.end();
  await plane?.stop();
});

const count = async (text: string): Promise<number> =>
  (await client.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${text}`)).rows[0]?.count ?? -1;

describe('the seed', () => {
  it('makes what it says: backups of 14 months with their operations, proofs and damage', async () => {
    await refuseMixing(client, false);
    const made = await seed(client, { backups: 1_203, environments: 20 }, NOW);
    expect(made.environments).toBe(20);
    expect(await count('backups')).toBe(made.backups);
    expect(await count('operations')).toBe(made.operations);
    const failed = await count(`operations WHERE kind = 'backup' AND status = 'failed'`);
    expect([made.backups + failed, failed > 10]).toEqual([1_203, true]);
    expect(await count('backups WHERE proven_at IS NOT NULL')).toBeGreaterThan(200);
    expect(await count(`backups WHERE status = 'damaged'`)).toBeGreaterThan(0);
    expect(await count(`operations WHERE status IN ('pending', 'running')`)).toBe(0);
    const { rows } = await client.query<{ days: number }>(
      'SELECT extract(day FROM max(taken_at) - min(taken_at))::int AS days FROM backups',
    );
    expect(rows[0]?.days).toBeGreaterThan(420);
    expect(await count('backups b JOIN operations o ON o.id = b.operation_id AND o.backup_id = b.id')).toBe(
      made.backups,
    );
    const told = await client.query(`SELECT 1 FROM pg_trigger WHERE tgname = 'operations_told' AND tgenabled = 'O'`);
    expect(told.rowCount).toBe(1);
  });

  it('is refused a second time, and beside real environments unless that is meant', async () => {
    await expect(refuseMixing(client, true)).rejects.toMatchObject({ hint: expect.stringContaining('--remove') });
    await plane.database.environment.create({
      data: {
        ...{ name: 'seed-of-my-own', kind: 'postgres', host: 'db.example.org', port: 5432, database: 'd' },
        ...{ username: 'u', sealedPassword: 'v1.x', tlsMode: 'prefer', color: '#1565c0', production: false },
      },
    });
    expect(await environmentsIn(client)).toEqual({ others: 1, seeded: 20 });
    await removeSeed(client);
    await expect(refuseMixing(client, false)).rejects.toMatchObject({ hint: expect.stringContaining('--yes') });
    await refuseMixing(client, true);
  });

  it('is removed without a trace, and without anything else', async () => {
    const before = await count('environments');
    const made = await seed(client, { backups: 50, environments: 3 }, NOW);
    expect(await removeSeed(client)).toEqual(made);
    expect(await count('environments')).toBe(before);
    for (const table of ['backups', 'operations', 'repositories'])
      expect([table, await count(table)]).toEqual([table, 0]);
  });
});
