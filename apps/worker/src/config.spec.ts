import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperationError } from '@holdfast/contracts';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

const key = Buffer.alloc(32, 7).toString('base64');
const required = { DATABASE_URL: 'postgresql://u:hunter2@127.0.0.1/holdfast', HOLDFAST_MASTER_KEY: key };
const dir = mkdtempSync(join(tmpdir(), 'holdfast-config-'));
afterAll(() => rmSync(dir, { recursive: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const refusal = (variables: Record<string, string | undefined>): OperationError => {
  try {
    readConfig(variables);
  } catch (error) {
    if (error instanceof OperationError) return error;
  }
  throw new Error('it was accepted');
};

describe('the configuration', () => {
  it('needs a database and a key, and has a default for the rest', () => {
    expect(readConfig(required)).toEqual({
      ...required,
      HOLDFAST_MASTER_KEY: new Uint8Array(32).fill(7),
      TEMPORAL_ADDRESS: '127.0.0.1:7233',
      TEMPORAL_NAMESPACE: 'default',
      HOLDFAST_WORKER_HOST: '127.0.0.1',
      HOLDFAST_WORKER_PORT: 3001,
      HOLDFAST_PARALLEL: 2,
      HOLDFAST_ALLOW_PRIVATE_ADDRESSES: 'none',
      HOLDFAST_FUNCTIONS_ROOTS: [],
      HOLDFAST_LOG_LEVEL: 'info',
    });
  });

  it('names every wrong variable at once, and none of their values', () => {
    const error = refusal({
      DATABASE_URL: 'mysql://u:hunter2@h/d',
      HOLDFAST_MASTER_KEY: 'c2hvcnQ=',
      SCRATCH_DATABASE_URL: 'hunter2',
      TEMPORAL_ADDRESS: 'nowhere',
      HOLDFAST_WORKER_PORT: '70000',
      HOLDFAST_PARALLEL: '0',
      HOLDFAST_ALLOW_PRIVATE_ADDRESSES: 'some',
      HOLDFAST_FUNCTIONS_ROOTS: '/srv:relative',
      HOLDFAST_LOG_LEVEL: 'loud',
    });
    expect(error.code).toBe('config.invalid');
    expect(error.errors?.map(({ at }) => at)).toEqual([
      'DATABASE_URL',
      'HOLDFAST_MASTER_KEY',
      'SCRATCH_DATABASE_URL',
      'TEMPORAL_ADDRESS',
      'HOLDFAST_WORKER_PORT',
      'HOLDFAST_PARALLEL',
      'HOLDFAST_ALLOW_PRIVATE_ADDRESSES',
      'HOLDFAST_FUNCTIONS_ROOTS',
      'HOLDFAST_LOG_LEVEL',
    ]);
    expect(error.message).toContain('HOLDFAST_PARALLEL');
    expect(`${error.message} ${JSON.stringify(error.errors)}`).not.toMatch(/hunter2|c2hvcnQ/);
  });

  it('names the required ones when nothing is set', () => {
    expect(refusal({}).errors?.map(({ at }) => at)).toEqual(['DATABASE_URL', 'HOLDFAST_MASTER_KEY']);
  });

  it('reads secrets from files, without the line end', () => {
    const config = readConfig({
      DATABASE_URL_FILE: file('url', `${required.DATABASE_URL}\n`),
      HOLDFAST_MASTER_KEY_FILE: file('key', `${key}\n`),
    });
    expect(config.DATABASE_URL).toBe(required.DATABASE_URL);
    expect(config.HOLDFAST_MASTER_KEY).toHaveLength(32);
  });

  it('refuses a secret that is given twice, and a file that cannot be read', () => {
    const twice = refusal({ ...required, DATABASE_URL_FILE: file('again', required.DATABASE_URL) });
    expect(twice.errors?.map(({ at }) => at)).toEqual(['DATABASE_URL']);
    const unread = refusal({ ...required, HOLDFAST_MASTER_KEY: '', HOLDFAST_MASTER_KEY_FILE: join(dir, 'absent') });
    expect(unread.errors).toEqual([{ at: 'HOLDFAST_MASTER_KEY_FILE', message: 'cannot be read (ENOENT)' }]);
  });

  it('takes an empty text for not set', () => {
    expect(readConfig({ ...required, HOLDFAST_TOOLS_DIR: '', SCRATCH_DATABASE_URL: '' })).not.toHaveProperty(
      'HOLDFAST_TOOLS_DIR',
    );
  });
});
