import { randomBytes } from 'node:crypto';
import type { PostgresTarget } from '@holdfast/engine/embedded';
import { newRef, ProjectTokens, type ProjectAccess } from '@holdfast/testing/supabase';
import type { DataDir } from './data-dir.ts';

/** The two projects of the demo: one as it is hosted, and a self-hosted one beside it. */
export const DEMO_NAMES = ['demo-cloud', 'demo-local'] as const;
export type DemoName = (typeof DEMO_NAMES)[number];

/** A demo project by everything that its owner knows of it. */
export interface DemoProject extends ProjectAccess {
  /** Also the name of its environment. */
  name: DemoName;
  kind: 'supabase-cloud' | 'supabase-selfhosted';
  /** Its database, as the server's superuser. */
  target: PostgresTarget;
  anonKey: string;
  /** Where its server keeps bytes of objects. */
  dir: string;
  /** Where the sources of a self-hosted project's functions lie. */
  functionsDirectory: string | null;
}

/** Below it lie the bytes of objects and the sources of functions of all demo projects. */
export const demoProjectsDir = (dir: DataDir): string => dir.at('demo-projects');

// As the platform makes them.
const newAccessToken = (): string => `sbp_${randomBytes(20).toString('hex')}`;

/** Reads what is known of a demo project, or makes it up for a new installation. */
export async function demoProject(
  dir: DataDir,
  name: DemoName,
  server: PostgresTarget,
  port: number,
): Promise<DemoProject> {
  const secret = (what: string, make: () => string | Promise<string>) => dir.secret(`${name}-${what}`, make);
  const ref = (await dir.recall(`${name}-ref`)) ?? newRef();
  await dir.remember(`${name}-ref`, ref);
  const tokens = new ProjectTokens(await secret('jwt-secret', () => new ProjectTokens().secret));
  const local = name === 'demo-local';
  return {
    ...{ name, ref, tokens },
    kind: local ? 'supabase-selfhosted' : 'supabase-cloud',
    url: `http://127.0.0.1:${port}`,
    target: { ...server, database: name.replace('-', '_') },
    anonKey: await secret('anon-key', () => tokens.apiKey(ref, 'anon')),
    serviceRoleKey: await secret('service-role-key', () => tokens.apiKey(ref, 'service_role')),
    managementToken: await secret('access-token', newAccessToken),
    dir: dir.at('demo-projects', name),
    functionsDirectory: local ? dir.at('demo-projects', name, 'functions') : null,
  };
}
