import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { ProgressSnapshot } from '@holdfast/contracts';
import { makeTempDir } from '@holdfast/testing';
import { answered, OperationsClient } from '@holdfast/tools/operations-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { allProcesses, descendantsOf } from './processes.ts';

const START = resolve(import.meta.dirname, '../../../tools/start.ts');
const READY_WITHIN_MS = 60_000;
/** Once a second, and what a busy machine adds. */
const LONGEST_SILENCE_MS = 1_500;

let dataDir: string;
let running: Started | undefined;

beforeAll(async () => {
  dataDir = join(await makeTempDir('golden'), 'data');
});
afterAll(async () => {
  // where a case has failed it still runs; killed, it would leave its processes behind
  await running?.end('SIGTERM');
  await rm(join(dataDir, '..'), { recursive: true, force: true });
});

/** `npm start` after its first step, which installs. */
interface Started {
  pid: number;
  lines: string[];
  end(signal: NodeJS.Signals): Promise<number | null>;
}

function start(): Started {
  // Whoever runs this may have chosen an owner: here it is the one that Holdfast makes.
  const unset = ['HOLDFAST_OWNER_EMAIL', 'HOLDFAST_OWNER_PASSWORD'].flatMap((name) => ['-u', name]);
  const args = [...unset, process.execPath, START, '--data-dir', dataDir, '--port', '0'];
  const child = spawn('env', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', (line) => lines.push(line));
  const exited = once(child, 'close').then(([code]) => code as number | null);
  const end = (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return exited;
  };
  return (running = { pid: child.pid ?? 0, lines, end });
}

/** The API's URL of the ready line. */
async function ready({ lines }: Started): Promise<string> {
  for (const until = Date.now() + READY_WITHIN_MS; Date.now() < until; await new Promise((go) => setTimeout(go, 50))) {
    const line = lines.find((text) => text.startsWith('ready in '));
    const [, api, swagger, temporal] = / API (\S+) Swagger (\S+) Temporal (\S+)$/.exec(line ?? '') ?? [];
    if (api === undefined || swagger === undefined || temporal === undefined) continue;
    for (const url of [swagger, temporal]) expect((await fetch(url)).status).toBe(200);
    return api;
  }
  throw new Error(`not ready:\n${lines.join('\n')}`);
}

const printed = ({ lines }: Started, name: string): string =>
  new RegExp(`│ ${name}\\s+(\\S+)`).exec(lines.join('\n'))?.[1] ?? '';

async function signIn(api: string, email: string, password: string): Promise<string> {
  const body = JSON.stringify({ email, password, kind: 'token' });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${api}/api/v1/auth/sign-in`, { method: 'POST', headers, body });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { token: string }).token;
}

/** Starts a backup of the demo project, and follows it to its end; answers what Socket.IO told, and when. */
async function backUpDemo(client: OperationsClient): Promise<{ snapshot: ProgressSnapshot; at: number }[]> {
  const environments = answered(await client.api.GET('/api/v1/environments')).items;
  const demo = environments.find(({ name }) => name === 'demo-cloud');
  const started = await client.api.POST('/api/v1/backup', { body: { environmentId: demo?.id ?? '' } });
  expect(started.response.status).toBe(202);
  const { operationId, workflowId } = answered(started);
  expect(started.response.headers.get('location')).toBe(`/api/v1/progress/${operationId}`);
  expect(workflowId).toBe(`backup/demo-cloud/${operationId}`);
  const told: { snapshot: ProgressSnapshot; at: number }[] = [];
  await client.follow(operationId, (snapshot) => told.push({ snapshot, at: performance.now() }));
  return told;
}

function expectLiveProgress(told: { snapshot: ProgressSnapshot; at: number }[]): void {
  expect(told.at(-1)?.snapshot.status).toBe('completed');
  const silences = told.slice(1).map(({ at }, index) => at - (told[index]?.at ?? 0));
  expect(Math.max(...silences)).toBeLessThan(LONGEST_SILENCE_MS);
  const rows = told.flatMap(({ snapshot: { progress } }) => (progress.step === 'rows' ? [progress.done] : []));
  expect(rows).toEqual(rows.toSorted((a, b) => a - b));
  // over all of it: on a fast machine the rows alone are through before they are told of twice
  const bytes = told.map(({ snapshot: { progress } }) => progress.bytes);
  expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
  expect(new Set(bytes).size).toBeGreaterThanOrEqual(4);
}

/** Ctrl-C: it says that it stopped, and nothing of it is left. */
async function expectCleanStop(started: Started): Promise<void> {
  const family = await descendantsOf(started.pid);
  expect(family.length).toBeGreaterThanOrEqual(5);
  expect(await started.end('SIGINT')).toBe(0);
  const after = await allProcesses();
  expect(after.filter(({ command }) => command.includes(dataDir))).toEqual([]);
  const left = after.filter((one) => family.some((f) => f.pid === one.pid && f.command === one.command));
  expect(left).toEqual([]);
  expect(await readdir(dataDir)).not.toContain('holdfast.lock');
}

const listed = async ({ api }: OperationsClient) =>
  answered(await api.GET('/api/v1/backup')).items.map(({ id, status, environmentName, rows, tables }) => ({
    ...{ id, status, environmentName, rows, tables },
  }));

it('starts, backs up the demo project while telling how far it is, stops without a trace, and starts with the same backup', async () => {
  const first = start();
  const api = await ready(first);
  const [email, password] = [printed(first, 'Owner'), printed(first, 'Password')];
  const client = new OperationsClient(api, await signIn(api, email, password));
  expectLiveProgress(await backUpDemo(client));
  const backups = await listed(client);
  expect(backups).toMatchObject([{ status: 'complete', environmentName: 'demo-cloud' }]);
  expect(backups[0]?.tables).toBeGreaterThanOrEqual(25);
  expect(backups[0]?.rows).toBeGreaterThanOrEqual(300_000);
  client.close();
  await expectCleanStop(first);

  const second = start();
  const again = await ready(second);
  const clientAgain = new OperationsClient(again, await signIn(again, email, password));
  expect(await listed(clientAgain)).toEqual(backups);
  clientAgain.close();
  await expectCleanStop(second);
});
