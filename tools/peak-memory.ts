import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const EVERY_MS = 200;

/** Watches a process's resident memory, in MB: the most it had since it was asked last. The process may change its id. */
export function watchMemory(pid: () => number | undefined): { lap(): number; stop(): number } {
  let peakKb = 0;
  const timer = setInterval(() => {
    const id = pid();
    if (id === undefined) return;
    run('ps', ['-o', 'rss=', '-p', String(id)]).then(
      ({ stdout }) => (peakKb = Math.max(peakKb, Number(stdout.trim()) || 0)),
      // it ended between two looks
      () => undefined,
    );
  }, EVERY_MS);
  const lap = (): number => {
    const peak = Math.round(peakKb / 1024);
    peakKb = 0;
    return peak;
  };
  const stop = (): number => {
    clearInterval(timer);
    return lap();
  };
  return { lap, stop };
}
