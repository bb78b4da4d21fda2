import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A process of this machine, as `ps` shows it. */
export interface ProcessLine {
  pid: number;
  parent: number;
  command: string;
}

/** Every process but the `ps` that tells. */
export async function allProcesses(): Promise<ProcessLine[]> {
  const { stdout } = await promisify(execFile)('ps', ['-ww', '-eo', 'pid=,ppid=,args='], { maxBuffer: 50_000_000 });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || parent === undefined || command === undefined) return [];
    return command.startsWith('ps -ww') ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** All that a process started, and what those started. */
export async function descendantsOf(pid: number): Promise<ProcessLine[]> {
  const all = await allProcesses();
  const found: ProcessLine[] = [];
  for (let parents = [pid]; parents.length > 0;) {
    const children = all.filter(({ parent }) => parents.includes(parent));
    found.push(...children);
    parents = children.map((child) => child.pid);
  }
  return found;
}
