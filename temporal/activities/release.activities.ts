import { isFinal, OperationError } from '@holdfast/contracts';
import type { ReleaseInput, ReleaseReport, RestoreInput, RestoreReport } from '@holdfast/contracts';
import { release, requireReleased } from '@holdfast/engine';
import type { Operation } from '@holdfast/prisma';
import { Context } from '@temporalio/activity';
import type { ActivityDependencies } from './dependencies.ts';
import { asJson } from './json.ts';
import { lockOperation } from './operation.activities.ts';
import { loadEnvironment } from './sources.ts';

/**
 * Releases the quarantine of a restore that has ended, however, and records it on the restore: what a second call answers.
 * What the target remembers is the truth: a restore that failed after its database was in place has no result.
 */
export async function releaseQuarantine(
  dependencies: ActivityDependencies,
  { operationId }: ReleaseInput,
): Promise<ReleaseReport> {
  const { database } = dependencies;
  const operation = await database.operation.findUnique({ where: { id: operationId } });
  if (operation?.kind !== 'restore' || operation.dryRun || !isFinal(operation.status)) {
    throw new OperationError('restore.not_quarantined', `${operationId} is no restore that has ended`);
  }
  // The API wrote it from a checked request.
  const { environmentId, newDatabase } = operation.input as unknown as RestoreInput;
  const { target } = await loadEnvironment(dependencies, environmentId);
  const place = { ...target, database: newDatabase ?? target.database };
  const signal = Context.current().cancellationSignal;
  const report = await release(place, operationId, signal);
  const { release: before, quarantine, database: restored = '' } = resultOf(operation);
  if (before) return before;
  if (report.releasedCount + report.skippedCount === 0 && quarantine?.count !== 0) {
    const home = quarantine && { systemIdentifier: quarantine.systemIdentifier ?? null, database: restored };
    await requireReleased(place, operationId, home ?? null, signal);
  }
  return record(dependencies, operationId, report);
}

/** What `finishOperation` wrote from a report, and `record`; nothing of it where the restore did not complete. */
const resultOf = ({ result }: Pick<Operation, 'result'>): Partial<RestoreReport> =>
  (result ?? {}) as unknown as Partial<RestoreReport>;

async function record(
  { database }: Pick<ActivityDependencies, 'database'>,
  operationId: string,
  report: ReleaseReport,
): Promise<ReleaseReport> {
  return database.$transaction(async (transaction) => {
    const result = resultOf(await lockOperation(transaction, operationId));
    // of two at once, the first one's account is the one to keep
    if (result.release) return result.release;
    const quarantine = result.quarantine && { ...result.quarantine, releasedAt: report.releasedAt };
    const message = `Released: ${report.releasedCount} switched on again, ${report.skippedCount} skipped`;
    await transaction.operation.update({
      where: { id: operationId },
      data: {
        result: asJson({ ...result, ...(quarantine && { quarantine }), release: report }),
        sequence: { increment: 1 },
        events: { create: { type: 'released', message, data: asJson(report) } },
      },
    });
    return report;
  });
}
