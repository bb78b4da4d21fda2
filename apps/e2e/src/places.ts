import { throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { backedUp, register, type Database, type Product } from './product.ts';
import { copyOf, fillShop, spoil } from './shop-database.ts';

/** An environment that was backed up and whose database is another one since. */
export interface Place {
  environmentId: string;
  database: Database;
  /** What the backup holds. */
  original: Database;
  backupId: string;
}

/** A customer's server with some environments on it. */
export interface Customer {
  server: ThrowawayPostgres;
  places: Place[];
  /** What every place was made to hold after its backup. */
  spoiled: Database;
}

/** Makes environments with equal shops (mebibytes: `documents`) and one backup each; spoils what was backed up. */
export async function customerOf(product: Product, names: string[], documents = 16): Promise<Customer> {
  const server = await throwawayPostgres(17);
  const original = await server.createDatabase('original');
  await fillShop(original, 20_000, documents);
  const databases: Database[] = [];
  for (const name of names) databases.push(await copyOf(original, name));
  const places = await Promise.all(databases.map((database) => backedUpPlace(product, database, original)));
  const spoiled = await copyOf(original, 'spoiled');
  await Promise.all([spoiled, ...places.map(({ database }) => database)].map(spoil));
  return { server, places, spoiled };
}

async function backedUpPlace({ api }: Product, database: Database, original: Database): Promise<Place> {
  const environmentId = await register(api, database.database, database);
  return { environmentId, database, original, backupId: await backedUp(api, environmentId) };
}
