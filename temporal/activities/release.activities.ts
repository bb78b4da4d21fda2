import { OperationError } from '@holdfast/contracts';
import type { ReleaseInput, ReleaseReport, RestoreInput, RestoreReport } from '@holdfast/contracts';
import { release } from '@holdfast/engine';
import { Context } from '@temporalio/activity';
import type { ActivityDependencies } from './dependencies.ts';
import { asJson } from './json.ts';
import { lockOperation } from './operation.activities.ts';
import { loadEnvironment } from './sources.ts';

/** Releases the quarantine of a completed restore, and records it on the restore: what a second call answers. */
export async function releaseQuarantine(
  dependencies: ActivityDependencies,
  { operationId }: ReleaseInput,
): Promise<ReleaseReport> {
  const { database } = dependencies;
  const operation = await database.operation.findUnique({ where: { id: operationId } });
  if (operation?.kind !== 'restore' || operation.status !== 'completed') {
    throw new OperationError('restore.not_quarantined', `${operationId} is no restore that has completed`);
  }
  // The API wrote it from a checked request.
  const { environmentId, newDatabase } = operation.input as unknown as RestoreInput;
  const { target } = await loadEnvironment(dependencies, environmentId);
  const place = { ...target, database: newDatabase ?? target.database };
  const report = await release(place, operationId, Context.current().cancellationSignal);
  return record(dependencies, operationId, report);
}

async function record(
  { database }: Pick<ActivityDependencies, 'database'>,
  operationId: string,
  report: ReleaseReport,
): Promise<ReleaseReport> {
  return database.$transaction(async (transaction) => {
    const operation = await lockOperation(transaction, operationId);
    // Written by `finishOperation` from a report, and here.
    const result = operation.result as unknown as RestoreReport;
    // of two at once, the first one's account is the one to keep
    if (result.release) return result.release;
    const quarantine = result.quarantine && { ...result.quarantine, releasedAt: report.releasedAt };
    const message = `Released: ${report.releasedCount} switched on again, ${report.skippedCount} skipped`;
    await transaction.operation.update({
      where: { id: operationId },
      data: {
        result: asJson({ ...result, quarantine, release: report }),
        sequence: { increment: 1 },
        events: { create: { type: 'released', message, data: asJson(report) } },
      },
    });
    return report;
  });
}
