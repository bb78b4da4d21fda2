// `node tools/storage-memory.ts --objects N --sparse-mb M [--restore]`: what a backup of N objects of 2 KB and one of M MiB
// needs of memory, and how many files the repository has for them.
import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect, makeTempDir, throwawayPostgres } from '@holdfast/testing';
import { createProjectDatabase, plantObjects, plantSparseObject, startProjectServer } from '@holdfast/testing/supabase';
import type { StorageRun, StorageRunFigures } from './storage-memory-run.ts';

const OBJECT_BYTES = 2_000;

interface Measured {
  backup: StorageRunFigures;
  /** Files below `chunks` of the repository. */
  files: number;
  restore: StorageRunFigures | null;
}

async function inOwnProcess(asked: StorageRun): Promise<StorageRunFigures> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'storage-memory-run.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // as the worker of `npm start` has it
    env: { ...process.env, MALLOC_ARENA_MAX: '2' },
  });
  child.stdin.end(JSON.stringify(asked));
  let told = '';
  child.stdout.on('data', (part: Buffer) => (told += part.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the measured process ended with ${code}`);
  return JSON.parse(told) as StorageRunFigures;
}

/** Plants objects in a project of this process and lets another one back them up, and give them back to a second project. */
export async function measureStorage(o: { objects: number; sparseMb: number; restore: boolean }): Promise<Measured> {
  const postgres = await throwawayPostgres(17);
  const dir = await makeTempDir('storage-memory');
  const stops: (() => Promise<void>)[] = [];
  const project = async (name: string) => {
    const target = await postgres.createDatabase(name);
    await createProjectDatabase(target);
    const server = await startProjectServer({ target, dir: join(dir, name) });
    stops.push(() => server.stop());
    return { target, server, endpoint: { url: server.url, serviceKey: server.serviceRoleKey } };
  };
  try {
    const { target, server, endpoint } = await project('source');
    const client = await connect(target);
    await client.query(`INSERT INTO storage.buckets (id, name) VALUES ('files', 'files')`);
    await client.end();
    await plantObjects(server, target, { bucket: 'files', count: o.objects, size: OBJECT_BYTES });
    if (o.sparseMb > 0)
      await plantSparseObject(server, target, { bucket: 'files', key: 'sparse', size: o.sparseMb * 2 ** 20 });
    const repositoryPath = join(dir, 'repository');
    const asked = { repositoryPath, environmentId: randomUUID(), backupId: randomUUID() };
    const backup = await inOwnProcess({ ...asked, verb: 'backup', target, endpoint });
    const entries = await readdir(join(repositoryPath, 'chunks'), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).length;
    if (!o.restore) return { backup, files, restore: null };
    const other = await project('target');
    const where = { target: other.target, endpoint: other.endpoint };
    return { backup, files, restore: await inOwnProcess({ ...asked, ...where, verb: 'restore' }) };
  } finally {
    for (const stop of stops) await stop();
    await postgres.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      objects: { type: 'string', default: '100000' },
      'sparse-mb': { type: 'string', default: '5120' },
      restore: { type: 'boolean', default: false },
    },
  });
  const { objects, 'sparse-mb': sparseMb, restore } = values;
  console.log(JSON.stringify(await measureStorage({ objects: Number(objects), sparseMb: Number(sparseMb), restore })));
}
