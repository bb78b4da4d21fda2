import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const NAMES = ['database_url', 'holdfast_db_password', 'master_key', 'postgres_password', 'temporal_db_password'];
let dir: string;
/** What the script calls, and nothing else. */
let bin: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdfast-make-secrets-'));
  bin = join(dir, 'bin');
  await mkdir(bin);
  await copyFile(join(import.meta.dirname, 'make-secrets.sh'), join(dir, 'make-secrets.sh'));
  for (const name of ['cat', 'chmod', 'dirname', 'mkdir', 'mv', 'openssl', 'rm']) {
    const { stdout } = await run('/bin/sh', ['-c', `command -v ${name}`]);
    await symlink(stdout.trim(), join(bin, name));
  }
});
afterEach(() => rm(dir, { recursive: true }));

const makeSecrets = () => run('/bin/sh', [join(dir, 'make-secrets.sh')], { env: { PATH: bin } });

const secrets = async (): Promise<string[]> => (await readdir(join(dir, 'secrets')).catch(() => [])).sort();
const secret = (name: string) => readFile(join(dir, 'secrets', name), 'utf8');

describe('make-secrets.sh', () => {
  it('writes every secret once', async () => {
    await makeSecrets();
    expect(await secrets()).toEqual(NAMES);
    const first = await Promise.all(NAMES.map(secret));
    const password = await secret('holdfast_db_password');
    expect(password).toMatch(/^[0-9a-f]{48}$/);
    expect(await secret('database_url')).toBe(`postgresql://holdfast:${password}@postgres:5432/holdfast`);
    expect(Buffer.from(await secret('master_key'), 'base64')).toHaveLength(32);
    await makeSecrets();
    expect(await Promise.all(NAMES.map(secret))).toEqual(first);
  });

  it('says that openssl is missing, and writes nothing', async () => {
    await rm(join(bin, 'openssl'));
    await expect(makeSecrets()).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('openssl is needed'),
    });
    expect(await secrets()).toEqual([]);
  });

  it('writes nothing where openssl fails', async () => {
    await rm(join(bin, 'openssl'));
    await writeFile(join(bin, 'openssl'), '#!/bin/sh\nexit 3\n');
    await chmod(join(bin, 'openssl'), 0o755);
    await expect(makeSecrets()).rejects.toMatchObject({ code: 3 });
    expect(await secrets()).toEqual([]);
  });

  it('repairs what an earlier version left where openssl was missing', async () => {
    await mkdir(join(dir, 'secrets'));
    for (const name of NAMES) await writeFile(join(dir, 'secrets', name), '', { mode: 0o444 });
    await chmod(join(dir, 'secrets', 'database_url'), 0o644);
    await writeFile(join(dir, 'secrets', 'database_url'), 'postgresql://holdfast:@postgres:5432/holdfast');
    await makeSecrets();
    for (const name of NAMES) expect(await secret(name)).not.toBe('');
    expect(await secret('database_url')).toContain(`:${await secret('holdfast_db_password')}@`);
  });
});
