import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTempDir, toolsDir } from '@holdfast/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { scratchServers, type ScratchServers } from './scratch.ts';

let dir: string;
let servers: ScratchServers;
const calm = new AbortController();

beforeEach(async () => {
  dir = await makeTempDir('scratch');
  servers = scratchServers({ toolsDir: toolsDir(), url: null, workDir: join(dir, 'work') });
});
afterEach(() => rm(dir, { recursive: true }));

/** Another process that opens a scratch server of version 17, says where its cluster is, and waits. */
async function other(): Promise<{ kill(): Promise<void>; cluster: string }> {
  const program = `
    import { scratchServers } from ${JSON.stringify(join(import.meta.dirname, 'scratch.ts'))};
    const options = ${JSON.stringify({ toolsDir: toolsDir(), url: null, workDir: join(dir, 'work') })};
    const { target } = await scratchServers(options).open(17, new AbortController().signal);
    const { Client } = (await import('pg')).default;
    const client = new Client(target);
    await client.connect();
    const { rows } = await client.query('SHOW data_directory');
    console.log(rows[0].data_directory);
    setInterval(() => {}, 1000);`;
  const cwd = join(import.meta.dirname, '..');
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { kill, cluster: line.toString().trim() };
}

it('takes away all of a server on close, wherever its cluster is', async () => {
  const { cluster, kill } = await other();
  expect(existsSync(cluster)).toBe(true);
  const ours = await servers.open(17, calm.signal);
  expect(await readdir(join(dir, 'work'))).toHaveLength(2);
  await ours.close();
  expect(await readdir(join(dir, 'work'))).toHaveLength(1);
  expect(existsSync(cluster)).toBe(true);
  await kill();
  await (await servers.open(17, calm.signal)).close();
});

it('removes what a killed process left, its cluster too', async () => {
  const left = await other();
  await left.kill();
  expect(existsSync(left.cluster)).toBe(true);
  const ours = await servers.open(17, calm.signal);
  expect(existsSync(left.cluster)).toBe(false);
  await ours.close();
  expect(await readdir(join(dir, 'work'))).toEqual([]);
});
