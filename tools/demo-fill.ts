import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PostgresTarget } from '@holdfast/engine/embedded';
import { connect, once } from '@holdfast/testing';
import { createProjectDatabase, fillProject, FUNCTION_SOURCES } from '@holdfast/testing/supabase';
import pg from 'pg';
import type { DataDir } from './data-dir.ts';
import type { DemoProject } from './demo-projects.ts';
import { hasDatabase } from './embedded-postgres.ts';
import { fillShop } from './demo-shop.ts';

const BEGUN = 'begun';
const FILLED = 'done';
const LOCAL_FUNCTION = ['_shared/answer.ts', 'greet/index.ts'];

/** The functions of demo-cloud, by their slugs. */
export const DEMO_FUNCTIONS = ['greet', 'whoami', 'total'];

const stateOf = ({ name }: DemoProject): string => `${name}-fill`;

/**
 * Makes sure of a project's database, empty but for what the platform makes. One that is there is kept as it is, unless
 * an earlier start was killed while it filled it.
 */
export async function prepareDemoDatabase(dir: DataDir, server: PostgresTarget, project: DemoProject): Promise<void> {
  const name = pg.escapeIdentifier(project.target.database);
  const state = await dir.recall(stateOf(project));
  const client = await connect(server);
  try {
    if (await hasDatabase(client, project.target.database)) {
      // Where nothing is noted it is not ours to drop.
      if (state !== BEGUN) return await dir.remember(stateOf(project), FILLED);
      await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
    }
    await dir.remember(stateOf(project), BEGUN);
    await client.query(`CREATE DATABASE ${name}`);
  } finally {
    await client.end();
  }
  await createProjectDatabase(project.target);
}

/** Fills a project through its server and its database, once; `note` hears what it is at. */
export async function fillDemo(dir: DataDir, project: DemoProject, note: (line: string) => void): Promise<void> {
  if ((await dir.recall(stateOf(project))) === FILLED) return;
  const { name, target, functionsDirectory } = project;
  note(`filling ${name}`);
  if (functionsDirectory === null) await Promise.all([fillShop(target), fillProject({ server: project, target })]);
  else {
    await Promise.all([
      fillProject({ server: project, target, users: 10, objects: 60, bigObjectBytes: 0, functions: false }),
      writeFunctions(functionsDirectory),
    ]);
  }
  await dir.remember(stateOf(project), FILLED);
  // Not waited for: it only spares the next stop from writing all of it.
  void once(target, 'CHECKPOINT').catch(() => undefined);
}

async function writeFunctions(directory: string): Promise<void> {
  for (const file of LOCAL_FUNCTION) {
    await mkdir(dirname(join(directory, file)), { recursive: true });
    await writeFile(join(directory, file), FUNCTION_SOURCES[file] ?? '');
  }
}
