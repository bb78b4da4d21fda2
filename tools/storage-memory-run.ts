// Backs up a project's storage, or gives it back, in a process of its own, so that the memory it had at most is that of the
// engine alone. Reads what to do from the standard input, because a key is in it; writes one line of JSON.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { attachRepository, backUp, defaultToolsDir, restore, type PostgresTarget } from '@holdfast/engine';

/** What is done, and with what. */
export interface StorageRun {
  verb: 'backup' | 'restore';
  target: PostgresTarget;
  endpoint: { url: string; serviceKey: string };
  repositoryPath: string;
  environmentId: string;
  /** Given for `restore`. */
  backupId: string;
}

/** What it came to. */
export interface StorageRunFigures {
  backupId: string;
  /** Objects that were read or written. */
  objects: number;
  seconds: number;
  /** The most resident memory that the process had, in MiB. */
  peakMb: number;
}

const PARALLEL = 8;
const calm = { signal: new AbortController().signal };

async function run({ verb, target, endpoint, repositoryPath, environmentId, backupId }: StorageRun): Promise<number> {
  const { repository } = await attachRepository(repositoryPath);
  if (verb === 'restore') {
    const what = { repository, backupId, sourceEnvironmentId: environmentId, target, newDatabase: null };
    const all = { schemas: [], tables: [], content: 'all' as const, dryRun: false, overwrite: true };
    const storage = { endpoint, choice: null, parallel: PARALLEL };
    const parts = { components: ['storage' as const], storage, operationId: randomUUID(), parallel: 2 };
    return (await restore({ ...what, ...all, ...parts }, calm)).storage?.restored ?? 0;
  }
  const environment = { id: environmentId, name: 'measured', kind: 'postgres' as const };
  const backup = { id: backupId, name: 'measured', description: '', tags: [], components: [] };
  const taken = await backUp(
    {
      ...{ environment, source: target, repository, backup, toolsDir: defaultToolsDir(), lockTimeoutSeconds: 30 },
      ...{ parallel: 2, storage: { endpoint, parentBackupId: null, parallel: PARALLEL } },
    },
    calm,
  );
  return taken.storage?.objectsRead ?? 0;
}

/**
 * On Linux `maxRSS` of a process that was forked begins with what its parent had: a test's own process is larger than
 * the one that it measures. The kernel's mark in `status` begins anew.
 */
async function peakKb(): Promise<number> {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS;
  const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile('/proc/self/status', 'utf8')) ?? [];
  if (peak === undefined) throw new Error('the kernel does not say what this process had at most');
  return Number(peak);
}

const parts: Buffer[] = [];
for await (const part of process.stdin) parts.push(part as Buffer);
const asked = JSON.parse(Buffer.concat(parts).toString('utf8')) as StorageRun;
const began = performance.now();
const objects = await run(asked);
const seconds = Math.round((performance.now() - began) / 100) / 10;
const peakMb = Math.round((await peakKb()) / 1024);
console.log(JSON.stringify({ backupId: asked.backupId, objects, seconds, peakMb } satisfies StorageRunFigures));
process.exit(0);
