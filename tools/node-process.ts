import { OperationError } from '@holdfast/contracts';
import { startChild } from '@holdfast/engine/embedded';
import type { Running } from './supervised.ts';

const START_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 4_000;

export interface NodeProcessOptions {
  name: string;
  /** A JavaScript file, or TypeScript whose types can be stripped. */
  main: string;
  /** Seen by `ps`: no secrets. */
  args?: string[];
  /** Arguments for Node itself. */
  nodeArgs?: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** The `msg` of the JSON log line that says it serves. */
  readyMessage: string;
  onLine(line: string): void;
}

/** Starts a Node program and answers once it has logged that it serves; that log entry comes with it. */
export async function startNodeProcess(
  o: NodeProcessOptions,
  signal: AbortSignal,
): Promise<Running & { ready: Record<string, unknown> }> {
  let isReady: (entry: Record<string, unknown>) => void;
  const ready = new Promise<Record<string, unknown>>((done) => (isReady = done));
  const args = [...(o.nodeArgs ?? []), '--enable-source-maps', o.main, ...(o.args ?? [])];
  const child = await startChild(process.execPath, args, {
    deathSignal: 'SIGTERM',
    ownGroup: true,
    cwd: o.cwd,
    env: o.env,
    onLine(line) {
      o.onLine(line);
      if (line.includes(`"msg":"${o.readyMessage}"`)) isReady(JSON.parse(line) as Record<string, unknown>);
    },
  });
  const { pid, exited, kill } = child;
  const stop = () => child.stop('SIGTERM', STOP_GRACE_MS);
  const outcome = await Promise.race([
    ready,
    exited.then(() => 'it ended while it started'),
    aborted(signal, START_TIMEOUT_MS),
  ]);
  if (typeof outcome === 'object') return { pid, exited, kill, stop, ready: outcome };
  await stop();
  const log = child.lastLines().slice(-12).join('\n');
  throw new OperationError('internal.error', `The ${o.name} did not start: ${outcome}\n${log}`.trim());
}

const aborted = (signal: AbortSignal, timeoutMs: number): Promise<string> =>
  new Promise((done) => {
    const timer = setTimeout(() => done(`not ready after ${timeoutMs / 1000} s`), timeoutMs);
    timer.unref();
    signal.addEventListener('abort', () => done('it was told to stop'), { once: true });
  });
