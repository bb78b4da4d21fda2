import { createBenchDatabase } from './bench-database.ts';
import {
  backUp,
  giveBack,
  giveStorageBack,
  newRepository,
  register,
  repositoryPath,
  rounded,
  type Bench,
  type BenchSource,
} from './bench-run.ts';
import { chunkFiles, plant, startProject, type MeasuredProject, type Planted } from './storage-memory.ts';

/** One line of the scaling table. */
export interface Scale {
  what: string;
  backupSeconds: number;
  restoreSeconds: number;
  /** The most memory that the worker had, in MB. */
  peakRssMb: number;
  /** Files of the repository, where objects share them. */
  files?: number;
}

/** Backs up and restores the storage of projects; `peak` as below. */
export async function playObjects(bench: Bench, sizes: Planted[], peak: () => number): Promise<Scale[]> {
  const table: Scale[] = [];
  for (const [place, planted] of sizes.entries()) {
    const projects: MeasuredProject[] = [];
    const project = async (name: string): Promise<BenchSource & MeasuredProject> => {
      const started = await startProject(bench.server, bench.dir, `${name}_${place}`);
      projects.push(started);
      const { url, serviceRoleKey } = started.server;
      const more = { projectUrl: url, serviceKey: serviceRoleKey };
      return { ...started, ...(await register(bench, started.target, more)) };
    };
    const source = await project('source');
    await plant(source, planted);
    const name = `objects-${place}`;
    const repository = await newRepository(bench, name);
    peak();
    const { seconds: backupSeconds, output } = await backUp(bench, source, repository);
    const files = await chunkFiles(repositoryPath(bench, name));
    const restoreSeconds = await giveStorageBack(bench, output.backupId, await project('target'));
    const { objects, sparseMb } = planted;
    const what = sparseMb > 0 ? `one of ${sparseMb} MB` : `${objects} objects`;
    table.push({ what, ...rounds({ backupSeconds, restoreSeconds }), peakRssMb: peak(), files });
    bench.note(describe(table.slice(-1)));
    for (const { server } of projects) await server.stop();
  }
  return table;
}

const rounds = (seconds: Pick<Scale, 'backupSeconds' | 'restoreSeconds'>) => ({
  backupSeconds: rounded(seconds.backupSeconds),
  restoreSeconds: rounded(seconds.restoreSeconds),
});

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
    table.push({ what: `${sizeMb} MB`, ...rounds({ backupSeconds, restoreSeconds }), peakRssMb: peak() });
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
        `restore, compared ${restoreSeconds.toFixed(1).padStart(6)} s`,
        `at most ${peakRssMb} MB`,
        ...(files === undefined ? [] : [`${files} files`]),
      ].join('   '),
    )
    .join('\n');
