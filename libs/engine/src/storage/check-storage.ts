import { OperationError } from '@holdfast/contracts';
import { STORAGE_SERVICE } from './storage-answers.ts';
import { StorageClient, type StorageEndpoint } from './storage-client.ts';

/** Whoever asks waits for the answer; what is tried again may take minutes. */
const LONGEST_MS = 20_000;

/** Why a project's storage cannot be used: `storage.unreachable`, or `storage.refused` for its key; null: it can. */
export async function storageProblem(endpoint: StorageEndpoint, signal: AbortSignal): Promise<OperationError | null> {
  const client = new StorageClient(endpoint, 1);
  const deadline = AbortSignal.timeout(LONGEST_MS);
  try {
    await client.check(AbortSignal.any([signal, deadline]));
    return null;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof OperationError) return error;
    if (deadline.aborted) {
      const message = `${STORAGE_SERVICE.name} gave no answer in ${LONGEST_MS / 1_000} seconds`;
      return new OperationError('storage.unreachable', message, { hint: STORAGE_SERVICE.hints.unreachable });
    }
    throw error;
  } finally {
    await client.close();
  }
}
