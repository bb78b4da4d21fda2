import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { OperationError } from '@holdfast/contracts';
import { isAlive, sendSignal } from './child.ts';

/** Beside `postmaster.pid`: the id of the process that started the server. */
const OWNER_FILE = 'holdfast-owner.pid';

/** Notes us as the one who started the server that runs on this cluster. */
export const noteOwner = (place: string): Promise<void> => writeFile(join(place, OWNER_FILE), `${process.pid}\n`);

/**
 * Makes a cluster free to be started: stops a server that a killed process of ours left behind and removes its
 * `postmaster.pid`. A server whose starter still lives is not touched: `resource.in_use`.
 */
export async function releaseCluster(place: string): Promise<void> {
  const pid = await firstNumber(join(place, 'postmaster.pid'));
  if (pid === null) return;
  const server = await processOf(pid);
  if (server?.command.includes(place)) {
    // Whoever lost its starter was given another parent by the system: an id that was reused cannot mislead us.
    if (server.parent === (await firstNumber(join(place, OWNER_FILE)))) {
      throw new OperationError('resource.in_use', `A Postgres server (process ${pid}) already runs on ${place}`, {
        hint: `Stop the process ${server.parent} that started it.`,
      });
    }
    await end(pid);
  }
  await rm(join(place, 'postmaster.pid'), { force: true });
}

async function end(pid: number): Promise<void> {
  for (const [signal, waitMs] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 2_000],
  ] as const) {
    sendSignal(pid, signal);
    for (let waited = 0; waited < waitMs; waited += 50) {
      if (!isAlive(pid)) return;
      await sleep(50);
    }
  }
  throw new OperationError('resource.in_use', `The Postgres server (process ${pid}) of an earlier run does not stop`);
}

async function firstNumber(path: string): Promise<number | null> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const number = Number.parseInt(text, 10);
  return number > 0 ? number : null;
}

async function processOf(pid: number): Promise<{ parent: number; command: string } | null> {
  if (process.platform === 'win32') return null;
  try {
    const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'ppid=,command=', '-p', String(pid)]);
    const [, parent, command] = /^\s*(\d+)\s+(.*)/.exec(stdout) ?? [];
    return parent === undefined || command === undefined ? null : { parent: Number(parent), command };
  } catch {
    // ps answers with a failure when there is no such process.
    return null;
  }
}
