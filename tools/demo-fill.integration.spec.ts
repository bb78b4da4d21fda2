import { rm } from 'node:fs/promises';
import { connect, makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDataDir, type DataDir } from './data-dir.ts';
import { prepareDemoDatabase } from './demo-fill.ts';
import { demoProject, type DemoName, type DemoProject } from './demo-projects.ts';

let server: ThrowawayPostgres;
let path: string;
let dir: DataDir;

beforeAll(async () => {
  server = await throwawayPostgres();
  path = await makeTempDir('demo-fill');
  dir = await openDataDir(path);
});
afterAll(async () => {
  await dir.unlock();
  await server.stop();
  await rm(path, { recursive: true });
});

const prepare = async (name: DemoName): Promise<DemoProject> => {
  const project = await demoProject(dir, name, server.target, 1);
  await prepareDemoDatabase(dir, server.target, project);
  return project;
};

const run = async ({ target }: DemoProject, sql: string) => {
  const client = await connect(target);
  return client.query(sql).finally(() => client.end());
};

it('makes a database in the shape of a project, and makes it anew after a start that was killed while it filled it', async () => {
  const project = await prepare('demo-cloud');
  await run(project, `insert into storage.buckets (id, name) values ('half', 'half')`);
  await prepare('demo-cloud');
  expect((await run(project, 'select from storage.buckets')).rowCount).toBe(0);

  await dir.remember('demo-cloud-fill', 'done');
  await run(project, `insert into storage.buckets (id, name) values ('mine', 'mine')`);
  await prepare('demo-cloud');
  expect((await run(project, 'select id from storage.buckets')).rows).toEqual([{ id: 'mine' }]);
});

it('keeps a database of that name of which nothing is noted', async () => {
  const target = await server.createDatabase('demo_local');
  const client = await connect(target);
  await client.query('create table theirs ()').finally(() => client.end());
  const project = await prepare('demo-local');
  expect((await run(project, 'select from theirs')).rowCount).toBe(0);
});

it('knows the same keys of a project every time, and others for another project', async () => {
  const [first, again] = [await prepare('demo-cloud'), await prepare('demo-cloud')];
  const keysOf = ({ ref, anonKey, serviceRoleKey, managementToken, tokens }: DemoProject) => [
    ...[ref, anonKey, serviceRoleKey, managementToken, tokens.secret],
  ];
  expect(keysOf(again)).toEqual(keysOf(first));
  const other = keysOf(await prepare('demo-local'));
  expect(keysOf(first).filter((key) => other.includes(key))).toEqual([]);
  expect(await first.tokens.caller(first.serviceRoleKey)).toMatchObject({ role: 'service_role' });
});
