import type { Environment, Operation } from '@holdfast/prisma';
import type { Config } from '../config.ts';
import { ProgressView, type OperationDetail, type OperationView } from './operation.dto.ts';
import { progressOf } from './progress.ts';

export type OperationRow = Operation & { environment: Pick<Environment, 'name'> | null };

/** The page of a workflow in Temporal's Web UI, null where none is configured. */
function temporalUrlOf(config: Config, workflowId: string): string | null {
  if (config.HOLDFAST_TEMPORAL_UI_URL === undefined) return null;
  const base = config.HOLDFAST_TEMPORAL_UI_URL.replace(/\/$/, '');
  return `${base}/namespaces/${encodeURIComponent(config.TEMPORAL_NAMESPACE)}/workflows/${encodeURIComponent(workflowId)}`;
}

const instant = (date: Date | null): string | null => date?.toISOString() ?? null;

/** What the API shows of an operation. */
export const operationView = (row: OperationRow, config: Config): OperationView => ({
  id: row.id,
  kind: row.kind,
  status: row.status,
  dryRun: row.dryRun,
  environmentId: row.environmentId,
  environmentName: row.environment?.name ?? null,
  repositoryId: row.repositoryId,
  backupId: row.backupId,
  actor: { id: row.actorId, name: row.actorName },
  progress: ProgressView.parse(progressOf(row)),
  sequence: row.sequence,
  error: row.errorCode === null ? null : { code: row.errorCode, message: row.errorMessage ?? '', hint: row.errorHint },
  cancelRequestedAt: instant(row.cancelRequestedAt),
  createdAt: row.createdAt.toISOString(),
  startedAt: instant(row.startedAt),
  finishedAt: instant(row.finishedAt),
  retryOfId: row.retryOfId,
  workflowId: row.workflowId,
  temporalUrl: temporalUrlOf(config, row.workflowId),
});

export const operationDetail = (row: OperationRow, config: Config): OperationDetail => ({
  ...operationView(row, config),
  result: row.result as Record<string, unknown> | null,
});
