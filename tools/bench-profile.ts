import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const SHOWN = 12;

/** The parts of V8's profile that are read here; times in microseconds. */
interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

/** What makes Node write a profile of each of its threads when it ends. */
export const profilingArgs = (dir: string): string[] => ['--cpu-prof', `--cpu-prof-dir=${dir}`];

const place = ({ callFrame: { functionName, url, lineNumber } }: CpuProfile['nodes'][number]): string =>
  `${functionName || '(anonymous)'}${url === '' ? '' : ` ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`}`;

/** Milliseconds that each function itself took, most first. */
function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): [string, number][] {
  const names = new Map(nodes.map((node) => [node.id, place(node)]));
  const sums = new Map<string, number>();
  samples.forEach((id, index) => {
    const name = names.get(id) ?? '(unknown)';
    sums.set(name, (sums.get(name) ?? 0) + (timeDeltas[index] ?? 0) / 1000);
  });
  return [...sums].sort(([, a], [, b]) => b - a);
}

/** What the profiles in a directory show, thread by thread: where their time went. */
export async function describeProfiles(dir: string): Promise<string> {
  const files = (await readdir(dir)).filter((name) => name.endsWith('.cpuprofile')).sort();
  const parts: string[] = [];
  for (const file of files) {
    const times = selfTimes(JSON.parse(await readFile(join(dir, file), 'utf8')) as CpuProfile);
    const busy = times.filter(([name]) => !name.startsWith('(idle)') && !name.startsWith('(program)'));
    const lines = busy.slice(0, SHOWN).map(([name, ms]) => `  ${(ms / 1000).toFixed(2).padStart(7)} s  ${name}`);
    parts.push(
      [`${file}: ${(busy.reduce((sum, [, ms]) => sum + ms, 0) / 1000).toFixed(1)} s busy`, ...lines].join('\n'),
    );
  }
  return `${parts.join('\n')}\n\nprofiles in ${dir}: open them as flame graphs in a browser's developer tools or speedscope`;
}
