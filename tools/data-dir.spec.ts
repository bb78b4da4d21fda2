import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataDir } from './data-dir.ts';
import { identityOf } from './process-identity.ts';

let path: string;
const sleepers: ChildProcess[] = [];

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'holdfast-data-dir-'));
});
afterEach(async () => {
  for (const child of sleepers) child.kill('SIGKILL');
  await rm(path, { recursive: true });
});

async function sleeper(): Promise<{ pid: number; identity: string | null; child: ChildProcess }> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  sleepers.push(child);
  await once(child, 'spawn');
  const pid = child.pid as number;
  return { pid, identity: await identityOf(pid), child };
}

const lockOf = (holder: object) => writeFile(join(path, 'holdfast.lock'), JSON.stringify(holder));

describe('the lock', () => {
  it('refuses a directory that a living process holds, and names the process', async () => {
    const { pid, identity } = await sleeper();
    await lockOf({ pid, identity });
    await expect(openDataDir(path)).rejects.toThrow(`(process ${pid})`);
    await expect(openDataDir(path)).rejects.toMatchObject({ code: 'resource.in_use' });
  });

  it('is taken over from a process that is gone, also where its id was given to another', async () => {
    const { pid } = await sleeper();
    await lockOf({ pid, identity: 'an earlier process' });
    const dir = await openDataDir(path);
    await dir.unlock();
    expect(await readdir(path)).not.toContain('holdfast.lock');
  });

  it('is taken over where it is damaged', async () => {
    await writeFile(join(path, 'holdfast.lock'), '{"pid": 1');
    await (await openDataDir(path)).unlock();
  });

  it('goes to one of many that come at once', async () => {
    await lockOf({ pid: 1, identity: 'an earlier process' });
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => openDataDir(path)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await readdir(path)).filter((name) => name.startsWith('holdfast.lock'))).toEqual(['holdfast.lock']);
  });
});

it('ends what a killed start left running, and nobody else', async () => {
  const [left, stranger] = [await sleeper(), await sleeper()];
  await writeFile(
    join(path, 'children.json'),
    JSON.stringify([
      { pid: left.pid, identity: left.identity },
      { pid: stranger.pid, identity: 'an earlier process' },
    ]),
  );
  const dir = await openDataDir(path);
  expect(left.child.signalCode ?? (await once(left.child, 'exit'))[1]).toBe('SIGTERM');
  expect(stranger.child.signalCode).toBeNull();
  await dir.unlock();
});

it('notes the processes that run now', async () => {
  const dir = await openDataDir(path);
  const { pid, child } = await sleeper();
  await dir.noteChildren([pid]);
  await rm(join(path, 'holdfast.lock'));
  const next = await openDataDir(path);
  expect(child.signalCode ?? (await once(child, 'exit'))[1]).toBe('SIGTERM');
  await next.unlock();
});

describe('secrets', () => {
  it('are made once and for their owner only', async () => {
    const dir = await openDataDir(path);
    const made = await dir.secret('database-password');
    expect(made).toMatch(/^[\w-]{32}$/);
    expect(await dir.secret('database-password')).toBe(made);
    expect((await stat(dir.at('secrets', 'database-password'))).mode & 0o777).toBe(0o600);
    expect((await stat(dir.at('secrets'))).mode & 0o777).toBe(0o700);
    expect(Buffer.from(await dir.masterKey(), 'base64')).toHaveLength(32);
    await dir.unlock();
  });

  it('never replace a lost master key once there is data', async () => {
    const dir = await openDataDir(path);
    await mkdir(dir.at('postgres'));
    await expect(dir.masterKey()).rejects.toMatchObject({ code: 'config.invalid' });
    await dir.unlock();
  });
});
