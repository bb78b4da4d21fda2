import { readdir } from 'node:fs/promises';
import { compareFigures, figuresOf, type DatabaseFigures } from '@holdfast/tools/database-figures';
import { expect } from 'vitest';
import { completed, listedBackups, rowsOf, startVerify, type Database, type Product } from './product.ts';
import { manifestsIn } from './repository-files.ts';
import { databasesLike } from './shop-database.ts';

const proven = new Set<string>();

/**
 * What must hold whenever no operation is left: no lease, no unfinished operation, no half-built database on the
 * servers, no file of a backup's, the listed backups are exactly those with a manifest, and each of them (that was not
 * asked before) verifies.
 */
export async function expectSound(product: Product, servers: Database[]): Promise<void> {
  const { database } = product.stack;
  expect(await rowsOf(database, 'SELECT resource, operation_id FROM leases')).toEqual([]);
  const open = "SELECT id, kind, status FROM operations WHERE status IN ('pending', 'running')";
  expect(await rowsOf(database, open)).toEqual([]);
  for (const server of servers) expect(await databasesLike(server, 'holdfast_restore_%')).toEqual([]);
  const listed = (await listedBackups(product.api)).map(({ id }) => id).sort();
  expect(await manifestsIn(product.repositoryDir)).toEqual(listed);
  await Promise.all(listed.filter((id) => !proven.has(id)).map((id) => expectProven(product, id)));
  // A killed worker cannot remove the file that holds a password for pg_dump: the next backup does.
  expect(await readdir(product.temporaryDir, { recursive: true })).toEqual([]);
}

async function expectProven({ api }: Product, id: string): Promise<void> {
  const { result } = await completed(api, await startVerify(api, id, 'content'));
  expect(result).toMatchObject({ verdict: 'proven', damagedCount: 0 });
  proven.add(id);
}

const read = new WeakMap<Database, Promise<DatabaseFigures>>();

/** A database holds the same rows and the same schema as another one, which nobody changes and which is read once. */
export async function expectSame(unchanging: Database, found: Database): Promise<void> {
  const expected = read.get(unchanging) ?? figuresOf(unchanging);
  read.set(unchanging, expected);
  const { differingTables, catalogDifferences } = compareFigures(await expected, await figuresOf(found));
  expect({ differingTables, catalogDifferences }).toEqual({ differingTables: [], catalogDifferences: [] });
}
