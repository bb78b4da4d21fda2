import type { ProbeInput, ProbeReport } from '@holdfast/contracts';
import { probeEnvironment as probe, storageProblem } from '@holdfast/engine';
import { Context } from '@temporalio/activity';
import type { ActivityDependencies } from './dependencies.ts';
import { loadEnvironment } from './sources.ts';

/** Connects to an environment as a backup would, to its storage too, and reports what it sees. */
export async function probeEnvironment(
  dependencies: ActivityDependencies,
  { environmentId }: ProbeInput,
): Promise<ProbeReport> {
  const { environment, target, endpoint } = await loadEnvironment(dependencies, environmentId);
  const { kind } = environment;
  const signal = Context.current().cancellationSignal;
  const report = await probe({ target, kind, toolsDir: dependencies.toolsDir }, { signal });
  const problem = endpoint && (await storageProblem(endpoint, signal));
  if (!problem) return report;
  return { ...report, blockers: [...report.blockers, { code: problem.code, message: problem.message }] };
}
