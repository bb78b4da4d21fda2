import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { prove, takeBackup } from '../engine-under-test.ts';
import { attachRepository, type Repository } from '../repository/repository.ts';

/**
 * A database with an extension that no server offers: it is one by another name. With a table that cannot be made for
 * want of it, a sequence that would have been that table's, and others that have nothing to do with it.
 */
const SHOP = `
  CREATE EXTENSION citext;
  CREATE TABLE people (id serial PRIMARY KEY, email citext UNIQUE);
  INSERT INTO people (email) VALUES ('a@b.c');
  CREATE TABLE orders (id int PRIMARY KEY, above int);
  INSERT INTO orders VALUES (1, NULL), (2, 1)`;

let server: ThrowawayPostgres;
let repository: Repository;

beforeAll(async () => {
  server = await throwawayPostgres(17, { settings: { allow_system_table_mods: 'on' } });
  repository = (await attachRepository(await makeTempDir('unproven'))).repository;
});
afterAll(() => server.stop());

async function trial(...statements: string[]) {
  const source = await server.createDatabase();
  const client = await server.client(source);
  for (const sql of [SHOP, ...statements]) await client.query(sql);
  await client.query(`UPDATE pg_extension SET extname = 'holdfast_absent' WHERE extname = 'citext'`);
  return prove(repository, await takeBackup(source, repository), 'restore', server.target);
}

it('names what cannot be proven for want of an extension, and proves the rest', async () => {
  const result = await trial();
  expect(result).toMatchObject({ verdict: 'proven-with-gaps', differences: [], damaged: [] });
  const gap = (code: string) => result.gaps.find((one) => one.code === code)?.subjects.join(', ');
  expect(gap('extensions-unavailable')).toBe('holdfast_absent');
  for (const name of ['table public.people', 'public.people_id_seq']) expect(gap('unproven')).toContain(name);
  expect(gap('unproven')).not.toContain('orders');
});

it('is no excuse for what fails or differs beside it', async () => {
  const key = 'ALTER TABLE orders ADD CONSTRAINT above FOREIGN KEY (above) REFERENCES orders';
  const result = await trial(key, 'SET session_replication_role = replica', 'UPDATE orders SET above = 7 WHERE id = 2');
  expect(result.verdict).toBe('different');
  expect(result.differences.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
    expect.stringContaining('FK CONSTRAINT public.orders above'),
  ]);
  expect(result.differences[0]?.found).toContain('23503');
});
