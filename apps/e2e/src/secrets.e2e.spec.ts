import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeTempDir, once, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import {
  createProjectDatabase,
  plantObjects,
  startProjectServer,
  type ProjectServer,
} from '@holdfast/testing/supabase';
import { answered } from '@holdfast/tools/operations-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askEverything } from './every-answer.ts';
import { readHistories } from './histories.ts';
import { lock } from './holds.ts';
import { Search, type Secret } from './needles.ts';
import { sampleProcesses } from './process-sampler.ts';
import { completed, ended, register, rowsOf, startBackup, startProduct, startRestore, startVerify } from './product.ts';
import type { Database, Product } from './product.ts';
import { fillShop } from './shop-database.ts';

/** With everything that a passfile, a URL, a connection string, a shell or JSON writes in another way. */
const PASSWORD_CORE = 'Geheim7f3a91Kennwort';
const PASSWORD = `p:w\\ '"%20$&${PASSWORD_CORE}`;
const WRONG_PASSWORD = 'Falsch51be07Kennwort';
const WRONG_KEY = 'Falscher51be07Dienstschluessel';
const ACCESS_TOKEN = `sbp_${'51be07'.repeat(7).slice(0, 40)}`;
const HELD_MS = 1_000;

let product: Product;
let source: ThrowawayPostgres;
let shop: Database;
let project: ProjectServer;
let projectDir: string;
const notes: string[] = [];
const ids: Record<string, string[]> = {};

beforeAll(async () => {
  [product, source] = await Promise.all([
    startProduct({ env: { HOLDFAST_LOG_LEVEL: 'trace' }, note: (line) => notes.push(line) }),
    throwawayPostgres(17),
  ]);
  await once(source.target, `CREATE ROLE backup SUPERUSER LOGIN PASSWORD '${PASSWORD.replaceAll("'", "''")}'`);
  const made = await source.createDatabase('shop');
  await fillShop(made, 20_000);
  await createProjectDatabase(made);
  projectDir = await makeTempDir('secrets-project');
  project = await startProjectServer({ target: made, dir: projectDir });
  await once(made, "INSERT INTO storage.buckets (id, name) VALUES ('files', 'files')");
  await plantObjects(project, made, { bucket: 'files', count: 20, size: 100 });
  shop = { ...made, user: 'backup', password: PASSWORD };
});
afterAll(async () => {
  await product?.stop();
  await project?.stop();
  await source?.stop();
  await rm(projectDir, { recursive: true, force: true });
});

async function secrets(): Promise<Secret[]> {
  const { stack, token } = product;
  const kept = (name: string) => readFile(join(stack.dataDir, 'secrets', name), 'utf8').then((text) => text.trim());
  const body = { name: 'mine', expiresInDays: 1 };
  const apiToken = answered(await product.api.POST('/api/v1/tokens', { body })).token;
  return [
    { name: "the environment's password", text: PASSWORD_CORE },
    { name: 'the wrong password', text: WRONG_PASSWORD },
    { name: 'the service key', text: project.serviceRoleKey },
    { name: 'the wrong service key', text: WRONG_KEY },
    { name: 'the access token', text: ACCESS_TOKEN },
    { name: "the owner's password", text: stack.owner.password ?? '' },
    { name: 'the session', text: token },
    { name: 'the API token', text: apiToken },
    { name: 'the master key', text: await kept('master-key') },
    { name: "our database's password", text: await kept('database-password') },
    { name: "our server's password", text: await kept('postgres-password') },
  ];
}

/** A backup that stays in pg_dump for a moment, so that `ps` meets it. */
async function slowBackup(environmentId: string): Promise<string> {
  const hold = await lock({ ...source.target, database: 'shop' }, 'pg_catalog.pg_transform');
  const operationId = await startBackup(product.api, environmentId);
  await sleep(HELD_MS);
  await hold.release();
  return operationId;
}

async function useEverything(): Promise<void> {
  const { api } = product;
  const keys = { projectUrl: project.url, serviceKey: project.serviceRoleKey, accessToken: ACCESS_TOKEN };
  const good = await register(api, 'shop', shop, keys);
  const bad = await register(api, 'shop-wrong', { ...shop, password: WRONG_PASSWORD });
  const locked = await register(api, 'shop-locked', shop, { ...keys, serviceKey: WRONG_KEY });
  for (const id of [good, bad]) await api.POST('/api/v1/environments/{id}/test', { params: { path: { id } } });
  const backup = await completed(api, await slowBackup(good));
  const backupId = backup.backupId ?? '';
  await completed(api, await startVerify(api, backupId, 'restore'));
  await completed(api, await startRestore(api, backupId, { newDatabase: 'shop_restored' }));
  expect(backup.result).toMatchObject({ objects: 20, objectsRead: 20 });
  const into = { environmentId: good, components: ['storage' as const], overwrite: true };
  await completed(api, await startRestore(api, backupId, into));
  const refused = await ended(api, await startBackup(api, locked));
  expect([refused.status, refused.error?.code]).toEqual(['failed', 'storage.refused']);
  const failing = await ended(api, await startBackup(api, bad));
  expect([failing.status, failing.error?.code]).toEqual(['failed', 'environment.sign_in_failed']);
  await ended(api, await startRestore(api, backupId, { environmentId: bad, overwrite: true, confirm: 'shop-wrong' }));
  const page = answered(await api.GET('/api/v1/progress', { params: { query: { limit: 100 } } }));
  ids['progress'] = page.items.map(({ id }) => id);
  ids['environments'] = [good, bad, locked];
  ids['backup'] = [backupId];
  ids['repositories'] = answered(await api.GET('/api/v1/repositories')).items.map(({ id }) => id);
  ids['users'] = answered(await api.GET('/api/v1/users')).items.map(({ id }) => id);
  ids['backup/audit/entries'] = answered(await api.GET('/api/v1/backup/audit')).items.map(({ id }) => id);
}

/** Every row of every table of ours, as text. */
async function lookInTables(search: Search): Promise<string[]> {
  const { database } = product.stack;
  const tables = await rowsOf<{ name: string }>(
    database,
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
  );
  for (const { name } of tables) {
    const rows = await rowsOf<{ text: string }>(database, `SELECT t::text AS text FROM public."${name}" t`);
    search.look(`table ${name}`, rows.map(({ text }) => text).join('\n'));
  }
  return tables.map(({ name }) => name);
}

it('no password, token or key is in a process, a log, a history, an answer, our tables, a file or the repository', async () => {
  const search = new Search(await secrets());
  const processes = sampleProcesses(search);
  await useEverything();
  expect(await processes.stop()).toBeGreaterThan(20);
  // Its environment names the file that holds the password, which is gone by now.
  expect(processes.seen.size).toBeGreaterThanOrEqual(2);
  expect(await search.lookBelow(product.temporaryDir)).toBe(0);

  const { workflows, opened } = await readHistories(product, search);
  expect(workflows.map((id) => id.split('/')[0])).toEqual(expect.arrayContaining(['backup', 'verify', 'restore']));
  expect(opened).toContain(ids['environments']?.[1]);

  const asked = await askEverything(product.stack.urls.api, product.token, ids, search);
  expect(asked).toEqual(
    expect.arrayContaining(['/api/v1/backup/audit', `/api/v1/backup/${ids['backup']?.[0]}/download`]),
  );
  expect(await lookInTables(search)).toEqual(
    expect.arrayContaining(['operations', 'operation_events', 'audit_entries']),
  );
  search.look('what the stack told', notes.join('\n'));
  expect(await search.lookBelow(join(product.stack.dataDir, 'logs'))).toBeGreaterThanOrEqual(4);
  expect(await search.lookBelow(product.repositoryDir)).toBeGreaterThan(2);

  expect([...search.hits]).toEqual([]);
  expect(search.looked).toBeGreaterThan(100);
});

it('is a search that finds', () => {
  const search = new Search([{ name: 'it', text: PASSWORD_CORE }]);
  const inBase64 = [0, 1, 2].map((shift) => Buffer.from('x'.repeat(shift) + PASSWORD_CORE + 'yz').toString('base64'));
  for (const text of [PASSWORD, encodeURIComponent(PASSWORD), JSON.stringify({ PASSWORD }), ...inBase64]) {
    expect(search.look(text, text)).toBe(true);
  }
  expect(search.look('nothing', 'nothing at all')).toBe(false);
});
