import { spawn, type ChildProcess } from 'node:child_process';
import { setPriority } from 'node:os';

const GRACE_MS = 5_000;
const LAST_OUTPUT_MS = 2_000;
const alive = new Set<ChildProcess>();

export interface ChildOptions {
  timeoutSeconds: number;
  env?: NodeJS.ProcessEnv;
  /** Copies the output to this process's own as it comes. */
  echo?: boolean;
  /** As of `nice`, for it and all that it starts; absent: as this process. */
  niceness?: number;
}

export interface ChildResult {
  /** Exit code; null when a signal or the timeout ended it. */
  code: number | null;
  /** stdout and stderr as they came. */
  output: string;
  seconds: number;
  timedOut: boolean;
}

/** Sends a signal to a child and everything it started in its group; a group that is gone is fine. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Ends a child's group: asks first, kills after five seconds. */
function endGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM');
  setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MS).unref();
}

/** Ends every child that still runs; for when this process is told to stop. */
export function endAll(): void {
  for (const child of alive) endGroup(child);
}

/** Runs a program to its end in a process group of its own; never rejects: a program that cannot start has code null. */
export function runToEnd(command: string, args: string[], options: ChildOptions): Promise<ChildResult> {
  const started = performance.now();
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: options.env ?? process.env,
  });
  alive.add(child);
  if (options.niceness && child.pid !== undefined) setPriority(child.pid, options.niceness);
  let output = '';
  let timedOut = false;
  const collect = (chunk: Buffer) => {
    output += chunk.toString();
    if (options.echo) process.stdout.write(chunk);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup(child);
  }, options.timeoutSeconds * 1000);

  return new Promise((done) => {
    const finish = (code: number | null) => {
      clearTimeout(timer);
      alive.delete(child);
      done({ code, output, seconds: (performance.now() - started) / 1000, timedOut });
    };
    child.once('error', (error) => {
      output += `${error.message}\n`;
      finish(null);
    });
    child.once('exit', (code) => {
      // What it left behind in its group ends with it. The rest of the output comes before `close`, which a process
      // that left the group could hold up for ever.
      signalGroup(child, 'SIGKILL');
      const held = setTimeout(finish, LAST_OUTPUT_MS, code);
      child.once('close', () => {
        clearTimeout(held);
        finish(code);
      });
    });
  });
}
