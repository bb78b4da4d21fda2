import { OperationError } from '@holdfast/contracts';
import { toolsDir } from './config.ts';
import { startTemporal, type TemporalServer } from './temporal-server.ts';

const TRIES = 3;

/** Starts a real Temporal development server on free ports, with our search attributes; it keeps nothing. */
export async function throwawayTemporal(tries = TRIES): Promise<TemporalServer> {
  try {
    return await startTemporal({ toolsDir: toolsDir() });
  } catch (error) {
    // A port that was free when it was chosen may be another test's by the time the server listens on it.
    const taken = error instanceof OperationError && error.message.includes('address already in use');
    if (!taken || tries <= 1) throw error;
    return throwawayTemporal(tries - 1);
  }
}
