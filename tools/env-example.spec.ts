import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configSchema as api, SECRET_FILES as apiSecrets } from '../apps/api/src/config.ts';
import { configSchema as worker, SECRET_FILES as workerSecrets } from '../apps/worker/src/config.ts';

const root = resolve(import.meta.dirname, '..');
const text = (file: string) => readFileSync(join(root, file), 'utf8');

/** Name -> value of every line that sets a variable, those in comments as well. */
const example = new Map(
  [...text('.env.example').matchAll(/^#?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map((match) => [match[1] ?? '', match[2] ?? '']),
);

/** What only `npm start`, setup and create-owner read; the first part of the check finds them by their names. */
const OTHER_READERS = [
  ...['tools/start.ts', 'tools/first-start.ts', 'apps/api/src/config.ts'],
  ...['tools/setup/host.mjs', 'tools/setup/temporal.mjs'],
];

const known = () =>
  new Set([
    ...Object.keys(api.shape),
    ...Object.keys(worker.shape),
    ...[...apiSecrets, ...workerSecrets].map((name) => `${name}_FILE`),
    ...OTHER_READERS.flatMap((file) => text(file).match(/\bHOLDFAST_[A-Z_]+[A-Z]\b/g) ?? []),
  ]);

const given = (schema: { shape: object }) => {
  const set = [...example].filter(([name, value]) => name in schema.shape && value !== '');
  return { ...Object.fromEntries(set), HOLDFAST_MASTER_KEY: Buffer.alloc(32).toString('base64') };
};
const least = {
  DATABASE_URL: example.get('DATABASE_URL'),
  HOLDFAST_MASTER_KEY: Buffer.alloc(32).toString('base64'),
};

describe('.env.example', () => {
  it('names every variable that is read, and no other', () => {
    expect([...example.keys()].sort()).toEqual([...known()].sort());
  });

  it('shows true defaults', () => {
    expect(api.parse(given(api))).toEqual(api.parse(least));
    expect(worker.parse(given(worker))).toEqual(worker.parse(least));
  });
});

describe('the table in docs/operations.md', () => {
  const rows = [...text('docs/operations.md').matchAll(/^\| `([A-Z][A-Z0-9_]*)` +\| ([^|]*) \| ([^|]*) \|/gm)];

  it('names the same variables', () => {
    expect(rows.map((row) => row[1]).sort()).toEqual(
      [...example.keys()].filter((name) => !name.endsWith('_FILE')).sort(),
    );
  });

  it('says rightly who reads each', () => {
    for (const [, name = '', readers = ''] of rows) {
      const expected = [name in api.shape ? 'API' : '', name in worker.shape ? 'worker' : '']
        .filter(Boolean)
        .join(', ');
      if (expected) expect([name, readers.trim()]).toEqual([name, expected]);
    }
  });

  it('shows the same defaults', () => {
    for (const [, name = '', , shown = ''] of rows) {
      if (name === 'DATABASE_URL') continue;
      const value = example.get(name) ?? '';
      if (value !== '') expect([name, shown.trim()]).toEqual([name, `\`${value}\``]);
    }
  });
});
