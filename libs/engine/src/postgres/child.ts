import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const KEPT_LINES = 100;

export interface ChildOptions {
  /** What the kernel sends the child when we die without stopping it (Linux with `setpriv`). */
  deathSignal: NodeJS.Signals;
  /** Runs the child as somebody else; only root may. */
  user?: { uid: number; gid: number } | undefined;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Keeps the terminal's Ctrl-C away from the child, where it cannot outlive us by that. */
  ownGroup?: boolean;
  onLine?: ((line: string) => void) | undefined;
}

export interface Child {
  pid: number;
  /** The exit code, or null when a signal ended it. */
  exited: Promise<number | null>;
  running(): boolean;
  /** The last 100 lines of both outputs. */
  lastLines(): string[];
  kill(signal: NodeJS.Signals): void;
  /** Sends `signal`, then `harder` after `graceMs`, then SIGKILL after 5 s more; resolves when it is gone. */
  stop(signal: NodeJS.Signals, graceMs: number, harder?: NodeJS.Signals): Promise<void>;
}

const living = new Map<number, NodeJS.Signals>();
let exitHooked = false;

/** Starts a long-living process tied to ours: it ends when we end, also by SIGKILL where the platform has a way. */
export async function startChild(command: string, args: string[], options: ChildOptions): Promise<Child> {
  const tied = await canTie();
  const [file, argv] = tied
    ? ['setpriv', ['--pdeathsig', options.deathSignal.replace('SIG', ''), '--', command, ...args]]
    : [command, args];
  const child = spawn(file, argv, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: tied && options.ownGroup === true,
    windowsHide: true,
    ...options.user,
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...(options.env !== undefined && { env: options.env }),
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (lines.push(line) > KEPT_LINES) lines.shift();
      options.onLine?.(line);
    });
  }
  // 'close' and not 'exit': by then the last lines have been read. A grandchild may hold the pipes open a little longer.
  const exited = new Promise<number | null>((done) => {
    child.once('exit', (code) => {
      if (child.pid !== undefined) living.delete(child.pid);
      const late = setTimeout(() => done(code), 500);
      child.once('close', () => (clearTimeout(late), done(code)));
    });
  });
  await new Promise<void>((done, fail) => child.once('spawn', done).once('error', fail));
  const pid = child.pid as number;
  living.set(pid, options.deathSignal);
  hookExit();
  const running = () => child.exitCode === null && child.signalCode === null;
  const kill = (signal: NodeJS.Signals) => void (running() && child.kill(signal));
  return {
    pid,
    exited,
    running,
    lastLines: () => [...lines],
    kill,
    async stop(signal, graceMs, harder = 'SIGKILL') {
      kill(signal);
      if (await settles(exited, graceMs)) return;
      kill(harder);
      if (await settles(exited, 5_000)) return;
      kill('SIGKILL');
      await exited;
    },
  };
}

/** True when the promise settles within `ms`. */
export async function settles(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((done) => (timer = setTimeout(() => done(false), ms)));
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

function hookExit(): void {
  if (exitHooked) return;
  exitHooked = true;
  process.on('exit', () => {
    for (const [pid, signal] of living) sendSignal(pid, signal);
  });
}

/** Sends a signal; false when there is no such process any more. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** True while a process of this id exists, also one that is not ours to signal. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

let tie: Promise<boolean> | undefined;

/** Whether the kernel can be asked to end a child with us. */
export const canTie = (): Promise<boolean> =>
  (tie ??=
    process.platform === 'linux'
      ? promisify(execFile)('setpriv', ['--pdeathsig', 'TERM', '--', 'true']).then(
          () => true,
          () => false,
        )
      : Promise.resolve(false));
