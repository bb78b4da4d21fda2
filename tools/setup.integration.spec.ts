import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, vi } from 'vitest';

const SETUP = join(import.meta.dirname, 'setup.mjs');

async function setUp(args: string[], env: Record<string, string> = {}): Promise<{ code: number; output: string }> {
  const child = spawn('node', [SETUP, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (output += piece.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}

it('names every item and does nothing where all is there', async () => {
  const { code, output } = await setUp(['--postgres', '15,17']);
  expect(code).toBe(0);
  const items = ['npm packages', 'Prisma client', 'Postgres 15 client', 'Postgres 18 client', 'Postgres 17 server'];
  for (const item of items) expect(output).toMatch(new RegExp(`${item} +ok`));
  expect(output).not.toContain('Postgres 16 server');
  expect(output).not.toContain('installed');
});

it('goes on as the script that is asked for, under the project’s Node, with its arguments and its exit code', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-setup-'));
  await writeFile(
    join(dir, 'next.ts'),
    'const args: string[] = process.argv.slice(2); console.log(args, process.version); process.exit(7);',
  );
  const { code, output } = await setUp(['--quiet', '--then', join(dir, 'next.ts'), '--port', '0']);
  expect(code).toBe(7);
  expect(output.trim()).toMatch(/^\[ '--port', '0' \] v24\./);
  await rm(dir, { recursive: true });
});

it('says what is wrong and what to do', async () => {
  const argument = await setUp(['--colour']);
  expect(argument).toMatchObject({ code: 1, output: expect.stringContaining('unknown argument --colour') });
  const version = await setUp(['--postgres', '9']);
  expect(version).toMatchObject({ code: 1, output: expect.stringContaining('no Postgres 9 to install') });
  const temporal = await setUp(['--postgres', ''], { HOLDFAST_TEMPORAL_BIN: '/nowhere/temporal' });
  expect(temporal.code).toBe(1);
  expect(temporal.output).toMatch(/Setup failed at Temporal: HOLDFAST_TEMPORAL_BIN=\/nowhere\/temporal does not run/);
  expect(temporal.output).toContain('What to do:');
});

it('names the directory that it may not make', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-setup-'));
  await writeFile(join(dir, 'file'), '');
  const { code, output } = await setUp([], { HOLDFAST_TOOLS_DIR: join(dir, 'file', 'tools') });
  expect(code).toBe(1);
  expect(output).toContain('Set HOLDFAST_TOOLS_DIR');
  await rm(dir, { recursive: true });
});

/** A process that says when it begins and ends what is to be done alone, in `tree`. */
function workAlone(dir: string, tree: string) {
  const text = `
    import { alone } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'setup/alone.mjs')).href)};
    import { appendFileSync } from 'node:fs';
    const say = (word) => appendFileSync(${JSON.stringify(join(dir, 'log'))}, word + ' ' + process.pid + '\\n');
    await alone(${JSON.stringify(dir)}, ${JSON.stringify(tree)}, async () => {
      say('begin');
      await new Promise((done) => setTimeout(done, Number(process.argv[1])));
      say('end');
    });`;
  return (ms: number) => spawn('node', ['--input-type=module', '-e', text, `${ms}`], { stdio: 'inherit' });
}

it('installs packages in one process at a time, and takes over from one that was killed', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-setup-'));
  const start = workAlone(dir, '/a/tree');
  const killed = start(60_000);
  const log = (): Promise<string> => readFile(join(dir, 'log'), 'utf8');
  await vi.waitFor(async () => expect(await log()).toBe(`begin ${killed.pid}\n`), { timeout: 10_000 });
  const others = [start(300), start(300)];
  const ends = Promise.all(others.map((child) => once(child, 'close')));
  await once(workAlone(dir, '/another/tree')(0), 'close');
  expect((await log()).split('\n')).toHaveLength(4);
  killed.kill('SIGKILL');
  expect(await ends).toEqual([
    [0, null],
    [0, null],
  ]);
  const words = (await log()).trim().split('\n').slice(3);
  expect(words.map((line) => line.split(' ')[0])).toEqual(['begin', 'end', 'begin', 'end']);
  expect(words[0]?.split(' ')[1]).toBe(words[1]?.split(' ')[1]);
  expect(await readdir(dir)).toEqual(['log']);
  await rm(dir, { recursive: true });
});
