import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Search } from './needles.ts';

const PAUSE_MS = 40;
const ps = async (flags: string): Promise<string> =>
  (await promisify(execFile)('ps', [flags], { maxBuffer: 100_000_000 })).stdout;

/** Looks for secrets in what `ps` shows of every process, arguments and environments, over and over until `stop`. */
export function sampleProcesses(search: Search): { seen: Set<string>; stop(): Promise<number> } {
  const seen = new Set<string>();
  let samples = 0;
  let stopped = false;
  const sampling = (async () => {
    while (!stopped) {
      const [plain, withEnvironments] = await Promise.all([ps('auxww'), ps('auxewww')]);
      search.look('ps auxww', plain);
      search.look('ps auxewww', withEnvironments);
      for (const [program] of withEnvironments.matchAll(/pg_dump --dbname.*PGPASSFILE=\S+/g)) seen.add(program);
      samples += 1;
      await sleep(PAUSE_MS);
    }
  })();
  return {
    seen,
    async stop() {
      stopped = true;
      await sampling;
      return samples;
    },
  };
}
