import type { OperationStart, VerificationResult } from '@holdfast/contracts';
import { verify } from '@holdfast/engine';
import type { ActivityDependencies } from './dependencies.ts';
import { runEngine } from './engine-run.ts';
import { findRepository, manifestSha256Of } from './sources.ts';

/** Proves a backup up to the level that a running operation asks for; damage found is a result, not an error. */
export const runVerify = (
  dependencies: ActivityDependencies,
  { operationId, input }: OperationStart<'verify'>,
): Promise<VerificationResult> =>
  runEngine(dependencies, 'verify', operationId, async (run) => {
    const { environmentId, backupId, repositoryId, level } = input;
    const { scratch, parallel } = dependencies;
    const { path: repositoryPath, uid: repositoryUid } = await findRepository(dependencies, repositoryId);
    const manifestSha256 = await manifestSha256Of(dependencies, backupId);
    const what = { repositoryPath, repositoryUid, environmentId, backupId, manifestSha256, level };
    return verify({ ...what, scratch, parallel }, run);
  });
