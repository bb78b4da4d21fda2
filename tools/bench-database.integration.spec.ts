import { connect, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendRows, createBenchDatabase, updateNewest, updateSpread } from './bench-database.ts';

describe('the bench database', () => {
  let server: ThrowawayPostgres;

  beforeAll(async () => {
    server = await throwawayPostgres(17);
  });
  afterAll(async () => {
    await server.stop();
  });

  it('has the size asked for, one large table, and grows and changes by one percent', async () => {
    const target = await server.createDatabase('bench');
    await createBenchDatabase(target, 32);
    const client = await connect(target);
    try {
      const tables = async (): Promise<{ name: string; rows: number; bytes: number }[]> => {
        const found = await client.query<{ name: string; bytes: string; rows: string }>(
          `select relname as name, pg_table_size(oid) as bytes, (xpath('/row/c/text()', query_to_xml('select count(*) as c from ' || relname, false, true, '')))[1]::text as rows
           from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 2 desc`,
        );
        return found.rows.map(({ name, bytes, rows }) => ({ name, bytes: Number(bytes), rows: Number(rows) }));
      };
      const before = await tables();
      const total = before.reduce((sum, { bytes }) => sum + bytes, 0);
      expect(Math.abs(total / (32 * 1024 * 1024) - 1)).toBeLessThan(0.1);
      expect(before).toHaveLength(5);
      expect((before[0]?.bytes ?? 0) / total).toBeGreaterThan(0.5);
      const rows = before.reduce((sum, table) => sum + table.rows, 0);
      for (const change of [updateNewest, updateSpread, appendRows]) {
        const changed = await change(target, 0.01);
        expect(Math.abs(changed / (rows / 100) - 1)).toBeLessThan(0.05);
      }
      const after = (await tables()).reduce((sum, table) => sum + table.rows, 0);
      expect(Math.abs(after / (rows * 1.01) - 1)).toBeLessThan(0.001);
    } finally {
      await client.end();
    }
  });
});
