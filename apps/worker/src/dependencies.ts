import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultToolsDir, scratchServers } from '@holdfast/engine';
import { openDatabase } from '@holdfast/prisma';
import type { ActivityDependencies } from '@holdfast/temporal/activities';
import type { Config } from './config.ts';

/** Builds what the activities work with; connects to nothing yet. */
export function buildDependencies(config: Config): ActivityDependencies {
  const toolsDir = config.HOLDFAST_TOOLS_DIR ?? defaultToolsDir();
  return {
    database: openDatabase(config.DATABASE_URL),
    masterKey: config.HOLDFAST_MASTER_KEY,
    allowance: config.HOLDFAST_ALLOW_PRIVATE_ADDRESSES,
    toolsDir,
    parallel: config.HOLDFAST_PARALLEL,
    functionsRoots: config.HOLDFAST_FUNCTIONS_ROOTS,
    scratch: scratchServers({
      toolsDir,
      url: config.SCRATCH_DATABASE_URL ?? null,
      workDir: join(tmpdir(), 'holdfast-scratch'),
    }),
  };
}
