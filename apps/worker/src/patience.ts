import { setTimeout as delay } from 'node:timers/promises';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 5_000;

/**
 * Tries until it succeeds, waiting longer each time up to five seconds; `onFailure` hears of each failed try.
 * Throws the signal's reason once it is aborted.
 */
export async function patiently<R>(
  attempt: () => Promise<R>,
  options: { signal: AbortSignal; onFailure: (error: unknown) => void },
): Promise<R> {
  for (let wait = FIRST_DELAY_MS; ; wait = Math.min(wait * 2, LONGEST_DELAY_MS)) {
    options.signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      options.signal.throwIfAborted();
      options.onFailure(error);
    }
    await delay(wait, undefined, { signal: options.signal });
  }
}
