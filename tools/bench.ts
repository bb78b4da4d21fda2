// `npm run bench -- --size-mb N --json`: our backup and restore beside pg_dump and pg_restore, in one run, alternating;
// then what second backups store. Everything goes through the running product, its worker's memory is watched.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { throwawayPostgres } from '@holdfast/testing';
import { createBenchDatabase } from './bench-database.ts';
import { describeProfiles, profilingArgs } from './bench-profile.ts';
import { playIncremental, playRound, type Round } from './bench-rounds.ts';
import { register, rounded, type Bench, type BenchSource } from './bench-run.ts';
import { describe, playObjects, playScaling } from './bench-scaling.ts';
import { buildIfStale } from './build.ts';
import { signIn } from './api-requests.ts';
import { OperationsClient } from './operations-client.ts';
import { watchMemory } from './peak-memory.ts';
import { startStack, type Stack } from './stack.ts';

const SETTINGS = { shared_buffers: '256MB', max_wal_size: '4GB', checkpoint_timeout: '30min' };
const SCALE_MB = [250, 1_000, 4_000];
const SCALE_OBJECTS = [10_000, 100_000];
const SCALE_OBJECT_MB = 5_120;

const HELP = `npm run bench -- [options]

  --size-mb N      size of the database (default 256)
  --rounds N       how often each is measured; medians are told (default 3)
  --profile [DIR]  one round with a profiler in the worker, and where its time went; figures are slower then
  --scaling        instead: backup and restore of ${SCALE_MB.join(', ')} MB, of ${SCALE_OBJECTS.join(', ')} objects,
                   and of one of ${SCALE_OBJECT_MB} MB
  --json           the figures once more, as one line of JSON`;

const median = (values: number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
};

const workerOf = (stack: Stack) => (): number | undefined =>
  stack.children().find(({ name }) => name === 'worker')?.pid;

function summarise(results: Round[]) {
  const pick = (key: keyof Round): number => rounded(median(results.map((round) => round[key])));
  const ratio = (ours: keyof Round, theirs: keyof Round): number => rounded(pick(ours) / pick(theirs));
  return {
    backup: {
      ...{ seconds: pick('backup'), peerSeconds: pick('dump'), floorSeconds: pick('floor') },
      ratio: ratio('backup', 'dump'),
    },
    restore: { seconds: pick('restore'), peerSeconds: pick('pgRestore'), ratio: ratio('restore', 'pgRestore') },
    comparingRestore: { seconds: pick('comparingRestore'), ratio: ratio('comparingRestore', 'pgRestore') },
  };
}

async function play(bench: Bench, stack: Stack, source: BenchSource, sizeMb: number, rounds: number) {
  const memory = watchMemory(workerOf(stack));
  const results: Round[] = [];
  for (let number = 1; number <= rounds; number++) results.push(await playRound(bench, source, number));
  const incremental = await playIncremental(bench, source);
  return { sizeMb, rounds, ...summarise(results), incremental, workerPeakRssMb: memory.stop() };
}

function print(result: Awaited<ReturnType<typeof play>>): void {
  const { backup, restore, comparingRestore, incremental } = result;
  const shares = Object.entries(incremental).map(([name, share]) => `${name} ${(share * 100).toFixed(2)} %`);
  console.log(`
medians of ${result.rounds} rounds, ${result.sizeMb} MB
backup    ${backup.seconds} s, pg_dump -Fd -j2 -Z zstd:3 ${backup.peerSeconds} s, bare COPY ${backup.floorSeconds} s, ratio ${backup.ratio}
restore   ${restore.seconds} s, pg_restore -j2 ${restore.peerSeconds} s, ratio ${restore.ratio}
          ${comparingRestore.seconds} s where every row is read again, ratio ${comparingRestore.ratio}
second    ${shares.join(', ')} of what the first stored
worker    at most ${result.workerPeakRssMb} MB
`);
}

interface Choices {
  sizeMb: number;
  rounds: number;
  json: boolean;
  scaling: boolean;
  /** Where profiles go; null: none are taken. */
  profileDir: string | null;
}

async function run(choices: Choices, dir: string, note: (line: string) => void): Promise<unknown> {
  const { sizeMb, rounds, scaling, profileDir } = choices;
  const undo: (() => unknown)[] = [];
  try {
    const server = await throwawayPostgres(17, { settings: SETTINGS });
    undo.push(() => server.stop());
    const stack = await startStack({
      ...{ dataDir: join(dir, 'stack'), demo: false, quiet: true, durable: false, note },
      env: { HOLDFAST_REPOSITORY_ROOTS: dir },
      ...(profileDir && { workerArgs: profilingArgs(profileDir) }),
    });
    undo.push(() => stack.stop());
    const token = await signIn(stack.urls.api, stack.owner.email, stack.owner.password ?? '');
    const client = new OperationsClient(stack.urls.api, token);
    undo.push(() => client.close());
    const bench: Bench = { server, client, dir, note };
    if (scaling) {
      const memory = watchMemory(workerOf(stack));
      const storage = SCALE_OBJECTS.map((objects) => ({ objects, sparseMb: 0 }));
      storage.push({ objects: 0, sparseMb: SCALE_OBJECT_MB });
      const table = await playScaling(bench, SCALE_MB, memory.lap);
      table.push(...(await playObjects(bench, storage, memory.lap)));
      memory.stop();
      console.log(`\n${describe(table)}\n`);
      return table;
    }
    const target = await server.createDatabase('bench');
    await createBenchDatabase(target, sizeMb, note);
    const source = await register(bench, target);
    if (profileDir) return summarise([await playRound(bench, source, 1)]);
    const result = await play(bench, stack, source, sizeMb, rounds);
    print(result);
    return result;
  } finally {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  }
}

function readChoices(): Choices | null {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'size-mb': { type: 'string', default: '256' },
      rounds: { type: 'string', default: '3' },
      profile: { type: 'boolean', default: false },
      scaling: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const { json, scaling, profile } = values;
  return {
    ...{ sizeMb: Number(values['size-mb']), rounds: Number(values.rounds), json, scaling },
    profileDir: profile ? resolve(positionals[0] ?? 'bench-profile') : null,
  };
}

async function main(choices: Choices): Promise<void> {
  const note = (line: string): void => console.log(`· ${line}`);
  await buildIfStale(note);
  const { profileDir, json } = choices;
  if (profileDir) await mkdir(profileDir, { recursive: true });
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  try {
    const result = await run(choices, dir, note);
    if (profileDir) console.log(`\n${await describeProfiles(profileDir)}`);
    if (json) console.log(JSON.stringify(result));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const choices = readChoices();
if (!choices) console.log(HELP);
else
  await main(choices).catch((error: unknown) => {
    console.error(`\nThe bench failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  });
