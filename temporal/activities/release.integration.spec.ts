import { randomBytes, randomUUID } from 'node:crypto';
import { OPERATION_STEPS } from '@holdfast/contracts';
import type { ReleaseReport, RestoreReport } from '@holdfast/contracts';
import { sealSecret } from '@holdfast/crypto';
import { connect, throwawayControlPlane, throwawayPostgres } from '@holdfast/testing';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAKE_INPUTS, FAKE_RESULTS } from '../fake-results.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createActivities } from './index.ts';
import { asJson } from './json.ts';

let plane: Awaited<ReturnType<typeof throwawayControlPlane>>;
let server: Awaited<ReturnType<typeof throwawayPostgres>>;
let dependencies: ActivityDependencies;
let environmentId: string;
const masterKey = randomBytes(32);

beforeAll(async () => {
  [plane, server] = await Promise.all([throwawayControlPlane(), throwawayPostgres()]);
  environmentId = randomUUID();
  const { host, port, database, user, password } = server.target;
  await plane.database.environment.create({
    data: {
      ...{ id: environmentId, name: 'shop', kind: 'postgres', host, port, database, username: user },
      sealedPassword: sealSecret(masterKey, password, `environment:${environmentId}`),
      ...{ tlsMode: 'disable', color: 'teal', production: false },
    },
  });
  // releasing touches neither repositories nor scratch servers
  const scratch = { open: () => Promise.reject(new Error('no scratch server')) } as unknown;
  dependencies = {
    ...{ database: plane.database, masterKey, toolsDir: '', parallel: 1, functionsRoots: [], allowance: 'loopback' },
    scratch: scratch as ActivityDependencies['scratch'],
  };
});
afterAll(() => Promise.all([plane?.stop(), server?.stop()]));

/** A restore that quarantined a trigger, as its row and its target have it. */
async function quarantined(status: 'completed' | 'failed' | 'running' = 'completed') {
  const [id, newDatabase] = [randomUUID(), `copy ${randomUUID().slice(0, 8)}`];
  const client = await connect(await server.createDatabase(newDatabase));
  await client.query(`create table orders (id int);
    create function tell() returns trigger language plpgsql as $$ begin return new; end $$;
    create trigger hook after insert on orders for each row execute function tell();
    alter table orders disable trigger hook;
    create schema holdfast; create table holdfast.quarantine
      (operation_id uuid, kind text, name text, address jsonb, state text, primary key (kind, address))`);
  const address = { schema: 'public', table: 'orders', name: 'hook' };
  await client.query('insert into holdfast.quarantine values ($1, $2, $3, $4, $5)', [
    ...[id, 'trigger', 'hook on public.orders', address, 'ENABLE'],
  ]);
  const quarantine = { items: [], count: 1, leftOn: [], releasedAt: null };
  const steps = OPERATION_STEPS.restore.map((name) => ({ name, status: 'done' }));
  await plane.database.operation.create({
    data: {
      ...{ id, kind: 'restore', environmentId, actorId: randomUUID(), actorName: 'Ada', workflowId: id, status },
      input: asJson({ ...FAKE_INPUTS.restore, environmentId, newDatabase }),
      ...(status === 'failed' ? {} : { result: asJson({ ...FAKE_RESULTS.restore, quarantine }) }),
      progress: asJson({ steps }),
    },
  });
  const state = async () => (await client.query(`select tgenabled from pg_trigger where tgname = 'hook'`)).rows;
  return { id, state, end: () => client.end() };
}

const release = (operationId: string): Promise<ReleaseReport> =>
  new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(() =>
    createActivities(dependencies).releaseQuarantine({ operationId }),
  );
const row = (id: string) => plane.database.operation.findUniqueOrThrow({ where: { id }, include: { events: true } });

describe('a release', () => {
  it('switches on in the database of the restore, and is recorded on it once', async () => {
    const { id, state, end } = await quarantined();
    const report = await release(id);
    expect(report).toMatchObject({ releasedCount: 1, skippedCount: 0 });
    expect(await state()).toEqual([{ tgenabled: 'O' }]);
    expect(await release(id)).toEqual(report);
    const { result, events, sequence } = await row(id);
    const { quarantine, release: recorded, rows } = result as unknown as RestoreReport;
    expect([quarantine?.releasedAt, recorded]).toEqual([report.releasedAt, report]);
    expect(rows).toBe(FAKE_RESULTS.restore.rows);
    expect([sequence, events.map(({ type }) => type)]).toEqual([1, ['released']]);
    await end();
  });

  it('goes by what the target remembers where the restore failed after its database was in place', async () => {
    const { id, state, end } = await quarantined('failed');
    const report = await release(id);
    expect([report.releasedCount, await state()]).toEqual([1, [{ tgenabled: 'O' }]]);
    expect(await release(id)).toEqual(report);
    expect(await row(id)).toMatchObject({ status: 'failed', result: { release: report } });
    await end();
  });

  it('that finds nothing where something was switched off is an error, and is not recorded', async () => {
    const { id, state, end } = await quarantined();
    const { input } = await row(id);
    const elsewhere = asJson({ ...(input as object), newDatabase: 'postgres' });
    await plane.database.operation.update({ where: { id }, data: { input: elsewhere } });
    await expect(release(id)).rejects.toMatchObject({ type: 'restore.not_quarantined', nonRetryable: true });
    expect((await row(id)).result).toMatchObject({ quarantine: { releasedAt: null } });
    await plane.database.operation.update({ where: { id }, data: { input: asJson(input as object) } });
    expect([(await release(id)).releasedCount, await state()]).toEqual([1, [{ tgenabled: 'O' }]]);
    await end();
  });

  it('is refused while the restore is on its way', async () => {
    const { id, state, end } = await quarantined('running');
    await expect(release(id)).rejects.toMatchObject({ type: 'restore.not_quarantined', nonRetryable: true });
    expect(await state()).toEqual([{ tgenabled: 'D' }]);
    await end();
  });
});
