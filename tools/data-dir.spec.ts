import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
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

const OPEN = `
  import { openDataDir } from ${JSON.stringify(new URL('./data-dir.ts', import.meta.url).href)};
  await openDataDir(process.argv[1]).then(() => console.log('held'), (error) => console.log(error.code, error.message));
  setInterval(() => undefined, 1_000);
`;

/** A process that opens the directory and stays; what it printed. */
async function opener(): Promise<{ pid: number; child: ChildProcess; answer: string }> {
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', OPEN, path], {
    stdio: [...stdio],
  });
  sleepers.push(child);
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return { pid: child.pid as number, child, answer: String(line).trim() };
}

async function holder() {
  const opened = await opener();
  expect(opened.answer).toBe('held');
  return opened;
}

describe('the lock', () => {
  it('refuses a directory that a living process holds, and names the process', async () => {
    const { pid } = await holder();
    await expect(openDataDir(path)).rejects.toThrow(`(process ${pid})`);
    await expect(openDataDir(path)).rejects.toMatchObject({ code: 'resource.in_use' });
  });

  it('is free again when its holder is killed', async () => {
    const { child } = await holder();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const dir = await openDataDir(path);
    await dir.unlock();
    expect(await readdir(path)).not.toContain('holdfast.lock');
  });

  it('is refused by a damaged name too', async () => {
    const dir = await openDataDir(path);
    await writeFile(join(path, 'holdfast.lock'), '{"pid": 1');
    await expect(openDataDir(path)).rejects.toMatchObject({ code: 'resource.in_use' });
    await dir.unlock();
  });

  it('goes to one of many that come at once, time after time', async () => {
    for (let round = 0; round < 20; round += 1) {
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => openDataDir(path)));
      const taken = results.filter((result) => result.status === 'fulfilled');
      expect(taken).toHaveLength(1);
      for (const { value } of taken) await value.unlock();
    }
  });

  it('goes to one of many processes that come at once', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => opener()));
    expect(all.filter(({ answer }) => answer === 'held')).toHaveLength(1);
    expect(all.filter(({ answer }) => answer.startsWith('resource.in_use'))).toHaveLength(5);
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
  // As after a kill: the lock is free, and the note is still there.
  const note = await readFile(dir.at('children.json'));
  await dir.unlock();
  await writeFile(dir.at('children.json'), note);
  const next = await openDataDir(path);
  expect(child.signalCode ?? (await once(child, 'exit'))[1]).toBe('SIGTERM');
  await next.unlock();
});

it.each(['', '[{"pid": 1, "iden', 'null', '{}'])('opens with a damaged note of processes: %j', async (text) => {
  await writeFile(join(path, 'children.json'), text);
  const dir = await openDataDir(path);
  expect(await readdir(path)).not.toContain('children.json');
  await dir.unlock();
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

  it('never replace one that cannot be read', async () => {
    const dir = await openDataDir(path);
    const file = dir.at('secrets', 'master-key');
    // A link to itself: a read fails for root too, and for another reason than that nothing is there.
    await symlink('master-key', file);
    const error = { code: 'config.invalid', message: `${file} cannot be read (ELOOP)`, hint: /Give the file back/ };
    await expect(dir.masterKey()).rejects.toMatchObject({ ...error, hint: expect.stringMatching(error.hint) });
    await expect(dir.secret('master-key')).rejects.toMatchObject({ code: 'config.invalid' });
    expect(await readlink(file)).toBe('master-key');
    await dir.unlock();
  });

  it('never replace an empty one', async () => {
    const dir = await openDataDir(path);
    await writeFile(dir.at('secrets', 'master-key'), '\n');
    await expect(dir.masterKey()).rejects.toMatchObject({
      code: 'config.invalid',
      message: `${dir.at('secrets', 'master-key')} is empty`,
    });
    await dir.unlock();
  });
});
