import { OperationError } from '@holdfast/contracts';
import type { AttachInput, AttachReport } from '@holdfast/contracts';
import { attachRepository as attach } from '@holdfast/engine';
import type { ActivityDependencies } from './dependencies.ts';
import { findRepository } from './sources.ts';

/** Opens a registered repository at its place, creating it in an empty one, and keeps its uid with the registration. */
export async function attachRepository(
  dependencies: ActivityDependencies,
  { repositoryId }: AttachInput,
): Promise<AttachReport> {
  const { path, uid } = await findRepository(dependencies, repositoryId);
  const { report } = await attach(path);
  const { repositoryUid } = report;
  if (uid !== null && uid !== repositoryUid) {
    throw new OperationError('repository.foreign', `Another repository lives at ${path}`, {
      hint: `Expected ${uid}, found ${repositoryUid}.`,
    });
  }
  await dependencies.database.repository.update({ where: { id: repositoryId }, data: { repositoryUid } });
  return report;
}
