import { createBenchDatabase } from './bench-database.ts';
import { measureStorage } from './storage-memory.ts';
import { backUp, giveBack, newRepository, register, rounded, type Bench } from './bench-run.ts';

/** One line of the scaling table. */
export interface Scale {
  what: string;
  backupSeconds: number;
  restoreSeconds: number;
  /** The most memory that the worker had, in MB; for objects, the process that runs the engine alone. */
  peakRssMb: number;
  /** Files of the repository, where objects share them. */
  files?: number;
}

/** Backs up and restores growing numbers of objects of 2 KB, each in a process of its own. */
export async function playObjects(counts: number[], note: (line: string) => void): Promise<Scale[]> {
  const table: Scale[] = [];
  for (const objects of counts) {
    const { backup, restore, files } = await measureStorage({ objects, sparseMb: 0, restore: true });
    const peakRssMb = Math.max(backup.peakMb, restore?.peakMb ?? 0);
    const seconds = { backupSeconds: backup.seconds, restoreSeconds: restore?.seconds ?? 0 };
    table.push({ what: `${objects} objects`, ...seconds, peakRssMb, files });
    note(describe(table.slice(-1)));
  }
  return table;
}

/** Backs up and restores databases of growing size; `peak` answers and forgets the worker's peak since it was asked last. */
export async function playScaling(bench: Bench, sizesMb: number[], peak: () => number): Promise<Scale[]> {
  const table: Scale[] = [];
  for (const sizeMb of sizesMb) {
    const target = await bench.server.createDatabase(`scale_${sizeMb}`);
    await createBenchDatabase(target, sizeMb);
    const source = await register(bench, target);
    const repository = await newRepository(bench, target.database);
    peak();
    const { seconds: backupSeconds, output } = await backUp(bench, source, repository);
    const restoreSeconds = await giveBack(bench, output.backupId, `${target.database}_back`, true);
    table.push({
      what: `${sizeMb} MB`,
      ...{ backupSeconds: rounded(backupSeconds), restoreSeconds: rounded(restoreSeconds), peakRssMb: peak() },
    });
    bench.note(describe(table.slice(-1)));
    const admin = await bench.server.client(bench.server.target);
    for (const name of [`${target.database}_back`, target.database])
      await admin.query(`DROP DATABASE "${name}" WITH (FORCE)`);
    await admin.end();
  }
  return table;
}

/** The table as text. */
export const describe = (table: Scale[]): string =>
  table
    .map(({ what, backupSeconds, restoreSeconds, peakRssMb, files }) =>
      [
        what.padStart(16),
        `backup ${backupSeconds.toFixed(1).padStart(6)} s`,
        `restore, all compared ${restoreSeconds.toFixed(1).padStart(6)} s`,
        `at most ${peakRssMb} MB`,
        ...(files === undefined ? [] : [`${files} files`]),
      ].join('   '),
    )
    .join('\n');
