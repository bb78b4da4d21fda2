import { join } from 'node:path';
import { connect } from '@holdfast/testing';
import { createProjectDatabase, startProjectServer, type ProjectServer } from '@holdfast/testing/supabase';
import { answered, type OperationsClient } from './operations-client.ts';
import type { ProjectPlace } from './project-figures.ts';
import { environmentOf } from './registration.ts';
import type { Stack } from './stack.ts';

/** A fresh project of the demo, which is given a backup. */
export interface FreshProject extends ProjectPlace {
  environmentId: string;
  /** Also what is typed to allow a restore over it. */
  name: string;
  stop(): Promise<void>;
}

const NAME = 'demo-restored';

/** Makes an empty project on the demo's Postgres server, serves it in this process, and registers it. */
export async function startFreshProject(stack: Stack, client: OperationsClient): Promise<FreshProject> {
  const cloud = stack.demo?.['demo-cloud'];
  if (!cloud) throw new Error('the demo projects are not registered');
  const target = { ...cloud.target, database: 'demo_restored' };
  const postgres = await connect({ ...target, database: 'postgres' });
  await postgres.query('CREATE DATABASE demo_restored').finally(() => postgres.end());
  await createProjectDatabase(target);
  const dir = join(stack.dataDir, 'demo-projects', NAME);
  const server: ProjectServer = await startProjectServer({ target, dir, name: NAME });
  try {
    const { url, anonKey, serviceRoleKey } = server;
    const project = { ...server, target, kind: 'supabase-cloud' as const, functionsDirectory: null };
    const body = { name: NAME, ...environmentOf(project) };
    const { id: environmentId } = answered(await client.api.POST('/api/v1/environments', { body }));
    return { name: NAME, environmentId, url, anonKey, serviceRoleKey, target, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
