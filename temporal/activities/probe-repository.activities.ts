import type { ProbeRepositoryInput, RepositoryProbeReport } from '@holdfast/contracts';
import { probeRepository as probe } from '@holdfast/engine';
import { Context } from '@temporalio/activity';
import type { ActivityDependencies } from './dependencies.ts';
import { openRegisteredRepository } from './sources.ts';

/** Opens a registered repository as a backup would, tries to write to it, and reports. */
export async function probeRepository(
  dependencies: Pick<ActivityDependencies, 'database'>,
  { repositoryId }: ProbeRepositoryInput,
): Promise<RepositoryProbeReport> {
  return probe(await openRegisteredRepository(dependencies, repositoryId), Context.current().cancellationSignal);
}
