import { OperationError } from '@holdfast/contracts';
import { StorageClient, type StorageEndpoint } from './storage-client.ts';

/** Why a project's storage cannot be used: `storage.unreachable`, or `storage.refused` for its key; null: it can. */
export async function storageProblem(endpoint: StorageEndpoint, signal: AbortSignal): Promise<OperationError | null> {
  const client = new StorageClient(endpoint, 1);
  try {
    await client.check(signal);
    return null;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof OperationError) return error;
    throw error;
  } finally {
    await client.close();
  }
}
