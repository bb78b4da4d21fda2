import type { FunctionsPlace } from './capture-functions.ts';
import { openDirectory } from './functions-directory.ts';
import { ManagementClient, type ManagementEndpoint } from './management-client.ts';

/** What a backup is asked to read of a project beside its database and storage. */
interface Asked {
  functions?: FunctionsPlace | undefined;
  settings?: ManagementEndpoint | undefined;
}

/**
 * Looks at where functions and settings are, before a whole database is read for nothing. Throws
 * `management.unreachable`, `management.refused`, `functions.directory_missing`.
 */
export async function checkParts({ functions, settings }: Asked, signal: AbortSignal): Promise<void> {
  if (functions && 'directory' in functions) await openDirectory(functions.directory);
  const management = functions && 'management' in functions ? functions.management : settings;
  if (!management) return;
  const client = new ManagementClient(management);
  try {
    await client.functions(signal);
  } finally {
    await client.close();
  }
}
