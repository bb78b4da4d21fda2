import { setTimeout as sleep } from 'node:timers/promises';

/** How often something is tried before it is given up. */
export const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 60_000;

/** Too slow, locked, too early, too many, or the server's own trouble: another time it may work. */
export const isPassing = (status: number): boolean => [408, 423, 425, 429].includes(status) || status >= 500;

/** What no second attempt mends: a request that cannot be sent, a certificate that is not trusted. */
const LASTING = /CERT|UNABLE_TO|INVALID_ARG|NOT_SUPPORTED|REQ_CONTENT_LENGTH/;

/** Whether what kept an answer from coming may be gone the next time: a lost connection, a wait that was too long. */
export function isPassingFailure(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code !== 'string' || !LASTING.test(code);
}

/** Waits before the attempt after this one, longer each time, at least as long as was asked for. Throws the signal's reason. */
export async function pauseAfter(attempt: number, askedMs: number, signal: AbortSignal): Promise<void> {
  const ms = Math.max(FIRST_PAUSE_MS * 3 ** (attempt - 1), askedMs);
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw error;
  });
}

/** What Retry-After asks for, as seconds or as a date; at most a minute. */
export function askedPauseMs(header: string | string[] | undefined): number {
  const text = [header ?? ''].flat()[0] ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), LONGEST_PAUSE_MS);
}
