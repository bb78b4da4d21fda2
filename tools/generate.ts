// Writes what is generated from source: the API's document and the client's types. `--check` writes nothing and fails
// when what is committed is stale.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const client = resolve(root, 'libs/api-client');
const DOCUMENT = 'openapi.json';
const TYPES = 'src/schema.ts';

/** Writes both files into a directory that holds `src/`. */
function generate(documentPath: string, typesPath: string, buildDir: string): void {
  const run = (program: string, args: string[], cwd = root): void => {
    execFileSync(program, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'], timeout: 180_000 });
  };
  const vite = resolve(root, 'node_modules/vite/bin/vite.js');
  const config = 'apps/api/vite.config.mts';
  run(process.execPath, [vite, 'build', '-c', config, '--outDir', buildDir, '--emptyOutDir', '--logLevel', 'error']);
  run(process.execPath, [join(buildDir, 'openapi-document.js'), documentPath]);
  // openapi-typescript wants TypeScript 5 and has its own copy beside it
  const types = resolve(client, 'node_modules/openapi-typescript/bin/cli.js');
  const options = ['--default-non-nullable', 'false', '--output', typesPath];
  run(process.execPath, [types, documentPath, ...options], client);
}

const checking = process.argv.includes('--check');
// inside the workspace, so that the built document finds its packages
mkdirSync(join(root, 'dist'), { recursive: true });
const work = mkdtempSync(join(root, 'dist', 'generate-'));
const out = mkdtempSync(join(tmpdir(), 'holdfast-generate-'));
try {
  const documentPath = checking ? join(out, DOCUMENT) : resolve(client, DOCUMENT);
  const typesPath = checking ? join(out, 'schema.ts') : resolve(client, TYPES);
  // as deep as dist/apps/api: the API reads its version from the package.json three levels up
  generate(documentPath, typesPath, join(work, 'api'));
  const stale = [
    [documentPath, resolve(client, DOCUMENT)],
    [typesPath, resolve(client, TYPES)],
  ].filter(([made, kept]) => readFileSync(made ?? '', 'utf8') !== readFileSync(kept ?? '', 'utf8'));
  for (const [, kept] of stale) console.error(`${kept} is stale: run \`npm run generate\``);
  if (stale.length > 0) process.exitCode = 1;
} finally {
  for (const dir of [work, out]) rmSync(dir, { recursive: true, force: true });
}
