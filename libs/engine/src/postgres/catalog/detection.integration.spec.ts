import { connect, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareCatalogs, readCatalog, type Catalog } from '../catalog.ts';
import { CASES, ORIGINAL, ROLES } from './detection-cases.ts';

describe('every kind of object on Postgres 17', () => {
  let server: ThrowawayPostgres;
  let client: pg.Client;
  let original: Catalog;

  beforeAll(async () => {
    server = await throwawayPostgres(17);
    const target = await server.createDatabase('detection');
    client = await connect(target);
    await client.query(ROLES.map((role) => `create role ${role}`).join(';'));
    await client.query(ORIGINAL);
    original = await readCatalog(client);
  });
  afterAll(async () => {
    await client.end();
    await server.stop();
  });

  it.each(CASES)('exactly one difference follows from: %s', async (change, kind, subject, protection = false) => {
    await client.query('begin');
    try {
      await client.query(change.replaceAll('DB', 'detection'));
      const differences = compareCatalogs(original, await readCatalog(client));
      expect(differences).toEqual([expect.objectContaining({ kind, subject, protection })]);
    } finally {
      await client.query('rollback');
      if (change.includes('setval') || change.includes('nextval')) await client.query(`select setval('s.q', 7)`);
    }
  });

  it('the cases alter every kind that a catalog can hold', () => {
    const altered = new Set(CASES.map(([, kind]) => kind));
    expect(original.map(({ kind }) => kind).filter((kind) => !altered.has(kind) && kind !== 'server major')).toEqual(
      [],
    );
  });

  it('a database is no different from itself', async () => {
    expect(compareCatalogs(original, await readCatalog(client))).toEqual([]);
  });
});
