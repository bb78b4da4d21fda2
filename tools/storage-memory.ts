// What a backup of many small objects and a large one needs of memory, by the engine alone, and how many files the
// repository has for them. `npm run bench -- --scaling` measures the same in the worker.
import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PostgresTarget } from '@holdfast/engine';
import { connect, makeTempDir, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import {
  createProjectDatabase,
  plantObjects,
  plantSparseObject,
  startProjectServer,
  type ProjectServer,
} from '@holdfast/testing/supabase';
import type { StorageRun, StorageRunFigures } from './storage-memory-run.ts';
import { FEW_ARENAS, WORKER_NODE_ARGS } from './worker-memory.ts';

const OBJECT_BYTES = 2_000;

interface Measured {
  backup: StorageRunFigures;
  /** Files below `chunks` of the repository. */
  files: number;
  restore: StorageRunFigures;
}

async function inOwnProcess(asked: StorageRun): Promise<StorageRunFigures> {
  const args = [...WORKER_NODE_ARGS, join(import.meta.dirname, 'storage-memory-run.ts')];
  const child = spawn(process.execPath, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...FEW_ARENAS },
  });
  child.stdin.end(JSON.stringify(asked));
  let told = '';
  child.stdout.on('data', (part: Buffer) => (told += part.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the measured process ended with ${code}`);
  return JSON.parse(told) as StorageRunFigures;
}

/** A project whose server runs in this process. */
export interface MeasuredProject {
  name: string;
  target: PostgresTarget;
  server: ProjectServer;
}

/** What is planted in a project. */
export interface Planted {
  /** Objects of 2 KB. */
  objects: number;
  /** Size of one more object, in MiB, that takes no place on the disk; 0: none. */
  sparseMb: number;
}

export async function startProject(postgres: ThrowawayPostgres, dir: string, name: string): Promise<MeasuredProject> {
  const target = await postgres.createDatabase(name);
  await createProjectDatabase(target);
  return { name, target, server: await startProjectServer({ target, dir: join(dir, name) }) };
}

/** Puts objects into a new bucket `files`. */
export async function plant({ target, server }: MeasuredProject, { objects, sparseMb }: Planted): Promise<void> {
  const client = await connect(target);
  await client.query(`INSERT INTO storage.buckets (id, name) VALUES ('files', 'files')`);
  await client.end();
  if (objects > 0) await plantObjects(server, target, { bucket: 'files', count: objects, size: OBJECT_BYTES });
  if (sparseMb === 0) return;
  await plantSparseObject(server, target, { bucket: 'files', key: 'sparse', size: sparseMb * 2 ** 20 });
}

/** How many files a repository has for chunks. */
export async function chunkFiles(repositoryPath: string): Promise<number> {
  const entries = await readdir(join(repositoryPath, 'chunks'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
}

/** Plants objects in a project of this process and lets another one back them up, and give them back to a second project. */
export async function measureStorage(o: Planted): Promise<Measured> {
  const postgres = await throwawayPostgres(17);
  const dir = await makeTempDir('storage-memory');
  const projects: MeasuredProject[] = [];
  const project = async (name: string) => {
    const started = await startProject(postgres, dir, name);
    projects.push(started);
    const { target, server } = started;
    return { target, endpoint: { url: server.url, serviceKey: server.serviceRoleKey }, started };
  };
  try {
    const { started, ...source } = await project('source');
    await plant(started, o);
    const repositoryPath = join(dir, 'repository');
    const asked = { repositoryPath, environmentId: randomUUID(), backupId: randomUUID() };
    const backup = await inOwnProcess({ ...asked, ...source, verb: 'backup' });
    const files = await chunkFiles(repositoryPath);
    const { target, endpoint } = await project('target');
    return { backup, files, restore: await inOwnProcess({ ...asked, target, endpoint, verb: 'restore' }) };
  } finally {
    for (const { server } of projects) await server.stop();
    await postgres.stop();
    await rm(dir, { recursive: true, force: true });
  }
}
