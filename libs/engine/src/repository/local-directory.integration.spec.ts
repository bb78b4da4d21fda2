import { makeTempDir } from '@holdfast/testing';
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, driverContract, pathsIn } from './driver-contract.ts';
import { LocalDirectory } from './local-directory.ts';
import { attachRepository, openRepository } from './repository.ts';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

/** A program that works on a directory with the driver, and prints the code of what was thrown. */
const program = (directory: string, work: string): string[] => [
  '--input-type=module-typescript',
  '-e',
  `import { LocalDirectory } from ${JSON.stringify(join(import.meta.dirname, 'local-directory.ts'))};
   const driver = new LocalDirectory(${JSON.stringify(directory)});
   const work = async () => { ${work} };
   await work().then(() => console.log('nothing thrown'), (error) => console.log(error.code ?? String(error)));`,
];

/** Root may do everything: for a moment we are somebody else, and the directory is root's alone. */
async function asNobody(directory: string, work: () => Promise<void>): Promise<void> {
  await chmod(directory, isRoot ? 0o700 : 0o000);
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
    await chmod(directory, 0o711);
  }
}

let home: string;
let root: string;
beforeEach(async () => {
  home = await makeTempDir('local-directory');
  root = join(home, 'repository');
  await mkdir(root);
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('a local directory keeps the contract', () => {
  driverContract(() =>
    Promise.resolve({
      driver: new LocalDirectory(root),
      takeAway: () => rm(root, { recursive: true }),
      async leaveUnfinished(folder, ageMs) {
        const left = join(root, folder, `.unfinished-${ageMs}`);
        await writeFile(left, 'half');
        const began = new Date(Date.now() - ageMs);
        await utimes(left, began, began);
      },
      whileForbidden: (work) => asNobody(root, work),
      async writeWithoutSpace(path) {
        const script = program(root, `await driver.write(${JSON.stringify(path)}, Buffer.alloc(1 << 20))`);
        // a limit on the length of files is a full disk for whoever needs no root to set it; 64 blocks are 32 or 64 KiB
        const { stdout } = await run('sh', ['-c', 'ulimit -f 64; exec node "$@"', 'sh', ...script]);
        return stdout.trim();
      },
      dispose: () => Promise.resolve(),
    }),
  );
});

it('is unreachable when its disk was unmounted: another, empty directory stands there', async () => {
  const driver = new LocalDirectory(root);
  await driver.write('a/b', Buffer.from('kept'));
  const reading = new LocalDirectory(root);
  expect(String(await reading.read('a/b'))).toBe('kept');
  await rename(root, join(home, 'elsewhere'));
  await mkdir(root);
  for (const known of [driver, reading]) {
    expect(await codeOf(known.read('a/b'))).toBe('repository.unreachable');
    expect(await codeOf(known.size('a/b'))).toBe('repository.unreachable');
    expect(await codeOf(known.write('a/b', Buffer.from('lost')))).toBe('repository.unreachable');
    expect(await codeOf(known.remove('a/b'))).toBe('repository.unreachable');
    expect(await codeOf(pathsIn(known, 'a'))).toBe('repository.unreachable');
  }
  expect(await readdir(root)).toEqual([]);
  await rm(root, { recursive: true });
  await rename(join(home, 'elsewhere'), root);
  expect(String(await driver.read('a/b'))).toBe('kept');
});

it('leaves alone what the file system keeps for itself where its disk is mounted', async () => {
  const driver = new LocalDirectory(root);
  await driver.write('chunks/a', Buffer.from('a'));
  await writeFile(join(root, 'chunks', '.unfinished-0123'), 'half');
  const own = join(root, 'lost+found');
  await mkdir(own);
  await writeFile(join(own, '.unfinished-4567'), 'not ours');
  await asNobody(own, async () => {
    if (isRoot) process.seteuid?.(0);
    await chmod(root, 0o777);
    await chmod(join(root, 'chunks'), 0o777);
    if (isRoot) process.seteuid?.(NOBODY);
    expect(await driver.sweepUnfinished(-1)).toBe(1);
    const found: string[] = [];
    for await (const { path } of driver.list('')) found.push(path);
    expect(found).toEqual(['chunks/a']);
  });
  expect(await readdir(own)).toEqual(['.unfinished-4567']);
});

it('makes folders anew that somebody removed', async () => {
  const driver = new LocalDirectory(`${root}/`);
  await driver.write('a/b/c', Buffer.from('1'));
  await rm(join(root, 'a'), { recursive: true });
  expect(await codeOf(driver.write('a/b/c', Buffer.from('2')))).toBe('repository.unreachable');
  await driver.write('a/b/c', Buffer.from('3'));
  expect(String(await driver.read('a/b/c'))).toBe('3');
});

it('is unreachable where a file stands in its place', async () => {
  await rm(root, { recursive: true });
  await writeFile(root, 'a file');
  const driver = new LocalDirectory(root);
  expect(await codeOf(driver.read('a/b'))).toBe('repository.unreachable');
  expect(await codeOf(driver.write('a/b', Buffer.from('x')))).toBe('repository.unreachable');
  expect(await codeOf(pathsIn(driver, ''))).toBe('repository.unreachable');
});

it.runIf(existsSync('/proc/self/mem'))('names a file that the disk cannot read any more', async () => {
  // the first page of a process is such a file
  await symlink('/proc/self/mem', join(root, 'broken'));
  expect(await codeOf(new LocalDirectory(root).read('broken'))).toBe('backup.damaged');
  expect(await codeOf(new LocalDirectory(root).readInto('broken', new Uint8Array(9)))).toBe('backup.damaged');
});

it('removes what it put and the disk does not take, so that no later attempt finds it, and fails from then on', async () => {
  const driver = new LocalDirectory(root);
  await driver.put('a/good', Buffer.from('good'));
  await driver.put('a/bad', Buffer.from('bad'));
  await driver.write('a/other', Buffer.from('other'));
  // no disk stands behind this one: it cannot be made durable
  for (const name of ['bad', 'other']) {
    await rm(join(root, 'a', name));
    await symlink('/dev/null', join(root, 'a', name));
  }
  await driver.keep('a/other');
  expect(await codeOf(driver.settle())).toBe('repository.unreachable');
  expect((await readdir(join(root, 'a'))).sort()).toEqual(['good', 'other']);
  expect(await codeOf(driver.settle())).toBe('repository.unreachable');
  expect(await codeOf(driver.put('a/more', Buffer.from('more')))).toBe('repository.unreachable');
});

// the limit on files above stands for it everywhere; this is the disk itself, where a test may mount one
const mounts = isRoot && process.platform === 'linux' && (await canMount());
async function canMount(): Promise<boolean> {
  const place = await makeTempDir('mount');
  const done = await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', place]).then(
    () => run('umount', [place]).then(() => true),
    () => false,
  );
  await rm(place, { recursive: true });
  return done;
}

it.runIf(mounts)('says that a real disk is full or read-only, and leaves what was on it', async () => {
  await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', root]);
  try {
    const driver = new LocalDirectory(root);
    await driver.write('a/b', Buffer.alloc(700_000, 'x'));
    expect(await codeOf(driver.write('a/c', Buffer.alloc(700_000)))).toBe('repository.full');
    expect(await pathsIn(driver, '')).toEqual(['a/b']);
    expect(await driver.sweepUnfinished(0)).toBe(0);
    await driver.write('a/c', Buffer.alloc(100_000));
    await run('mount', ['-o', 'remount,ro', root]);
    expect(await codeOf(driver.write('a/d', Buffer.from('x')))).toBe('repository.unreachable');
    expect(await codeOf(driver.remove('a/b'))).toBe('repository.unreachable');
    expect(await pathsIn(driver, '')).toEqual(['a/b', 'a/c']);
  } finally {
    await run('umount', [root]);
  }
});

it('shows one whole version after a writer was killed at any moment', async () => {
  const writes = `for (let n = 0; ; n++) await driver.write('a/b', Buffer.alloc(2_000_000 + n % 7, n % 256))`;
  const driver = new LocalDirectory(root);
  for (let round = 0; round < 4; round++) {
    const writer = spawn('node', program(root, writes), { stdio: 'ignore' });
    const ended = new Promise((done) => writer.once('exit', done));
    for (let waited = 0; waited < 10_000 && (round > 0 || (await driver.size('a/b')) === null); waited += 20) {
      await sleep(20);
      if (round > 0 && waited > 250) break;
    }
    writer.kill('SIGKILL');
    await ended;
    const bytes = (await driver.read('a/b')) ?? Buffer.alloc(0);
    expect(bytes.length).toBeGreaterThanOrEqual(2_000_000);
    expect(bytes.equals(Buffer.alloc(bytes.length, bytes[0]))).toBe(true);
    expect(await pathsIn(driver, '')).toEqual(['a/b']);
  }
});

describe('attachRepository', () => {
  it('makes a repository once and opens it afterwards', async () => {
    const path = join(home, 'new', 'place');
    const first = await attachRepository(path);
    expect(first.report).toMatchObject({ created: true, backups: 0, formatVersion: 1 });
    const second = await attachRepository(path);
    expect(second.report).toMatchObject({ created: false, repositoryUid: first.repository.uid });
    expect(await codeOf(openRepository(path, first.repository.uid))).toBe('nothing thrown');
  });

  it('refuses a directory that holds something else, but not what a killed attach left', async () => {
    await writeFile(join(root, '.unfinished-0123'), '{');
    expect((await attachRepository(root)).report.created).toBe(true);
    const other = join(home, 'other');
    await mkdir(other);
    await writeFile(join(other, 'letter.txt'), 'dear');
    expect(await codeOf(attachRepository(other))).toBe('repository.occupied');
    expect(await readdir(other)).toEqual(['letter.txt']);
  });

  it('refuses a place inside another repository, also by a link, and leaves nothing there', async () => {
    const { repository } = await attachRepository(join(home, 'outer'));
    const inside = join(repository.driver.location, 'chunks', 'inner');
    expect(await codeOf(attachRepository(inside))).toBe('repository.occupied');
    await symlink(repository.driver.location, join(home, 'link'));
    expect(await codeOf(attachRepository(join(home, 'link', 'inner')))).toBe('repository.occupied');
    expect(await readdir(repository.driver.location)).not.toContain('inner');
    expect((await attachRepository(join(home, 'beside'))).report.created).toBe(true);
  });

  it('says that a directory cannot be made or read', async () => {
    await asNobody(home, async () => {
      expect(await codeOf(attachRepository(join(home, 'new')))).toBe('repository.unreachable');
    });
    await writeFile(join(home, 'file'), '');
    expect(await codeOf(attachRepository(join(home, 'file', 'new')))).toBe('repository.unreachable');
  });

  it('tells an absent repository from another one', async () => {
    const { repository } = await attachRepository(root);
    expect(await codeOf(openRepository(join(home, 'nothing'), null))).toBe('repository.unreachable');
    await mkdir(join(home, 'empty'));
    expect(await codeOf(openRepository(join(home, 'empty'), repository.uid))).toBe('repository.missing');
    const other = await attachRepository(join(home, 'other'));
    expect(await codeOf(openRepository(root, other.repository.uid))).toBe('repository.foreign');
  });
});
