import { throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { databaseExists } from '../postgres/databases.ts';
import { dropLeftTrials, trialName } from './trial-database.ts';

let server: ThrowawayPostgres;
let admin: pg.Client;

beforeAll(async () => {
  server = await throwawayPostgres(17);
  admin = await server.client();
});
afterAll(() => server.stop());

it('drops what killed trials left, and nothing that is young, in use, or of another name', async () => {
  const old = Date.now() - 2 * 3_600_000;
  const [left, used, young] = [trialName(old), trialName(old), trialName()];
  const others = ['holdfast_trial_of_mine', 'holdfast_trialx'];
  for (const name of [left, used, young, ...others]) await server.createDatabase(name);
  await server.client({ ...server.target, database: used });
  await dropLeftTrials(admin);
  expect(await databaseExists(admin, left)).toBe(false);
  for (const name of [used, young, ...others]) expect([name, await databaseExists(admin, name)]).toEqual([name, true]);
});
