import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperationError } from '@holdfast/contracts';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig, readDatabaseUrl, readOwnerVariables } from './config.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');
const WHOLE = { DATABASE_URL: 'postgresql://u:p@db/holdfast', HOLDFAST_MASTER_KEY: KEY };
const directory = mkdtempSync(join(tmpdir(), 'hf-api-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

const errorsOf = (variables: Record<string, string>): string[] => {
  try {
    readConfig(variables);
  } catch (error) {
    if (error instanceof OperationError) return (error.errors ?? []).map(({ at }) => at);
    throw error;
  }
  return [];
};

describe('the configuration', () => {
  it('needs the database and the master key only', () => {
    const config = readConfig(WHOLE);
    expect(config).toMatchObject({
      HOLDFAST_API_HOST: '127.0.0.1',
      HOLDFAST_API_PORT: 3000,
      HOLDFAST_ALLOW_PRIVATE_ADDRESSES: 'none',
      HOLDFAST_REPOSITORY_ROOTS: [],
      HOLDFAST_FUNCTIONS_ROOTS: [],
      HOLDFAST_WORKER_LOST_AFTER_SECONDS: 900,
      HOLDFAST_BACKUP_OLD_AFTER_HOURS: 48,
      HOLDFAST_PROOF_OLD_AFTER_DAYS: 30,
      TEMPORAL_ADDRESS: '127.0.0.1:7233',
    });
    expect(config.HOLDFAST_MASTER_KEY).toHaveLength(32);
  });

  it('names every wrong variable at once', () => {
    const wrong = {
      DATABASE_URL: 'mysql://x',
      HOLDFAST_API_PORT: '70000',
      HOLDFAST_CONSOLE_DIRECTORY: 'relative/path',
      HOLDFAST_ORIGINS: 'https://ok.example,https://bad.example/path',
      HOLDFAST_ALLOW_PRIVATE_ADDRESSES: 'some',
      HOLDFAST_REPOSITORY_ROOTS: 'relative/path',
      HOLDFAST_FUNCTIONS_ROOTS: '/srv:relative/path',
      HOLDFAST_WORKER_LOST_AFTER_SECONDS: '0',
      HOLDFAST_BACKUP_OLD_AFTER_HOURS: '1.5',
      HOLDFAST_PROOF_OLD_AFTER_DAYS: 'a month',
    };
    expect(new Set(errorsOf(wrong))).toEqual(new Set([...Object.keys(wrong), 'HOLDFAST_MASTER_KEY']));
  });

  it('never repeats a value', () => {
    try {
      readConfig({ DATABASE_URL: 'mysql://u:hunter2@x', HOLDFAST_MASTER_KEY: 'c2hvcnQ=' });
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message).not.toMatch(/hunter2|c2hvcnQ/);
    }
  });

  it('treats an empty variable as unset', () => {
    expect(readConfig({ ...WHOLE, HOLDFAST_API_PORT: '', HOLDFAST_WORKER_URL: '' }).HOLDFAST_API_PORT).toBe(3000);
    expect(errorsOf({ ...WHOLE, DATABASE_URL: '' })).toEqual(['DATABASE_URL']);
  });

  it('reads secrets from files', () => {
    const file = join(directory, 'key');
    writeFileSync(file, `${KEY}\n`);
    const config = readConfig({ DATABASE_URL: WHOLE.DATABASE_URL, HOLDFAST_MASTER_KEY_FILE: file });
    expect(config.HOLDFAST_MASTER_KEY.toString('base64')).toBe(KEY);
  });

  it('refuses a file that is not there, and a secret given twice', () => {
    const missing = join(directory, 'missing');
    expect(errorsOf({ ...WHOLE, DATABASE_URL: '', DATABASE_URL_FILE: missing })).toEqual(['DATABASE_URL_FILE']);
    expect(errorsOf({ ...WHOLE, DATABASE_URL_FILE: missing })).toEqual(['DATABASE_URL']);
  });

  it('splits lists at commas', () => {
    const config = readConfig({ ...WHOLE, HOLDFAST_ORIGINS: 'https://a.example, http://b.example:8080' });
    expect(config.HOLDFAST_ORIGINS).toEqual(['https://a.example', 'http://b.example:8080']);
  });

  it('splits the roots of functions at colons', () => {
    const config = readConfig({ ...WHOLE, HOLDFAST_FUNCTIONS_ROOTS: '/srv/a,b:/srv/c:' });
    expect(config.HOLDFAST_FUNCTIONS_ROOTS).toEqual(['/srv/a,b', '/srv/c']);
  });
});

describe('commands', () => {
  it('read the database without needing the master key', () => {
    expect(readDatabaseUrl({ DATABASE_URL: WHOLE.DATABASE_URL, HOLDFAST_MASTER_KEY_FILE: '/nowhere' })).toBe(
      WHOLE.DATABASE_URL,
    );
  });

  it('take the first owner from the environment, if it says one', () => {
    expect(readOwnerVariables({ HOLDFAST_OWNER_EMAIL: 'a@b.c' })).toEqual({ email: 'a@b.c', password: null });
  });
});
