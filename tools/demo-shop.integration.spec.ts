import { connect, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fillShop } from './demo-shop.ts';

describe('the shop of the demo project', () => {
  let server: ThrowawayPostgres;

  beforeAll(async () => {
    server = await throwawayPostgres(17);
  });
  afterAll(async () => {
    await server.stop();
  });

  it('holds at least 28 tables, 320,000 rows, and the same ones every time', async () => {
    const figures = [];
    for (const name of ['one', 'two']) {
      const target = await server.createDatabase(name);
      const told: string[] = [];
      const made = await fillShop(target, { onProgress: (text) => told.push(text) });
      expect(made.tables).toBeGreaterThanOrEqual(28);
      expect(made.rows).toBeGreaterThanOrEqual(320_000);
      expect(told.length).toBeGreaterThan(5);
      const client = await connect(target);
      const { rows } = await client.query(
        `select (select sum(hashtextextended(o::text, 0)::numeric) from public.orders o)::text as orders,
          (select sum(hashtextextended(b::text, 0)::numeric) from public.bookings b)::text as bookings,
          (select sum(hashtextextended(encode(lo_get(oid), 'hex'), 0)::numeric) from pg_largeobject_metadata)::text as objects`,
      );
      await client.end();
      figures.push({ made, rows });
    }
    expect(figures[0]).toEqual(figures[1]);
  });

  it('shows a signed-in person only what policies allow', async () => {
    const target = await server.createDatabase('small');
    await fillShop(target, { scale: 0.05 });
    const client = await connect(target);
    try {
      const all = await client.query(`select count(*)::int as n from public.orders`);
      await client.query(`begin; set local role authenticated; set local "request.jwt.claims" = '{"customer_id": 7}'`);
      const own = await client.query(
        `select count(*)::int as n, count(distinct organisation_id)::int as tenants from public.orders`,
      );
      await client.query('rollback; begin; set local role anon');
      await expect(client.query('select from public.orders')).rejects.toThrow('permission denied');
      await client.query('rollback');
      expect(own.rows[0].n).toBeGreaterThan(0);
      expect(own.rows[0].n).toBeLessThan(all.rows[0].n / 5);
    } finally {
      await client.end();
    }
  });
});
