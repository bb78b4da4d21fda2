// Compiles the row scanner to WebAssembly and writes it into the engine; `--check` fails when that file is stale.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const source = 'libs/engine/row-scanner/scanner.ts';
const target = resolve(root, 'libs/engine/src/rows/scanner-wasm.ts');
const dir = mkdtempSync(join(tmpdir(), 'holdfast-scanner-'));
try {
  const out = join(dir, 'scanner.wasm');
  const asc = resolve(root, 'node_modules/assemblyscript/bin/asc.js');
  execFileSync(process.execPath, [asc, source, '-O3', '--runtime', 'stub', '--noAssert', '-o', out], { cwd: root });
  const lines =
    readFileSync(out)
      .toString('base64')
      .match(/.{1,110}/g) ?? [];
  const text = `// Compiled from ${source} by \`npm run generate\`; not edited by hand.
export const SCANNER_WASM = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('');
`;
  if (!process.argv.includes('--check')) writeFileSync(target, text);
  else if (readFileSync(target, 'utf8') !== text) throw new Error(`${target} is stale: run \`npm run generate\``);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
