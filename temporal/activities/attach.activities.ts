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
  // Leases are of a registration: two of one place would not see each other's.
  const twin = await dependencies.database.repository.findUnique({ where: { repositoryUid } });
  if (twin !== null && twin.id !== repositoryId) {
    throw new OperationError('resource.conflict', `${path} holds the repository that is registered as ${twin.name}`, {
      hint: `It is registered at ${twin.path}. Detach it there first.`,
    });
  }
  await dependencies.database.repository.update({ where: { id: repositoryId }, data: { repositoryUid } });
  return report;
}
