import {
  connect as connectTo,
  connectionUrl,
  makeTempDir,
  throwawayPostgres,
  type ThrowawayPostgres,
} from '@holdfast/testing';
import { corpus } from '@holdfast/testing/corpus';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  attachRepository,
  backUp,
  compareCatalogs,
  defaultToolsDir,
  readCatalog,
  restore,
  scratchServers,
  verify,
  type PostgresTarget,
  type Repository,
} from './index.ts';

const run = { signal: new AbortController().signal };
const environment = { id: randomUUID(), name: 'corpus', kind: 'postgres' as const };

/** Backs up, verifies up to a trial restore, restores beside, and answers where to. */
async function roundTrip(server: ThrowawayPostgres, repository: Repository, source: PostgresTarget) {
  const id = randomUUID();
  const backup = { id, name: source.database, description: '', tags: [], components: ['database' as const] };
  const toolsDir = defaultToolsDir();
  const summary = await backUp(
    { environment, source, repository, backup, toolsDir, lockTimeoutSeconds: 10, parallel: 2 },
    run,
  );
  const url = connectionUrl(server.target);
  const place = { environmentId: environment.id, backupId: id, manifestSha256: summary.manifestSha256 };
  const proof = await verify(
    {
      ...{ repositoryPath: repository.driver.location, repositoryUid: repository.uid, ...place },
      ...{ level: 'restore', scratch: scratchServers({ toolsDir, url, workDir: '' }), parallel: 2 },
    },
    run,
  );
  const newDatabase = `restored ${randomUUID().slice(0, 8)}`;
  const report = await restore(
    {
      ...{ repository, sourceEnvironmentId: environment.id, backupId: id, target: source, newDatabase },
      ...{ schemas: [], tables: [], content: 'all', dryRun: false, overwrite: false },
      ...{ operationId: randomUUID(), parallel: 2 },
    },
    run,
  );
  return { summary, proof, report, restored: { ...source, database: newDatabase } };
}

describe.each([15, 17])('restore(backup(db)) equals db on Postgres %i', (major) => {
  let server: ThrowawayPostgres;
  let repository: Repository;

  beforeAll(async () => {
    server = await throwawayPostgres(major);
    repository = (await attachRepository(await makeTempDir('law'))).repository;
  });
  afterAll(async () => {
    await server.stop();
  });

  it.each(corpus.filter(({ minMajor = 0 }) => minMajor <= major))(
    '$name',
    async ({ name, hostileName, create }) => {
      const source = await server.createDatabase(hostileName ?? `corpus ${name}`);
      const builder = await connectTo(source);
      await create(builder, major);
      await builder.end();
      const { proof, report, restored } = await roundTrip(server, repository, source);
      expect(proof.differences).toEqual([]);
      expect(proof.damaged).toEqual([]);
      expect(proof.verdict).toBe('proven');
      expect(report.differenceCount).toBe(0);
      const [before, after] = [await connectTo(source), await connectTo(restored)];
      try {
        expect(compareCatalogs(await readCatalog(before, {}), await readCatalog(after, {}))).toEqual([]);
      } finally {
        await Promise.all([before.end(), after.end()]);
      }
    },
    300_000,
  );

  it('holds for an owner who is no superuser, on either side', async () => {
    const role = `plain_owner_${major}`;
    const admin = await server.client(server.target);
    await admin.query(`CREATE ROLE ${role} LOGIN CREATEDB PASSWORD 'plain'`);
    await admin.query(`CREATE DATABASE owned_${major} OWNER ${role}`);
    const source = { ...server.target, database: `owned_${major}`, user: role, password: 'plain' };
    const builder = await connectTo(source);
    await builder.query(`CREATE SCHEMA own; CREATE TYPE own.mood AS ENUM ('a', 'b');
      CREATE TABLE own.t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m own.mood, x text);
      INSERT INTO own.t (m, x) SELECT 'b', md5(i::text) FROM generate_series(1, 5000) i;
      CREATE VIEW own.v AS SELECT m, count(*) FROM own.t GROUP BY m; SELECT lo_from_bytea(0, 'bytes');
      ALTER DATABASE owned_${major} SET work_mem = '7MB'`);
    await builder.end();
    const { proof, report } = await roundTrip(server, repository, source);
    expect(proof).toMatchObject({ differences: [], verdict: 'proven' });
    expect(report.differences).toEqual([]);
  }, 60_000);
});
