import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findClient, findServer, majorOf } from './binaries.ts';

let toolsDir: string;

beforeEach(async () => {
  toolsDir = await mkdtemp(join(tmpdir(), 'holdfast-binaries-'));
});
afterEach(() => rm(toolsDir, { recursive: true }));

async function program(dir: string, name: string, says: string): Promise<string> {
  const binDir = join(toolsDir, dir, 'bin');
  await mkdir(binDir, { recursive: true });
  await writeFile(join(binDir, name), `#!/bin/sh\n${says}\n`);
  await chmod(join(binDir, name), 0o755);
  return binDir;
}

const version = (text: string) => `echo 'pg_dump (PostgreSQL) ${text}'`;

describe('findClient', () => {
  it('prefers the server’s own major version', async () => {
    const binDir = await program('postgres-client/20', 'pg_dump', version('20.3'));
    await program('postgres-client/21', 'pg_dump', version('21.0'));
    expect(await findClient(toolsDir, 20)).toEqual({ binDir, major: 20 });
  });

  it('takes the next newer client where that of the server is missing, never an older one', async () => {
    await program('postgres-client/19', 'pg_dump', version('19.1'));
    const binDir = await program('postgres-client/22', 'pg_dump', version('22beta1'));
    expect(await findClient(toolsDir, 20)).toEqual({ binDir, major: 22 });
  });

  it('believes the program and not the name of its directory', async () => {
    await program('postgres-client/21', 'pg_dump', version('20.1 (Debian 20.1-1)'));
    expect(await findClient(toolsDir, 21)).toBeNull();
  });

  it('passes over a program that does not run', async () => {
    await program('postgres-client/21', 'pg_dump', 'exit 127');
    expect(await findClient(toolsDir, 21)).toBeNull();
  });
});

describe('findServer', () => {
  it('wants initdb, pg_ctl and postgres of exactly this major version', async () => {
    const binDir = await program('postgres-server/20', 'postgres', version('20.0'));
    await program('postgres-server/20', 'initdb', 'true');
    expect(await findServer(toolsDir, 20)).toBeNull();
    await program('postgres-server/20', 'pg_ctl', 'true');
    expect(await findServer(toolsDir, 20)).toBe(binDir);
    expect(await findServer(toolsDir, 21)).toBeNull();
  });
});

it('sees a program that was replaced by another version', async () => {
  const binDir = await program('own', 'pg_dump', version('20.0'));
  expect(await majorOf(binDir, 'pg_dump')).toBe(20);
  await program('own', 'pg_dump', version('21.10'));
  expect(await majorOf(binDir, 'pg_dump')).toBe(21);
});
