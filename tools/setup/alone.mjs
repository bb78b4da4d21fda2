// One setup of a tree at a time. Plain Node >= 20 without dependencies.
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { modified } from './host.mjs';

const LOOK_MS = 250;
/** Nobody installs for longer: the process of that number is another one by now. */
const LONGEST_MS = 20 * 60_000;

/**
 * Does `work` while no other process does it for the same tree: two `npm ci` in one `node_modules` end with an error in
 * both. Who waits has to look again at what there is to do. Of a process that was killed the lock is taken over.
 */
export async function alone(dir, tree, work) {
  const file = join(dir, `setup-${createHash('sha256').update(tree).digest('hex').slice(0, 16)}.lock`);
  while (!(await taken(file))) {
    if (await isHeld(file)) await delay(LOOK_MS);
    else await takeOver(file);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** One at a time, and only after another look: of two that wait, the second would remove what the first has taken. */
async function takeOver(file) {
  const right = `${file}.left`;
  if (await taken(right)) {
    try {
      if (!(await isHeld(file))) await rm(file, { force: true });
    } finally {
      await rm(right, { force: true });
    }
  } else if (await isHeld(right)) await delay(LOOK_MS);
  else await rm(right, { force: true });
}

async function taken(file) {
  try {
    await writeFile(file, `${process.pid}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

async function isHeld(file) {
  const text = await readFile(file, 'utf8').catch(() => null);
  // gone meanwhile: whoever removes it now would remove the next one's
  if (text === null) return true;
  const age = Date.now() - modified(file);
  // its number is not written yet
  if (text === '') return age < 4 * LOOK_MS;
  return age < LONGEST_MS && isAlive(Number(text));
}

function isAlive(pid) {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
