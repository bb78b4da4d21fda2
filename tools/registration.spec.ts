import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { makeTempDir } from '@holdfast/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDataDir, type DataDir } from './data-dir.ts';
import { DEMO_NAMES, demoProject } from './demo-projects.ts';
import { register } from './registration.ts';

type Row = Record<string, unknown>;

let path: string;
let dir: DataDir;
let api: Server;
/** What the API holds, by `environments/<id>` and the like; a PATCH must name the version that it saw. */
let rows: Map<string, Row>;
let signIns: number;

beforeEach(async () => {
  path = await makeTempDir('registration');
  dir = await openDataDir(path);
  rows = new Map();
  signIns = 0;
  api = createServer((request, response) => {
    void (async () => {
      const [kind = '', id] = (request.url ?? '').slice('/api/v1/'.length).split('?')[0]!.split('/');
      const at = `${kind}/${id ?? randomUUID()}`;
      const answer = (status: number, row: Row) =>
        response.writeHead(status, { etag: `"${String(row['version'])}"` }).end(JSON.stringify(row));
      const row = rows.get(at);
      if (request.method === 'POST') {
        rows.set(at, { id: at.split('/')[1], version: 1, ...((await json(request)) as Row) });
        return answer(201, rows.get(at)!);
      }
      if (!row) return answer(404, { title: 'not found' });
      if (request.method === 'GET') return answer(200, row);
      if (request.headers['if-match'] !== `"${String(row['version'])}"`) return answer(412, { title: 'changed' });
      rows.set(at, { ...row, ...((await json(request)) as Row), version: Number(row['version']) + 1 });
      return answer(200, rows.get(at)!);
    })();
  }).listen(0, '127.0.0.1');
  await new Promise((done) => api.once('listening', done));
});
afterEach(async () => {
  api.close();
  await dir.unlock();
  await rm(path, { recursive: true });
});

/** What a start does whose demo server has this port; the projects' own ports follow it. */
async function start(port: number) {
  const demoServer = {
    ...{ host: '127.0.0.1', port, database: 'postgres', user: 'postgres', password: 'secret' },
    ...{ tlsMode: 'disable' as const, caCertificate: null },
  };
  const projects = await Promise.all(DEMO_NAMES.map((name, i) => demoProject(dir, name, demoServer, port + 1 + i)));
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  const token = async () => `token ${++signIns}`;
  return register(dir, url, { repository: '/repositories/default', projects, demoServer, token });
}

const environment = (name: string) => [...rows.values()].find((row) => row['name'] === name);

it('registers a repository and both projects once, each with what reaches it', async () => {
  const first = await start(1000);
  const cloud = environment('demo-cloud');
  expect(first).toMatchObject({
    demo: { 'demo-cloud': cloud?.['id'], 'demo-local': environment('demo-local')?.['id'] },
  });
  expect(cloud).toMatchObject({
    ...{ kind: 'supabase-cloud', database: 'demo_cloud', port: 1000, projectUrl: 'http://127.0.0.1:1001' },
    ...{ managementUrl: 'http://127.0.0.1:1001', accessToken: expect.stringMatching(/^sbp_[\da-f]{40}$/) },
    ...{ projectRef: expect.stringMatching(/^[a-z]{20}$/), serviceKey: expect.stringMatching(/^ey/) },
  });
  expect(environment('demo-local')).toMatchObject({
    ...{ kind: 'supabase-selfhosted', database: 'demo_local', projectUrl: 'http://127.0.0.1:1002' },
    functionsDirectory: dir.at('demo-projects', 'demo-local', 'functions'),
  });
  expect(environment('demo-local')).not.toHaveProperty('managementUrl');
  expect(await start(1000)).toEqual(first);
  expect([rows.size, signIns]).toEqual([3, 1]);
});

it('tells where a project is now, with its secrets, unless its environment is gone or points elsewhere', async () => {
  const { demo } = await start(1000);
  rows.set(`environments/${demo!['demo-local']}`, { ...environment('demo-local'), host: 'db.example.org' });
  await start(2000);
  expect(environment('demo-cloud')).toMatchObject({
    ...{ port: 2000, projectUrl: 'http://127.0.0.1:2001', managementUrl: 'http://127.0.0.1:2001', version: 2 },
    ...{ serviceKey: environment('demo-cloud')?.['serviceKey'] },
  });
  expect(environment('demo-local')).toMatchObject({ host: 'db.example.org', port: 1000, version: 1 });
  rows.delete(`environments/${demo!['demo-cloud']}`);
  await start(3000);
  expect(environment('demo-cloud')).toBeUndefined();
});

it('keeps the environment of an earlier version, and tells it of a new port', async () => {
  rows.set('environments/old', { id: 'old', version: 1, name: 'demo', host: '127.0.0.1', database: 'demo', port: 900 });
  rows.set('environments/later', { ...rows.get('environments/old'), id: 'later', name: 'demo of somebody' });
  await dir.remember('demo-environment-id', 'old');
  await dir.remember('demo-registered', '900');
  await start(900);
  expect(environment('demo')).toMatchObject({ port: 900, version: 1 });
  await start(1000);
  expect(environment('demo')).toMatchObject({ port: 1000, user: 'postgres', version: 2 });
  expect(environment('demo of somebody')).toMatchObject({ port: 900 });
});
