import { throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readGaps } from './inspect.ts';

let server: ThrowawayPostgres;

beforeAll(async () => {
  server = await throwawayPostgres(17);
});
afterAll(() => server.stop());

it('names tables with rows that belong to an extension, which makes them anew without', async () => {
  const client = await server.client(await server.createDatabase());
  await client.query(`
    CREATE EXTENSION citext;
    CREATE SCHEMA queues;
    CREATE TABLE queues.jobs (id int); INSERT INTO queues.jobs VALUES (1);
    CREATE TABLE queues.none (id int);
    CREATE UNLOGGED TABLE queues.passing (id int); INSERT INTO queues.passing VALUES (1);
    CREATE TABLE queues.kept (id int); INSERT INTO queues.kept VALUES (1);
    ALTER EXTENSION citext ADD TABLE queues.jobs;
    ALTER EXTENSION citext ADD TABLE queues.none;
    ALTER EXTENSION citext ADD TABLE queues.passing;
    ALTER EXTENSION citext ADD TABLE queues.kept;
    UPDATE pg_extension SET extconfig = ARRAY['queues.kept'::regclass::oid], extcondition = ARRAY['']
      WHERE extname = 'citext'`);
  const told = async (): Promise<string[]> =>
    (await readGaps(client, 'postgres')).flatMap(({ code, subjects }) => (code === 'extension-tables' ? subjects : []));
  expect(await told()).toEqual(['queues.jobs']);
  await client.query('ALTER EXTENSION citext DROP TABLE queues.jobs');
  expect(await told()).toEqual([]);
});
