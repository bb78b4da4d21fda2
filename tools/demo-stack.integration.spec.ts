import { execFile } from 'node:child_process';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isAlive } from '@holdfast/engine/embedded';
import { connect, makeTempDir, once } from '@holdfast/testing';
import { person } from '@holdfast/testing/supabase';
import { createClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DemoProject } from './demo-projects.ts';
import { startStack, type Stack } from './stack.ts';
import { buildStandIns } from './stand-in-apps.ts';

let dir: string;
let stack: Stack | undefined;

beforeAll(async () => {
  dir = await makeTempDir('demo-stack');
  await buildStandIns(join(dir, 'built'));
});
afterAll(async () => {
  await stack?.stop();
  await rm(dir, { recursive: true });
});

async function start(): Promise<Record<'cloud' | 'local', DemoProject>> {
  stack = await startStack({
    ...{ dataDir: join(dir, 'data'), distDir: join(dir, 'built'), demo: true, durable: false, quiet: true },
    env: { REQUESTS_FILE: join(dir, 'requests'), REQUIRE_FROM: import.meta.filename },
  });
  const { 'demo-cloud': cloud, 'demo-local': local } = stack.demo!;
  return { cloud, local };
}

const storageOf = ({ url, serviceRoleKey }: DemoProject) =>
  createClient(url, serviceRoleKey, { auth: { persistSession: false } }).storage.from('documents');

const download = async (project: DemoProject, key: string) =>
  (await storageOf(project).download(key)).data?.text() ?? null;

async function signIn(project: DemoProject, n: number) {
  const client = createClient(project.url, project.anonKey, { auth: { persistSession: false } });
  const { data, error } = await client.auth.signInWithPassword(person(n));
  await client.auth.stopAutoRefresh();
  return error?.message ?? data.user?.email;
}

async function countsOf({ target }: DemoProject) {
  const client = await connect(target);
  const { rows } = await client.query(`select (select count(*)::int from auth.users) as users,
    (select count(*)::int from storage.objects) as objects, (select count(*)::int from storage.buckets) as buckets,
    to_regclass('public.orders') is not null as shop`);
  await client.end();
  return rows[0];
}

const greet = async ({ url }: DemoProject) =>
  (await fetch(`${url}/functions/v1/greet`, { method: 'POST', body: '{"name":"Ada"}' })).json();

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 20_000; waited += 100) {
    if (await holds().catch(() => false)) return;
    await sleep(100);
  }
  throw new Error(`never happened: ${what}`);
}

/** Every secret file is its owner's alone, and none of them is in an argument or a variable of any process. */
async function expectSecretsKept() {
  const secrets = join(dir, 'data', 'secrets');
  const { stdout } = await promisify(execFile)('ps', ['-ewwo', 'args', 'e'], { maxBuffer: 50_000_000 });
  const names = await readdir(secrets);
  expect(names.filter((name) => name.startsWith('demo-')).length).toBeGreaterThanOrEqual(9);
  for (const name of names) {
    expect([name, (await stat(join(secrets, name))).mode & 0o777]).toEqual([name, 0o600]);
    const text = (await readFile(join(secrets, name), 'utf8')).trim();
    expect([name, stdout.includes(text)]).toEqual([name, false]);
  }
}

it('serves two projects that live on: through a kill, a stop, and beside the demo database of an earlier version', async () => {
  const { cloud, local } = await start();
  expect(await countsOf(cloud)).toEqual({ users: 50, objects: 1000, buckets: 3, shop: true });
  expect(await countsOf(local)).toEqual({ users: 10, objects: 60, buckets: 3, shop: false });
  expect([await signIn(cloud, 50), await signIn(local, 10)]).toEqual([person(50).email, person(10).email]);
  expect(await signIn({ ...local, anonKey: cloud.anonKey }, 50)).not.toBe(person(50).email);
  expect([await greet(cloud), await greet(local)]).toEqual(Array(2).fill({ greeting: 'Ahoj Ada' }));
  await storageOf(cloud).upload('mine.txt', 'kept');
  await expectSecretsKept();

  const family = stack!.children();
  await stack!.kill('demo-projects');
  await until('the projects are served again', async () => (await download(cloud, 'mine.txt')) === 'kept');
  family.push(...stack!.children());
  await once({ ...cloud.target, database: 'postgres' }, 'create database demo');
  await once({ ...cloud.target, database: 'demo' }, 'create table theirs as select 1 as n');
  await stack!.stop();
  expect(family.filter(({ pid }) => isAlive(pid))).toEqual([]);

  const again = await start();
  expect([again.cloud.url, again.local.url]).toEqual([cloud.url, local.url]);
  expect(again.cloud.serviceRoleKey).toBe(cloud.serviceRoleKey);
  expect(await download(cloud, 'mine.txt')).toBe('kept');
  expect(await countsOf(cloud)).toMatchObject({ objects: 1001 });
  const earlier = await connect({ ...cloud.target, database: 'demo' });
  expect((await earlier.query('select n from theirs').finally(() => earlier.end())).rows).toEqual([{ n: 1 }]);
});
