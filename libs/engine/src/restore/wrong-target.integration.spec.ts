import { makeTempDir, once, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calm, environment, failureOf, takeBackup } from '../engine-under-test.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { attachRepository, type Repository } from '../repository/repository.ts';
import { restore, type RestoreArguments } from './restore.ts';
import type { TargetGuard } from './wrong-target.ts';

let source: ThrowawayPostgres;
let other: ThrowawayPostgres;
let repository: Repository;
let backupId: string;
let own: PostgresTarget;
/** Of another server, with the same name: only the system identifier tells. */
let foreign: PostgresTarget;

beforeAll(async () => {
  // clusters of one major version are copies of one template, with its system identifier
  [source, other] = await Promise.all([throwawayPostgres(16), throwawayPostgres(17)]);
  own = await source.createDatabase('shop');
  foreign = await other.createDatabase('shop');
  await once(own, 'CREATE TABLE orders AS SELECT 1 AS id');
  await once(foreign, 'CREATE TABLE precious AS SELECT 7 AS id');
  repository = (await attachRepository(await makeTempDir('wrong-target'))).repository;
  backupId = (await takeBackup(own, repository)).backupId;
});
afterAll(async () => {
  await Promise.all([source?.stop(), other?.stop()]);
});

const guardOf = (more: Partial<TargetGuard> = {}): TargetGuard => ({
  ...{ environmentId: environment.id, environmentName: 'shop-live', projectRef: null, sourceProjectRef: null },
  ...{ confirm: null, ...more },
});
const give = (target: PostgresTarget, guard: TargetGuard, more: Partial<RestoreArguments> = {}) =>
  restore(
    {
      ...{ repository, sourceEnvironmentId: environment.id, backupId, target, newDatabase: null, guard },
      ...{ schemas: [], tables: [], content: 'all', dryRun: false, overwrite: true },
      ...{ operationId: randomUUID(), parallel: 2, ...more },
    },
    calm,
  );
const findingOf = async (...asked: Parameters<typeof give>) =>
  (await give(asked[0], asked[1], { dryRun: true, ...asked[2] })).findings.find(
    ({ code }) => code === 'restore.wrong_target',
  );
const held = async (target: PostgresTarget, server: ThrowawayPostgres): Promise<string[]> => {
  const client = await server.client(target);
  const { rows } = await client.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace",
  );
  await client.end();
  return rows.map(({ name }) => name);
};

describe('a restore over another server', () => {
  it('is a blocker in the dry run, which names both servers, and a refusal that says what to type', async () => {
    expect(await findingOf(foreign, guardOf())).toMatchObject({
      severity: 'blocker',
      message: expect.stringMatching(/system identifier \d+, the target's has \d+$/),
      hint: expect.stringContaining('confirm: "shop-live"'),
    });
    for (const confirm of [null, 'shop', 'SHOP-LIVE']) {
      const refused = await failureOf(give(foreign, guardOf({ confirm })));
      expect([refused.code, refused.hint]).toEqual([
        'restore.wrong_target',
        expect.stringContaining('confirm: "shop-live"'),
      ]);
    }
    expect(await held(foreign, other)).toEqual(['precious']);
  });

  it('guards chosen tables too, where any would be replaced', async () => {
    expect(await findingOf(foreign, guardOf(), { tables: ['public.orders'] })).toBeUndefined();
    await once(foreign, 'CREATE TABLE orders (id int)');
    expect(await findingOf(foreign, guardOf(), { tables: ['public.orders'] })).toMatchObject({ severity: 'blocker' });
    await once(foreign, 'DROP TABLE orders');
  });

  it('has nothing to guard in a new or an empty database', async () => {
    expect(await findingOf(foreign, guardOf(), { newDatabase: 'shop_copy' })).toBeUndefined();
    expect(await findingOf(await other.createDatabase(), guardOf())).toBeUndefined();
  });

  it('goes on once the name is typed, and the report keeps the warning', async () => {
    const report = await give(foreign, guardOf({ confirm: 'shop-live' }));
    expect(report.findings).toContainEqual(
      expect.objectContaining({ severity: 'warning', code: 'restore.wrong_target' }),
    );
    expect(await held(foreign, other)).toEqual(['orders']);
  });
});

describe('on the server that the backup came from', () => {
  it('another environment, project or database is told apart', async () => {
    const elsewhere = await source.createDatabase('staging');
    await once(elsewhere, 'CREATE TABLE precious ()');
    expect((await findingOf(elsewhere, guardOf()))?.message).toMatch(/of database shop, the target is staging$/);
    expect((await findingOf(own, guardOf({ environmentId: randomUUID() })))?.message).toMatch(/of environment spec$/);
    const refs = { projectRef: 'aaaa', sourceProjectRef: 'bbbb' };
    expect((await findingOf(own, guardOf(refs)))?.message).toMatch(/of project bbbb, the target is aaaa$/);
  });

  it('a role that may not read the identifier has to type the name', async () => {
    await once(
      own,
      `CREATE ROLE blind LOGIN CREATEDB PASSWORD 'x'; REVOKE EXECUTE ON FUNCTION pg_control_system() FROM public`,
    );
    const blind = { ...own, user: 'blind', password: 'x' };
    expect(await findingOf(blind, guardOf())).toMatchObject({
      severity: 'blocker',
      message: expect.stringContaining('may not read the system identifier'),
    });
    await once(own, 'GRANT EXECUTE ON FUNCTION pg_control_system() TO public');
  });

  it('the database itself needs no name', async () => {
    expect(await findingOf(own, guardOf())).toBeUndefined();
    await give(own, guardOf());
    expect(await held(own, source)).toEqual(['orders']);
  });
});
