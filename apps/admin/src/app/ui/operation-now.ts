import { isFinal, type ProgressSnapshot } from '@holdfast/contracts';
import type { Schemas } from './api.ts';

type Operation = Schemas['Operation'];

/** An operation as it was read, brought up to a snapshot that is newer. */
export function broughtUpTo<T extends Operation>(operation: T, snapshot: ProgressSnapshot | null): T {
  if (snapshot?.operationId !== operation.id || snapshot.sequence <= operation.sequence) return operation;
  const { status, progress, sequence, at } = snapshot;
  // when it began is in no snapshot, but the first one of it running comes at once
  const startedAt = operation.startedAt ?? (status === 'running' ? at : null);
  return { ...operation, status, progress, sequence, startedAt };
}

/** Whether a snapshot ends what was read as going on: then error, result and times have to be asked for. */
export const hasEnded = (operation: Operation, snapshot: ProgressSnapshot): boolean =>
  snapshot.sequence > operation.sequence && isFinal(snapshot.status);

/** How long it runs or ran, in seconds; null before it has begun. */
export function secondsOf({ startedAt, finishedAt }: Pick<Operation, 'startedAt' | 'finishedAt'>, now: number) {
  if (startedAt === null) return null;
  const until = finishedAt === null ? now : Date.parse(finishedAt);
  return Math.max(0, (until - Date.parse(startedAt)) / 1000);
}
