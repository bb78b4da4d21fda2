import { makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { randomUUID } from 'node:crypto';
import { connect as connectSocket, createServer, type AddressInfo, type Server } from 'node:net';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { calm, environment, failureOf, takeBackup } from '../engine-under-test.ts';
import { readManifest, type Manifest } from '../manifest/manifest.ts';
import { databaseExists } from '../postgres/databases.ts';
import type { PostgresTarget } from '../postgres/target.ts';
import { attachRepository, type Repository } from '../repository/repository.ts';
import { Meter, type Run } from '../run.ts';
import { planRestore } from './restore-plan.ts';
import { restore, type RestoreArguments } from './restore.ts';
import { readSelection } from './selection.ts';
import { switchDatabases, wasSwitched } from './switch.ts';
import { restoreWithin } from './within.ts';
import { dropWorking, makeWorking } from './working-database.ts';

const { signal } = new AbortController();
let server: ThrowawayPostgres;
let admin: pg.Client;
let repository: Repository;
let source: PostgresTarget;
let backupId: string;
let manifest: Manifest;

beforeAll(async () => {
  server = await throwawayPostgres(17);
  admin = await server.client();
  repository = (await attachRepository(await makeTempDir('attempts'))).repository;
  source = await server.createDatabase('source');
  const builder = await server.client(source);
  await builder.query('CREATE TABLE one (id int PRIMARY KEY); INSERT INTO one SELECT generate_series(1, 100)');
  ({ backupId } = await takeBackup(source, repository));
  manifest = await readManifest(repository, environment.id, backupId, signal);
});
afterAll(() => server.stop());

const argumentsFor = (more: Partial<RestoreArguments>): RestoreArguments => ({
  ...{ repository, sourceEnvironmentId: environment.id, backupId, target: source, newDatabase: null },
  ...{ schemas: [], tables: [], content: 'all', dryRun: false, overwrite: false },
  ...{ operationId: randomUUID(), parallel: 2, ...more },
});

const isOpen = async (session: pg.Client): Promise<boolean> =>
  session.query('SELECT 1').then(
    () => true,
    () => false,
  );

it('an attempt that comes back late neither drops nor switches in what the next one builds', async () => {
  const operationId = randomUUID();
  const late = await makeWorking(admin, operationId, manifest.source);
  const next = await makeWorking(admin, operationId, manifest.source);
  expect([next.name, next.oid === late.oid]).toEqual([late.name, false]);
  const filling = await server.client({ ...server.target, database: next.name });
  const what = { database: source.database, operationId, mayReplace: true };
  const refusal = await failureOf(switchDatabases(admin, { ...what, built: late }, signal));
  expect(refusal).toMatchObject({ code: 'operation.already_ended', message: expect.stringContaining(late.name) });
  await dropWorking(admin, operationId, late);
  expect(await isOpen(filling)).toBe(true);
  expect(await wasSwitched(admin, source.database, operationId)).toBe(false);
  await dropWorking(admin, operationId, next);
  expect(await databaseExists(admin, next.name)).toBe(false);
});

it('a database that somebody makes under the new name meanwhile stays, with its sessions', async () => {
  const operationId = randomUUID();
  const built = await makeWorking(admin, operationId, manifest.source);
  const theirs = await server.createDatabase('theirs');
  const session = await server.client(theirs);
  const what = { database: 'theirs', built, operationId, mayReplace: false };
  expect(await failureOf(switchDatabases(admin, what, signal))).toMatchObject({ code: 'restore.target_exists' });
  expect(await isOpen(session)).toBe(true);
  await dropWorking(admin, operationId, built);
});

it('tables that somebody makes after the pre-flight are not dropped without being asked', async () => {
  const target = await server.createDatabase('busy');
  const input = argumentsFor({ target, tables: ['public.one'] });
  const selection = await readSelection(repository, manifest, input, signal);
  const plan = planRestore(selection, new Set());
  const application = await server.client(target);
  await application.query('CREATE TABLE one (id text)');
  const how = { repository, manifest, selection, plan, target, signal, meter: new Meter(calm), quarantine: null };
  const { operationId } = input;
  const failure = await failureOf(restoreWithin({ ...how, overwrite: false, operationId, keepsMark: false }));
  expect(failure).toMatchObject({ code: 'restore.target_not_empty', message: expect.stringContaining('public.one') });
  expect((await application.query('SELECT FROM one')).rowCount).toBe(0);
});

/** Passes all on to a server; an answer that tells of a COMMIT is not passed back where `onCommit` answers true. */
async function deafAfterCommit(target: PostgresTarget, onCommit: () => boolean): Promise<Server> {
  const proxy = createServer((client) => {
    const upstream = connectSocket(target.port, target.host);
    const end = (): void => void (client.destroy(), upstream.destroy());
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    client.pipe(upstream);
    upstream.on('data', (data) => {
      if (!data.includes('COMMIT\0') || !onCommit()) client.write(data);
    });
  });
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  return proxy;
}

it.each([
  ['switch', { newDatabase: 'too late', overwrite: false }, 'too late is restored'],
  ['compare', { tables: ['public.one'], overwrite: true }, 'source is restored'],
])('a cancel that meets the COMMIT after step %s tells what was done all the same', async (last, more, words) => {
  const cancel = new AbortController();
  let step = '';
  // what is made before that step is committed too
  const proxy = await deafAfterCommit(source, () => {
    if (step === last) cancel.abort(new Error('cancelled'));
    return step === last;
  });
  const target = { ...source, port: (proxy.address() as AddressInfo).port };
  const run: Run = { signal: cancel.signal, onProgress: (told) => void ({ step } = told) };
  const failure = await failureOf(restore(argumentsFor({ ...more, target }), run));
  expect(cancel.signal.aborted).toBe(true);
  expect(failure).toMatchObject({ code: 'operation.cancelled', message: expect.stringContaining(words) });
  proxy.close();
});
