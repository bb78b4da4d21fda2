import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** Who ran this long has not failed again and again. */
const STEADY_MS = 30_000;

export interface Running {
  pid: number;
  exited: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export interface SupervisedOptions {
  /** Starts the process again, with growing pauses, when it ends without having been told to. */
  revive: boolean;
  note(line: string): void;
  /** Called whenever the process is another one, or none. */
  onChange(): void;
}

/** One process of the stack that is kept running until `stop`. */
export interface Supervised {
  name: string;
  /** Null while it is down. */
  pid(): number | null;
  start(): Promise<void>;
  /** Sends a signal and waits for the end; what ends this way is revived like after any other end. */
  kill(signal: NodeJS.Signals): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** `launch` answers once the process serves, or throws and leaves none. */
export function supervised(
  name: string,
  launch: (signal: AbortSignal) => Promise<Running>,
  o: SupervisedOptions,
): Supervised {
  let wanted = new AbortController();
  wanted.abort();
  let current: Running | null = null;
  let launching: Promise<void> = Promise.resolve();

  async function begin(signal: AbortSignal): Promise<void> {
    const running = await launch(signal);
    if (signal.aborted) return running.stop();
    current = running;
    o.onChange();
    const since = Date.now();
    void running.exited.then((code) => {
      current = null;
      o.onChange();
      if (signal.aborted) return;
      o.note(`${name} ended by itself (${code === null ? 'by a signal' : `code ${code}`})`);
      if (o.revive) launching = revive(signal, Date.now() - since);
    });
  }

  async function revive(signal: AbortSignal, ranMs: number): Promise<void> {
    let pause = ranMs > STEADY_MS ? 0 : FIRST_PAUSE_MS;
    while (!signal.aborted) {
      await sleep(pause, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await begin(signal);
        o.note(`${name} runs again`);
        return;
      } catch (error) {
        pause = Math.min(Math.max(pause, FIRST_PAUSE_MS) * 2, LONGEST_PAUSE_MS);
        if (!signal.aborted)
          o.note(`${name} does not start: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  async function stop(): Promise<void> {
    wanted.abort(new Error(`${name} is stopped`));
    // What is still starting ends by the signal; its failure was somebody else's to hear.
    await launching.catch(() => undefined);
    await current?.stop();
  }

  function start(): Promise<void> {
    wanted = new AbortController();
    return (launching = begin(wanted.signal));
  }

  async function kill(signal: NodeJS.Signals): Promise<void> {
    const running = current;
    running?.kill(signal);
    await running?.exited;
  }
  const restart = () => stop().then(start);
  return { name, pid: () => current?.pid ?? null, start, kill, restart, stop };
}
