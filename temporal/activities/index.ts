import type { OperationKind } from '@holdfast/contracts';
import { Context } from '@temporalio/activity';
import { attachRepository } from './attach.activities.ts';
import { runBackup } from './backup.activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runExpire } from './expire.activities.ts';
import { toFailure } from './failures.ts';
import { beginOperation, finishOperation } from './operation.activities.ts';
import { probeRepository } from './probe-repository.activities.ts';
import { probeEnvironment } from './probe.activities.ts';
import { releaseQuarantine } from './release.activities.ts';
import { checkRestore, runRestore, settle } from './restore.activities.ts';
import type { Activities, FinishInput } from './signatures.ts';
import { recordSafetyBackup } from './safety-backup.activities.ts';
import { runVerify } from './verify.activities.ts';

export type { ActivityDependencies } from './dependencies.ts';
export { HEARTBEAT_THROTTLE } from './progress-writer.ts';
export * from './signatures.ts';

/** The activities of one worker process. Whatever they throw is an ApplicationFailure with one of our codes as its type. */
export function createActivities(dependencies: ActivityDependencies): Activities {
  return {
    beginOperation: (input) => translated(beginOperation(dependencies, input)),
    finishOperation: (input) => translated(finish(dependencies, input)),
    checkRestore: (start) => translated(checkRestore(dependencies, start)),
    recordSafetyBackup: (input) => translated(recordSafetyBackup(dependencies, input)),
    runBackup: (start) => translated(runBackup(dependencies, start)),
    runVerify: (start) => translated(runVerify(dependencies, start)),
    runRestore: (start) => translated(runRestore(dependencies, start)),
    runExpire: (start) => translated(runExpire(dependencies, start)),
    probeEnvironment: (input) => translated(probeEnvironment(dependencies, input)),
    probeRepository: (input) => translated(probeRepository(dependencies, input)),
    attachRepository: (input) => translated(attachRepository(dependencies, input)),
    releaseQuarantine: (input) => translated(releaseQuarantine(dependencies, input)),
  };
}

// The result of a restore is in the history by now, so that none of its attempts can follow.
async function finish<K extends OperationKind>(
  dependencies: ActivityDependencies,
  input: FinishInput<K>,
): Promise<void> {
  const { kind, operationId, outcome } = input;
  if (kind === 'restore' && outcome.status === 'completed') await settle(dependencies, operationId);
  return finishOperation(dependencies, input);
}

async function translated<R>(work: Promise<R>): Promise<R> {
  try {
    return await work;
  } catch (error) {
    throw toFailure(error, Context.current().cancellationSignal);
  }
}
export { openRegisteredRepository } from './sources.ts';
