import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makePrivateDirectory } from './private-directory.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'holdfast-private-'));
});
afterEach(() => rm(parent, { recursive: true }));

it('is for its owner alone, and goes with what is inside', async () => {
  const { path, remove } = await makePrivateDirectory({ parent, prefix: 'dump-' });
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  await writeFile(join(path, 'secret'), 'text');
  await remove();
  expect(await readdir(parent)).toEqual([]);
});

it('removes what dead processes left, and nothing of living ones or of another name', async () => {
  const dead = spawnSync('true').pid;
  const kept = ['dump-notes', 'other-1', `dump-${process.ppid}-a`];
  for (const name of [...kept, `dump-${dead}-a`, `dump-${process.pid}-of-an-earlier-process`]) {
    await mkdir(join(parent, name));
  }
  const first = await makePrivateDirectory({ parent, prefix: 'dump-' });
  const second = await makePrivateDirectory({ parent, prefix: 'dump-' });
  const names = await readdir(parent);
  expect(names.map((name) => join(parent, name))).toEqual(expect.arrayContaining([first.path, second.path]));
  expect(names).toHaveLength(kept.length + 2);
  expect(names).toEqual(expect.arrayContaining(kept));
});
