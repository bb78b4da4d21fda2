import type { Environment, Operation, OperationEvent } from '@holdfast/prisma';
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

/** A removed environment has given its name back: its id stands behind it. */
export const nameOf = ({ name }: Pick<Environment, 'name'>): string => name.replace(/~[0-9a-f-]{36}$/, '');

const record = (input: Operation['input']): Record<string, unknown> => input as Record<string, unknown>;

const instant = (date: Date | null): string | null => date?.toISOString() ?? null;

/** What the API shows of an operation. */
export const operationView = (row: OperationRow, config: Config): OperationView => ({
  id: row.id,
  kind: row.kind,
  status: row.status,
  dryRun: row.dryRun,
  environmentId: row.environmentId,
  environmentName: row.environment ? nameOf(row.environment) : null,
  newDatabase:
    row.kind === 'restore' ? ((record(row.input)['newDatabase'] as string | null | undefined) ?? null) : null,
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

/** What a worker wrote into an event of the type `retry`; earlier versions wrote less. */
interface Retry {
  attempt: number;
  code?: string | null;
  reason?: string;
}

const attemptView = ({ at, step, message, data }: OperationEvent): OperationDetail['attempts'][number] => {
  const { attempt, code = null, reason = message } = data as unknown as Retry;
  return { attempt, at: at.toISOString(), step, code, reason };
};

export const operationDetail = (row: OperationRow, retries: OperationEvent[], config: Config): OperationDetail => ({
  ...operationView(row, config),
  attempts: retries.map(attemptView),
  result: row.result as Record<string, unknown> | null,
});
