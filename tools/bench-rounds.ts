import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { appendRows, updateNewest, updateSpread } from './bench-database.ts';
import { bareCopy, pgDump, pgRestore } from './bench-peers.ts';
import { backUp, giveBack, newRepository, prove, rounded, timed, type Bench, type BenchSource } from './bench-run.ts';

/** Seconds of one round. */
export interface Round {
  backup: number;
  dump: number;
  floor: number;
  /** Of a backup that a trial restore has proved: digests, counts and catalogs are checked. */
  restore: number;
  /** Every row is read again besides. */
  comparingRestore: number;
  pgRestore: number;
}

/** One round: each of us and the peers once; every round begins with the next one, so that each has every place. */
export async function playRound(bench: Bench, source: BenchSource, number: number): Promise<Round> {
  const { server, dir, note } = bench;
  const repository = await newRepository(bench, `round-${number}`);
  const dumpDir = join(dir, `dump-${number}`);
  let backupId = '';
  const times: Round = { backup: 0, dump: 0, floor: 0, restore: 0, comparingRestore: 0, pgRestore: 0 };
  const first = [
    async () => {
      const { seconds, output } = await backUp(bench, source, repository);
      times.backup = seconds;
      backupId = output.backupId;
    },
    async () => void (times.dump = await timed(() => pgDump(source.target, dumpDir))),
    async () => void (times.floor = await timed(() => bareCopy(source.target))),
  ];
  const restoreAs = async (name: string, compareRows: boolean | null): Promise<number> => {
    const seconds = await giveBack(bench, backupId, name, compareRows);
    await drop(bench, name);
    return seconds;
  };
  const second = [
    async () => void (times.restore = await restoreAs(`ours_${number}`, null)),
    async () => {
      const target = await server.createDatabase(`theirs_${number}`);
      times.pgRestore = await timed(() => pgRestore(target, dumpDir));
      await drop(bench, target.database);
    },
    async () => void (times.comparingRestore = await restoreAs(`ours_compared_${number}`, true)),
  ];
  const turned = <T>(steps: T[]): T[] => steps.map((_, at) => steps[(at + number - 1) % steps.length] as T);
  for (const step of turned(first)) await step();
  await prove(bench, backupId);
  for (const step of turned(second)) await step();
  await rm(dumpDir, { recursive: true, force: true });
  note(
    `round ${number}: backup ${times.backup.toFixed(1)} s (pg_dump ${times.dump.toFixed(1)}, bare COPY ` +
      `${times.floor.toFixed(1)}), restore ${times.restore.toFixed(1)} s, comparing ` +
      `${times.comparingRestore.toFixed(1)} s (pg_restore ${times.pgRestore.toFixed(1)})`,
  );
  return times;
}

async function drop({ server }: Bench, name: string): Promise<void> {
  const admin = await server.client(server.target);
  await admin.query(`DROP DATABASE "${name}" WITH (FORCE)`);
  await admin.end();
}

/** What second backups add to the repository, as a share of what the first one stored. */
export async function playIncremental(bench: Bench, source: BenchSource): Promise<Record<string, number>> {
  const { target } = source;
  const repository = await newRepository(bench, 'incremental');
  const first = (await backUp(bench, source, repository)).output.storedBytes;
  const shares: Record<string, number> = {};
  const changes: [string, () => Promise<unknown>][] = [
    ['unchanged', () => Promise.resolve()],
    ['appended', () => appendRows(target, 0.01)],
    ['newest', () => updateNewest(target, 0.01)],
    ['spread', () => updateSpread(target, 0.01)],
  ];
  for (const [name, change] of changes) {
    await change();
    const { output, seconds } = await backUp(bench, source, repository);
    shares[name] = rounded(output.storedBytes / first);
    bench.note(`second backup, ${name}: ${(output.storedBytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s`);
  }
  return shares;
}
