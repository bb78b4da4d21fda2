import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { makeTempDir } from '@holdfast/testing';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

const START = join(import.meta.dirname, 'start.ts');
let dataDir: string;
let running: Started[] = [];

interface Started {
  child: ChildProcess;
  lines: string[];
  exited: Promise<number | null>;
}

beforeAll(async () => {
  dataDir = join(await makeTempDir('start'), 'data');
});
afterEach(async () => {
  for (const { child, exited } of running) {
    child.kill('SIGTERM');
    await exited;
  }
  running = [];
});
afterAll(() => rm(join(dataDir, '..'), { recursive: true }));

/** `npm start` without its first step; every line it prints is kept. */
function start(args: string[], env: Record<string, string> = {}): Started {
  const child = spawn('node', [START, '--data-dir', dataDir, '--no-demo', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, HOLDFAST_OWNER_EMAIL: '', HOLDFAST_OWNER_PASSWORD: '', ...env },
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', (line) => lines.push(line));
  const exited = once(child, 'close').then(([code]) => code as number | null);
  const started = { child, lines, exited };
  running.push(started);
  return started;
}

async function urlOf({ lines, exited, child }: Started): Promise<string> {
  const ended = exited.then(() => true);
  for (;;) {
    const ready = lines.find((line) => line.startsWith('ready'));
    const url = /API (http:\S+)/.exec(ready ?? '')?.[1];
    if (url) return url;
    const pause = new Promise<boolean>((done) => setTimeout(() => done(false), 50));
    if (await Promise.race([ended, pause])) throw new Error(`ended (${child.exitCode}):\n${lines.join('\n')}`);
  }
}

const valueOf = ({ lines }: Started, name: string): string =>
  new RegExp(`│ ${name}\\s+(\\S+)`).exec(lines.join('\n'))?.[1] ?? '';

async function signIn(url: string, email: string, password: string): Promise<Response> {
  return fetch(`${url}/api/v1/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password, kind: 'token' }),
  });
}

const leftovers = async (): Promise<string[]> =>
  (await promisify(execFile)('ps', ['-ww', '-eo', 'args'])).stdout
    .split('\n')
    .filter((line) => line.includes(dataDir) && !line.startsWith('ps '));

it('serves with a printed password, stops without a trace, and finds everything again', async () => {
  const first = start(['--port', '0']);
  const url = await urlOf(first);
  const [email, password] = [valueOf(first, 'Owner'), valueOf(first, 'Password')];
  const signedIn = await signIn(url, email, password);
  expect(signedIn.status).toBe(200);
  const { token } = (await signedIn.json()) as { token: string };
  const answer = await fetch(`${url}/api/v1/repositories`, { headers: { authorization: `Bearer ${token}` } });
  expect(await answer.json()).toMatchObject({
    items: [{ name: 'default', path: join(dataDir, 'repositories/default') }],
  });
  expect((await fetch(`${url}/api/openapi.json`)).status).toBe(200);
  expect((await fetch(valueOf(first, 'Swagger'))).status).toBe(200);
  expect((await fetch(valueOf(first, 'Temporal UI'))).status).toBe(200);

  const refused = start(['--port', '0']);
  expect(await refused.exited).toBe(1);
  expect(refused.lines.join('\n')).toContain(`already runs on ${dataDir} (process ${first.child.pid})`);

  // Twice at once, as one Ctrl-C arrives under npm.
  first.child.kill('SIGINT');
  first.child.kill('SIGINT');
  expect(await first.exited).toBe(0);
  expect(await leftovers()).toEqual([]);
  expect(await readdir(dataDir)).not.toContain('holdfast.lock');

  const second = start(['--port', '0']);
  const again = await urlOf(second);
  expect((await signIn(again, email, password)).status).toBe(200);
  expect(second.lines.join('\n')).not.toContain(password);
});

it('names a port that is in use', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const refused = start(['--port', String(port)]);
  expect(await refused.exited).toBe(1);
  expect(refused.lines.join('\n')).toContain(`port ${port} (api)`);
  other.close();
});

it('makes the first account that the environment names, and says nothing of its password', async () => {
  await rm(dataDir, { recursive: true, force: true });
  const chosen = { HOLDFAST_OWNER_EMAIL: 'me@example.org', HOLDFAST_OWNER_PASSWORD: 'correct horse battery' };
  const mine = start(['--port', '0', '--quiet'], chosen);
  const url = await urlOf(mine);
  expect((await signIn(url, 'me@example.org', chosen.HOLDFAST_OWNER_PASSWORD)).status).toBe(200);
  expect(mine.lines.join('\n')).not.toContain(chosen.HOLDFAST_OWNER_PASSWORD);
  // A stop while it starts, too.
  mine.child.kill('SIGTERM');
  expect(await mine.exited).toBe(0);
  const early = start(['--port', '0', '--quiet'], chosen);
  await once(early.child.stdout ?? early.child, 'data');
  early.child.kill('SIGTERM');
  expect(await early.exited).toBe(0);
  expect(await leftovers()).toEqual([]);
});
