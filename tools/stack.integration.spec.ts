import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '@holdfast/engine/embedded';
import { connect, makeTempDir } from '@holdfast/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { exists } from './data-dir.ts';
import { identityOf } from './process-identity.ts';
import type { StackOptions } from './stack-options.ts';
import { startStack, type Stack } from './stack.ts';
import { buildStandIns } from './stand-in-apps.ts';

let built: string;
let dir: string;
let stacks: Stack[] = [];

beforeAll(async () => {
  built = await makeTempDir('built');
  await buildStandIns(built);
});
afterAll(() => rm(built, { recursive: true }));

beforeEach(async () => {
  dir = await makeTempDir('stack');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(stacks.map((stack) => stack.stop()));
  stacks = [];
  await rm(dir, { recursive: true });
});

const optionsOf = (more: Partial<StackOptions> = {}): StackOptions => ({
  dataDir: join(dir, 'data'),
  distDir: built,
  ...{ demo: false, durable: false, quiet: true },
  env: { REQUESTS_FILE: join(dir, 'requests'), REQUIRE_FROM: import.meta.filename },
  ...more,
});

async function start(more: Partial<StackOptions> = {}): Promise<Stack> {
  const stack = await startStack(optionsOf(more));
  stacks.push(stack);
  return stack;
}

const requests = () => readFile(join(dir, 'requests'), 'utf8').catch(() => '');

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let waited = 0; waited < 15_000; waited += 50) {
    if (await holds()) return;
    await sleep(50);
  }
  throw new Error(`never happened: ${what}`);
}

describe('a start', () => {
  it('serves with a migrated database, an owner and a repository; a later one finds them again', async () => {
    const first = await start();
    expect(first.children().map(({ name }) => name)).toEqual(['postgres', 'temporal', 'api', 'worker']);
    expect(first.owner).toEqual({ email: 'owner@example.org', password: expect.stringMatching(/^[\w-]{32}$/) });
    expect(first.registered).toEqual({ repositoryId: 'id of /api/v1/repositories', demo: null });
    expect((await fetch(first.urls.temporalUi)).ok).toBe(true);
    await first.forgetPassword();
    await first.stop();

    const second = await start();
    expect(second.owner).toEqual({ email: 'owner@example.org', password: null });
    expect(second.registered).toEqual(first.registered);
    expect((await requests()).match(/POST .*repositories/g)).toHaveLength(1);
    const client = await connect(second.database);
    expect((await client.query('SELECT email FROM accounts')).rows).toEqual([{ email: 'owner@example.org' }]);
    await client.end();
  });

  it('keeps the password of the owner until it was shown', async () => {
    const first = await start();
    await first.stop();
    // For a new account alone: the one that is there keeps its password.
    vi.stubEnv('HOLDFAST_OWNER_PASSWORD', 'correct horse battery');
    const second = await start();
    expect(second.owner.password).toBe(first.owner.password);
  });

  it('is refused while another one runs on the directory', async () => {
    await start();
    await expect(startStack(optionsOf())).rejects.toMatchObject({ code: 'resource.in_use' });
  });

  it('names a port that is in use, and starts nothing', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(start({ ports: { temporal: { port } } })).rejects.toThrow(`port ${port} (temporal)`);
    expect(await readdir(join(dir, 'data'))).not.toContain('postgres');
    other.close();
    await (await start({ ports: { temporal: { port: 0 } } })).stop();
  });

  it('that fails half-way leaves no process and no lock, and says why', async () => {
    const distDir = join(dir, 'broken');
    await mkdir(join(distDir, 'apps'), { recursive: true });
    await expect(start({ distDir })).rejects.toThrow('create-owner.js');
    expect(await readdir(join(dir, 'data'))).not.toContain('holdfast.lock');
    expect(await readdir(join(dir, 'data', 'postgres'))).not.toContain('postmaster.pid');
  });

  it('can be told to stop before it serves', async () => {
    const told = new AbortController();
    const starting = start({ signal: told.signal });
    await until('Postgres runs', () => exists(join(dir, 'data', 'postgres', 'postmaster.pid')));
    told.abort(new Error('told to stop'));
    await expect(starting).rejects.toThrow();
    expect(await readdir(join(dir, 'data'))).not.toContain('holdfast.lock');
  });
});

describe('processes', () => {
  it('that are killed run again by themselves, on the same ports', async () => {
    const stack = await start();
    const before = stack.children();
    for (const { name } of before) await stack.kill(name);
    await until('all run again', () => stack.children().length === before.length);
    expect(before.filter(({ pid }) => isAlive(pid))).toEqual([]);
    expect((await fetch(stack.urls.api)).ok).toBe(true);
    const client = await connect(stack.database);
    await client.end();
  });

  it('stay down in a test that wants so, until they are restarted', async () => {
    const stack = await start({ revive: false });
    await stack.kill('api');
    await sleep(1_000);
    expect(stack.children().map(({ name }) => name)).not.toContain('api');
    await stack.restart('api');
    expect((await fetch(stack.urls.api)).ok).toBe(true);
  });

  it('all end with stop, within five seconds', async () => {
    const stack = await start();
    const pids = stack.children().map(({ pid }) => pid);
    const started = Date.now();
    await stack.stop();
    expect(Date.now() - started).toBeLessThan(5_000);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await readdir(join(dir, 'data'))).not.toContain('holdfast.lock');
    expect(await readdir(join(dir, 'data'))).not.toContain('children.json');
  });

  it('of a start that was killed are gone when the next one serves', async () => {
    const script = `
      import { startStack } from ${JSON.stringify(join(import.meta.dirname, 'stack.ts'))};
      const stack = await startStack(${JSON.stringify(optionsOf())});
      console.log(JSON.stringify(stack.children()));`;
    const parent = spawn('node', ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const children = JSON.parse(line.toString()) as { pid: number }[];
    const identities = await Promise.all(children.map(({ pid }) => identityOf(pid)));
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await start();
    const now = await Promise.all(children.map(({ pid }) => identityOf(pid)));
    expect(now.filter((identity, index) => identity !== null && identity === identities[index])).toEqual([]);
  });
});
