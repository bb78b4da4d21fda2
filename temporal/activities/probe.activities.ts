import type { ProbeInput, ProbeReport } from '@holdfast/contracts';
import { probeEnvironment as probe } from '@holdfast/engine';
import { Context } from '@temporalio/activity';
import type { ActivityDependencies } from './dependencies.ts';
import { loadEnvironment } from './sources.ts';

/** Connects to an environment as a backup would, and reports what it sees. */
export async function probeEnvironment(
  dependencies: ActivityDependencies,
  { environmentId }: ProbeInput,
): Promise<ProbeReport> {
  const { environment, target } = await loadEnvironment(dependencies, environmentId);
  const { kind } = environment;
  return probe({ target, kind, toolsDir: dependencies.toolsDir }, { signal: Context.current().cancellationSignal });
}
