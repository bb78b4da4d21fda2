// npm's packages, and Prisma's client of our schema. Plain Node >= 20 without dependencies.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { alone } from './alone.mjs';
import { BIN, ROOT, TOOLS_DIR, command, modified } from './host.mjs';

export const npmPackages = () => alone(TOOLS_DIR, ROOT, installPackages);

async function installPackages() {
  const modules = join(ROOT, 'node_modules');
  const stampFile = join(modules, '.holdfast-lock');
  const lock = await readFile(join(ROOT, 'package-lock.json'), 'utf8');
  const digest = createHash('sha256').update(lock).digest('hex');
  if (existsSync(join(BIN, 'node'))) {
    if ((await readFile(stampFile, 'utf8').catch(() => null)) === digest) return { state: 'ok' };
    // Installed by npm itself: its own record of what is there decides.
    if (isInstalled(lock, await readFile(join(modules, '.package-lock.json'), 'utf8').catch(() => '{}'))) {
      await writeFile(stampFile, digest);
      return { state: 'ok' };
    }
  }
  await command('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    advice: 'Check that npm reaches its registry, then run the same command again.',
  });
  await writeFile(stampFile, digest);
  return { state: 'installed', fresh: true };
}

/** Every package of the lock is there in its version; only optional ones (of other platforms) may be missing. */
function isInstalled(lockText, recordText) {
  const there = JSON.parse(recordText).packages ?? {};
  return Object.entries(JSON.parse(lockText).packages).every(([path, wanted]) => {
    if (!path.includes('node_modules/') || wanted.link) return true;
    return there[path] ? there[path].version === wanted.version : wanted.optional === true;
  });
}

export async function prismaClient(force) {
  const schema = join(ROOT, 'prisma', 'schema.prisma');
  const client = join(ROOT, 'prisma', 'generated', 'client.ts');
  if (!force && modified(client) >= modified(schema)) return { state: 'ok' };
  await command(join(BIN, 'prisma'), ['generate'], { advice: 'Run `npx prisma generate` and read its message.' });
  return { state: 'generated' };
}
