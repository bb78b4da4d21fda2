import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTempDir } from '@holdfast/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StackContext } from './stack-options.ts';
import { createOwnerProgram, makeProcesses } from './stack-processes.ts';

let dir: string;
let notes: string[];

beforeEach(async () => {
  dir = await makeTempDir('processes');
  notes = [];
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true });
});

const port = { port: 1, release: () => Promise.resolve() };

/** A stack without servers, on a directory that cannot be written to. */
const context = (): StackContext => ({
  options: { dataDir: dir, distDir: dir },
  dir: {
    ...{ path: dir, at: (...names) => join(dir, ...names) },
    noteChildren: () => Promise.reject(new Error('ENOSPC: no space left on device')),
    ...{ secret: () => Promise.resolve(''), masterKey: () => Promise.resolve('') },
    ...{ recall: () => Promise.resolve(null), remember: () => Promise.resolve() },
    unlock: () => Promise.resolve(),
  },
  logs: { write: () => undefined, close: () => undefined },
  ports: {
    ...{ api: port, temporal: port, temporalUi: port, worker: port, postgres: port },
    ...{ demoPostgres: port, demoCloud: port, demoLocal: port },
  },
  secrets: { postgres: '', database: '', demo: '' },
  projects: [],
  note: (line) => void notes.push(line),
});

it('goes on where the running processes cannot be noted, and says so', async () => {
  await mkdir(join(dir, 'apps', 'api'), { recursive: true });
  const serve = `console.log(JSON.stringify({ msg: 'listening' })); setInterval(() => undefined, 1_000);`;
  await writeFile(join(dir, 'apps', 'api', 'main.js'), serve);
  const processes = makeProcesses(context());
  await processes.start('api');
  expect(processes.running().map(({ name }) => name)).toEqual(['api']);
  await processes.stopAll();
  expect(notes[0]).toBe('cannot note the running processes: ENOSPC: no space left on device');
});

describe('the variables of the API and the worker', () => {
  const given = (name: string, value: string | undefined) => {
    vi.stubEnv(name, value);
    return createOwnerProgram(context()).env[name];
  };

  it('keep the directory of the default repository beside those that somebody chose', () => {
    const own = join(dir, 'repositories');
    expect(given('HOLDFAST_REPOSITORY_ROOTS', '/srv/a,/srv/b')).toBe(`/srv/a,/srv/b,${own}`);
    expect(given('HOLDFAST_REPOSITORY_ROOTS', '')).toBe(own);
    expect(given('HOLDFAST_REPOSITORY_ROOTS', undefined)).toBe(own);
  });

  it('allow this machine unless somebody chose otherwise', () => {
    expect(given('HOLDFAST_ALLOW_PRIVATE_ADDRESSES', 'none')).toBe('none');
    expect(given('HOLDFAST_ALLOW_PRIVATE_ADDRESSES', '')).toBe('loopback');
    expect(given('HOLDFAST_ALLOW_PRIVATE_ADDRESSES', undefined)).toBe('loopback');
  });
});
