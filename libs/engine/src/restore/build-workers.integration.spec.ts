import { throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BuildWorkers, isOnThisMachine } from './build-workers.ts';

let server: ThrowawayPostgres;
let client: pg.Client;

beforeAll(async () => {
  server = await throwawayPostgres(17, { settings: { max_parallel_maintenance_workers: '3' } });
  client = await server.client();
});
afterAll(() => server.stop());

const workers = async (): Promise<number> => {
  const { rows } = await client.query<{ workers: string }>(
    `SELECT current_setting('max_parallel_maintenance_workers') AS workers`,
  );
  return Number(rows[0]?.workers);
};

describe('parallel workers of an index build', () => {
  it('are none beside other sessions that need the same cores, and as the server says again when it is alone', async () => {
    const build = new BuildWorkers(server.target, 2, 2);
    await build.prepare(client, false);
    expect(await workers()).toBe(0);
    await build.prepare(client, false);
    expect(await workers()).toBe(0);
    await build.prepare(client, true);
    expect(await workers()).toBe(3);
    await build.prepare(client, false);
    expect(await workers()).toBe(0);
    await client.query('RESET ALL');
  });

  it.each([
    ['there are more cores than sessions', '127.0.0.1', 2, 4],
    ['the server is elsewhere', 'db.example.org', 4, 2],
    ['the server is elsewhere in a private network', '10.0.0.5', 4, 2],
  ])('are left to the server where %s', async (_, host, sessions, cores) => {
    await new BuildWorkers({ host }, sessions, cores).prepare(client, false);
    expect(await workers()).toBe(3);
  });

  it.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1', 'localhost', '/var/run/postgresql'])(
    'share our cores at %s',
    (host) => expect(isOnThisMachine({ host })).toBe(true),
  );
});
