// The last step of the console's build: beside each file that compresses, what the API serves to browsers that take it.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const DIRECTORY = resolve(import.meta.dirname, '../dist/apps/admin/browser');
const COMPRESSIBLE = new Set(['.js', '.css', '.svg', '.json', '.webmanifest']);
/** Below it a header costs more than is saved. */
const SMALLEST_BYTES = 512;

const entries = await readdir(DIRECTORY, { recursive: true, withFileTypes: true });
for (const entry of entries) {
  if (!entry.isFile() || !COMPRESSIBLE.has(extname(entry.name))) continue;
  const path = join(entry.parentPath, entry.name);
  const bytes = await readFile(path);
  if (bytes.length < SMALLEST_BYTES) continue;
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes, { params }));
  await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION }));
}
