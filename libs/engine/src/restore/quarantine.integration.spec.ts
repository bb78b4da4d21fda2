import { makeTempDir, once, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import type { RestoreReport } from '@holdfast/contracts';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calm, environment, failureOf, takeBackup } from '../engine-under-test.ts';
import { compareCatalogs, readCatalog } from '../postgres/catalog.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { attachRepository, type Repository } from '../repository/repository.ts';
import { HOOKED, HOOKED_ACTORS } from './hooked-database.ts';
import { release, requireReleased } from './quarantine.ts';
import { restore, type RestoreArguments } from './restore.ts';

const { signal } = calm;
const named = (items: { kind: string; name: string }[] = []): string[] =>
  items.map(({ kind, name }) => `${kind}: ${name}`).toSorted();
const itemsOf = ({ quarantine }: RestoreReport): string[] => named(quarantine?.items);

describe.each([15, 17])('quarantine on Postgres %i', (major) => {
  let server: ThrowawayPostgres;
  let repository: Repository;
  let source: PostgresTarget;
  let backupId: string;

  beforeAll(async () => {
    server = await throwawayPostgres(major);
    repository = (await attachRepository(await makeTempDir('quarantine'))).repository;
    source = await server.createDatabase('hooked');
    await once(source, HOOKED);
    backupId = (await takeBackup(source, repository)).backupId;
  });
  afterAll(async () => {
    await server?.stop();
  });

  const give = (more: Partial<RestoreArguments>): Promise<RestoreReport> =>
    restore(
      {
        ...{ repository, sourceEnvironmentId: environment.id, backupId, target: source, quarantine: 'copies' },
        ...{ newDatabase: null, schemas: [], tables: [], content: 'all', dryRun: false, overwrite: false },
        ...{ operationId: randomUUID(), parallel: 2, ...more },
      },
      calm,
    );
  const copied = async (more: Partial<RestoreArguments> = {}) => {
    const [newDatabase, operationId] = [`copy ${randomUUID().slice(0, 8)}`, randomUUID()];
    const report = await give({ newDatabase, operationId, ...more });
    return { report, operationId, copy: { ...source, database: newDatabase } };
  };
  const guardOf = (environmentId: string) => ({
    ...{ environmentId, environmentName: 'other', projectRef: null, sourceProjectRef: null, confirm: 'other' },
  });
  const rowsOf = async (place: PostgresTarget, sql: string): Promise<unknown[]> => {
    const client = await server.client(place);
    try {
      return (await client.query({ text: sql, rowMode: 'array' })).rows;
    } finally {
      await client.end();
    }
  };
  const differencesTo = async (place: PostgresTarget) => {
    const [a, b] = [await server.client(source), await server.client(place)];
    const differences = compareCatalogs(await readCatalog(a), await readCatalog(b));
    await Promise.all([a.end(), b.end()]);
    return differences;
  };
  const JOBS = 'select jobid, active from cron.job order by 1';

  it('switches off what acts by itself in a copy, names it, and changes nothing else', async () => {
    const { report, copy } = await copied();
    expect(report.differences).toEqual([]);
    expect(itemsOf(report)).toEqual(HOOKED_ACTORS);
    expect(report.quarantine).toMatchObject({ count: HOOKED_ACTORS.length, releasedAt: null });
    expect(named(report.quarantine?.leftOn)).toEqual(['trigger: through_view on public.seen']);
    expect(report.findings).toContainEqual(expect.objectContaining({ code: 'restore.quarantined', severity: 'note' }));
    expect(await rowsOf(copy, JOBS)).toEqual([
      ['1', false],
      ['2', false],
      ['3', false],
    ]);
    const changed = (await differencesTo(copy)).filter(({ subject }) => !/\bholdfast\b/.test(subject));
    // no part of the catalog: a wrapper of an extension, the rows of jobs, a partition's trigger that is as its parent's
    const inCatalog = HOOKED_ACTORS.filter((name) => /trigger: (?!parted on public.parts_1)/.test(name));
    expect(named(changed.map(({ kind, subject }) => ({ kind, name: subject })))).toEqual(inCatalog);
  });

  it('keeps a copy from reaching anybody, while its other triggers work', async () => {
    const { copy } = await copied();
    const sent = await rowsOf(copy, 'select count(*) from net.sent');
    await once(
      copy,
      'insert into orders values (1); update orders set id = 2; insert into parts values (3); create table t ()',
    );
    await once(copy, `delete from "odd ""s"""."odd ON t"`);
    expect(await rowsOf(copy, 'select note from orders')).toEqual([['stamped; see http_post']]);
    expect(await rowsOf(copy, 'select count(*) from net.sent')).toEqual(sent);
    await expect(once(copy, 'select * from far_away')).rejects.toThrow(/has no handler/);
  });

  it('is seen by no event trigger of the copy', async () => {
    const { copy, operationId } = await copied();
    const logged = await rowsOf(source, 'select count(*) from ddl_log');
    expect(await rowsOf(copy, 'select count(*) from ddl_log')).toEqual(logged);
    await release(copy, operationId, signal);
    expect(await rowsOf(copy, 'select count(*) from ddl_log')).toEqual(logged);
  });

  it('is released to exactly what was backed up, once', async () => {
    const { copy, operationId } = await copied();
    expect((await release(copy, randomUUID(), signal)).releasedCount).toBe(0);
    const [one, two] = await Promise.all([release(copy, operationId, signal), release(copy, operationId, signal)]);
    expect([one.releasedCount, two.releasedCount].toSorted((a, b) => a - b)).toEqual([0, HOOKED_ACTORS.length]);
    expect(await differencesTo(copy)).toEqual([]);
    expect(await rowsOf(copy, JOBS)).toEqual([
      ['1', true],
      ['2', true],
      ['3', false],
    ]);
    await expect(once(copy, 'select * from far_away')).rejects.toThrow(/could not connect/);
    expect((await release(copy, operationId, signal)).releasedCount).toBe(0);
  });

  it('is taken for released only in the very database that was quarantined', async () => {
    const { report, copy, operationId } = await copied();
    const home = { systemIdentifier: report.quarantine?.systemIdentifier ?? null, database: copy.database };
    const nothing = (place: PostgresTarget, of = home as typeof home | null) =>
      failureOf(requireReleased(place, operationId, of, signal));
    expect(await nothing(source)).toMatchObject({
      code: 'restore.not_quarantined',
      hint: expect.stringContaining('connection'),
    });
    const later = randomUUID();
    await once(copy, `update holdfast.quarantine set operation_id = '${later}'`);
    expect(await nothing(copy)).toMatchObject({ hint: expect.stringContaining(`/progress/${later}/release`) });
    await release(copy, later, signal);
    await requireReleased(copy, operationId, home, signal);
    for (const of of [null, { ...home, systemIdentifier: '1' }, { ...home, systemIdentifier: null }]) {
      expect(await nothing(copy, of)).toMatchObject({ code: 'restore.not_quarantined' });
    }
  });

  it('leaves to people what they changed meanwhile', async () => {
    const { copy, operationId } = await copied();
    await once(copy, 'drop trigger hook on orders; alter table orders enable replica trigger hook_always');
    await once(copy, 'delete from cron.job where jobid = 1');
    const { skipped, releasedCount } = await release(copy, operationId, signal);
    expect(named(skipped)).toEqual([
      "cron job: 1 it's nightly",
      'trigger: hook on public.orders',
      'trigger: hook_always on public.orders',
    ]);
    expect(releasedCount).toBe(HOOKED_ACTORS.length - 3);
    const state = `select tgenabled from pg_trigger where tgname = 'hook_always'`;
    expect(await rowsOf(copy, state)).toEqual([['R']]);
  });

  it('is not asked for, by `quarantine: false` or in the database that the backup came from', async () => {
    const { report, copy } = await copied({ quarantine: false });
    expect(report.quarantine).toBeNull();
    expect(report.findings).toContainEqual(expect.objectContaining({ code: 'restore.unquarantined' }));
    expect(await differencesTo(copy)).toEqual([]);
    const own = { guard: guardOf(environment.id), overwrite: true };
    expect((await give({ ...own, dryRun: true })).findings.map(({ code }) => code)).not.toContain(
      'restore.quarantined',
    );
    const asked = await give({ ...own, dryRun: true, quarantine: true });
    expect(asked.findings.map(({ code }) => code)).toContain('restore.quarantined');
  });

  it("holds in another environment's database, and for a copy of a quarantined copy", async () => {
    const target = await server.createDatabase();
    await once(target, 'create table replaced ()');
    const over = { target, overwrite: true, guard: guardOf(randomUUID()) };
    const report = await give(over);
    expect(itemsOf(report)).toEqual(HOOKED_ACTORS);
    const again = (await takeBackup(target, repository)).backupId;
    const { report: second, copy, operationId } = await copied({ backupId: again });
    expect([second.differences, itemsOf(second)]).toEqual([[], HOOKED_ACTORS]);
    expect((await release(copy, operationId, signal)).releasedCount).toBe(HOOKED_ACTORS.length);
    expect(await differencesTo(copy)).toEqual([]);
  });

  it('covers chosen tables in another environment, and nothing that was there', async () => {
    const target = await server.createDatabase();
    await once(target, HOOKED);
    await once(target, 'create trigger own after insert on orders for each row execute function tell()');
    const over = { target, overwrite: true, guard: guardOf(randomUUID()), tables: ['public.parts', 'public.parts_1'] };
    const operationId = randomUUID();
    const report = await give({ ...over, operationId });
    const expected = HOOKED_ACTORS.filter((name) => name.includes('on public.parts'));
    expect(itemsOf(report)).toEqual(expected);
    expect(await rowsOf(target, JOBS)).toEqual([
      ['1', true],
      ['2', true],
      ['3', false],
    ]);
    expect((await release(target, operationId, signal)).releasedCount).toBe(expected.length);
    const rows = await give({ ...over, content: 'data' });
    expect(rows.quarantine).toMatchObject({ count: 0 });
  });

  it('is told again by an attempt after a kill, which does nothing twice', async () => {
    const asked = { newDatabase: `copy ${randomUUID().slice(0, 8)}`, operationId: randomUUID(), keepsMark: true };
    const first = await give(asked);
    const second = await give(asked);
    expect(second.quarantine).toEqual(first.quarantine);
  });

  it.each([
    ['refuses', `raise exception 'not yours'`, /not yours/],
    ['does nothing', 'null', /cron job 1 .* still on/],
  ])('fails the restore where pg_cron %s', async (_what, body, message) => {
    const stubborn = await server.createDatabase();
    await once(stubborn, HOOKED);
    await once(
      stubborn,
      `create function cron.alter_job(job_id bigint, schedule text default null, command text default null,
         database text default null, username text default null, active boolean default null)
       returns void language plpgsql as $$ begin ${body}; end $$`,
    );
    const id = (await takeBackup(stubborn, repository)).backupId;
    const refused = await failureOf(give({ backupId: id, newDatabase: 'never' }));
    expect([refused.code, refused.message]).toEqual(['restore.quarantine_failed', expect.stringMatching(message)]);
    expect(refused.hint).toContain('quarantine: false');
    expect(await rowsOf(source, `select from pg_database where datname ~ '^(never|holdfast_restore)'`)).toEqual([]);
  });

  it('goes through pg_cron where it is there', async () => {
    const obedient = await server.createDatabase();
    await once(obedient, HOOKED);
    await once(
      obedient,
      `create table cron.asked (job bigint, active boolean);
       create function cron.alter_job(job_id bigint, schedule text default null, command text default null,
         database text default null, username text default null, active boolean default null)
       returns void language plpgsql as $$ begin update cron.job j set active = alter_job.active where jobid = job_id;
         insert into cron.asked values (job_id, alter_job.active); end $$`,
    );
    const { copy, operationId } = await copied({ backupId: (await takeBackup(obedient, repository)).backupId });
    await release(copy, operationId, signal);
    expect(await rowsOf(copy, 'select * from cron.asked order by 2, 1')).toEqual([
      ['1', false],
      ['2', false],
      ['1', true],
      ['2', true],
    ]);
  });
});
