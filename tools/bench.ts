// `npm run bench -- --size-mb N --json`: our backup and restore beside pg_dump and pg_restore, in one run, alternating;
// then what second backups store. Everything goes through the running product, its worker's memory is watched.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { BackupOutput, RestoreReport } from '@holdfast/contracts';
import type { PostgresTarget } from '@holdfast/engine';
import { throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { appendRows, createBenchDatabase, updateNewest, updateSpread } from './bench-database.ts';
import { bareCopy, pgDump, pgRestore } from './bench-peers.ts';
import { buildIfStale } from './build.ts';
import { signIn } from './api-requests.ts';
import { answered, OperationsClient } from './operations-client.ts';
import { watchMemory } from './peak-memory.ts';
import { startStack, type Stack } from './stack.ts';

const SETTINGS = { shared_buffers: '256MB', max_wal_size: '4GB', checkpoint_timeout: '30min' };

interface Bench {
  server: ThrowawayPostgres;
  source: PostgresTarget;
  client: OperationsClient;
  environmentId: string;
  dir: string;
  note: (line: string) => void;
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
};
const median = (values: number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
};
const rounded = (value: number): number => Math.round(value * 1000) / 1000;

async function newRepository({ client, dir }: Bench, name: string): Promise<string> {
  const body = { name, driver: 'local' as const, path: join(dir, 'repositories', name) };
  return answered(await client.api.POST('/api/v1/repositories', { body })).id;
}

async function backUp(bench: Bench, repositoryId: string): Promise<{ seconds: number; output: BackupOutput }> {
  const { client, environmentId } = bench;
  const body = { environmentId, repositoryId };
  const { operationId } = answered(await client.api.POST('/api/v1/backup', { body }));
  const { seconds, result } = await client.follow(operationId, () => undefined);
  return { seconds, output: result as BackupOutput };
}

async function giveBack(bench: Bench, backupId: string, newDatabase: string): Promise<number> {
  const { client } = bench;
  const params = { path: { id: backupId } };
  const started = await client.api.POST('/api/v1/backup/{id}/restore', { params, body: { newDatabase } });
  const { seconds, result } = await client.follow(answered(started).operationId, () => undefined);
  if ((result as RestoreReport).differenceCount > 0) throw new Error('what was restored differs');
  return seconds;
}

interface Round {
  backup: number;
  dump: number;
  floor: number;
  restore: number;
  pgRestore: number;
}

/** One round: each of us and the peers once, the order turned round every time. */
async function playRound(bench: Bench, number: number): Promise<Round> {
  const { server, source, dir, note } = bench;
  const repository = await newRepository(bench, `round-${number}`);
  const dumpDir = join(dir, `dump-${number}`);
  let backupId = '';
  const times: Round = { backup: 0, dump: 0, floor: 0, restore: 0, pgRestore: 0 };
  const first = [
    async () => {
      const { seconds, output } = await backUp(bench, repository);
      times.backup = seconds;
      backupId = output.backupId;
    },
    async () => void (times.dump = await timed(() => pgDump(source, dumpDir))),
    async () => void (times.floor = await timed(() => bareCopy(source))),
  ];
  const second = [
    async () => void (times.restore = await giveBack(bench, backupId, `ours_${number}`)),
    async () => {
      const target = await server.createDatabase(`theirs_${number}`);
      times.pgRestore = await timed(() => pgRestore(target, dumpDir));
    },
  ];
  for (const steps of [first, second]) for (const step of number % 2 === 0 ? steps.reverse() : steps) await step();
  const admin = await server.client(server.target);
  for (const name of [`ours_${number}`, `theirs_${number}`]) await admin.query(`DROP DATABASE "${name}" WITH (FORCE)`);
  await rm(dumpDir, { recursive: true, force: true });
  note(
    `round ${number}: backup ${times.backup.toFixed(1)} s (pg_dump ${times.dump.toFixed(1)}, bare COPY ` +
      `${times.floor.toFixed(1)}), restore ${times.restore.toFixed(1)} s (pg_restore ${times.pgRestore.toFixed(1)})`,
  );
  return times;
}

/** What second backups add to the repository, as a share of what the first one stored. */
async function playIncremental(bench: Bench): Promise<Record<string, number>> {
  const { source, note } = bench;
  const repository = await newRepository(bench, 'incremental');
  const first = (await backUp(bench, repository)).output.storedBytes;
  const shares: Record<string, number> = {};
  const changes: [string, () => Promise<unknown>][] = [
    ['unchanged', () => Promise.resolve()],
    ['appended', () => appendRows(source, 0.01)],
    ['newest', () => updateNewest(source, 0.01)],
    ['spread', () => updateSpread(source, 0.01)],
  ];
  for (const [name, change] of changes) {
    await change();
    const { output, seconds } = await backUp(bench, repository);
    shares[name] = rounded(output.storedBytes / first);
    note(`second backup, ${name}: ${(output.storedBytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s`);
  }
  return shares;
}

async function play(bench: Bench, stack: Stack, sizeMb: number, rounds: number) {
  const memory = watchMemory(() => stack.children().find(({ name }) => name === 'worker')?.pid);
  const results: Round[] = [];
  for (let number = 1; number <= rounds; number++) results.push(await playRound(bench, number));
  const incremental = await playIncremental(bench);
  const pick = (key: keyof Round): number => rounded(median(results.map((round) => round[key])));
  const ratio = (ours: keyof Round, theirs: keyof Round): number => rounded(pick(ours) / pick(theirs));
  return {
    ...{ sizeMb, rounds },
    backup: {
      ...{ seconds: pick('backup'), peerSeconds: pick('dump'), floorSeconds: pick('floor') },
      ratio: ratio('backup', 'dump'),
    },
    restore: { seconds: pick('restore'), peerSeconds: pick('pgRestore'), ratio: ratio('restore', 'pgRestore') },
    incremental,
    workerPeakRssMb: memory.stop(),
  };
}

function print(result: Awaited<ReturnType<typeof play>>): void {
  const { backup, restore, incremental } = result;
  const shares = Object.entries(incremental).map(([name, share]) => `${name} ${(share * 100).toFixed(2)} %`);
  console.log(`
medians of ${result.rounds} rounds, ${result.sizeMb} MB
backup    ${backup.seconds} s, pg_dump -Fd -j2 -Z zstd:3 ${backup.peerSeconds} s, bare COPY ${backup.floorSeconds} s, ratio ${backup.ratio}
restore   ${restore.seconds} s, pg_restore -j2 ${restore.peerSeconds} s, ratio ${restore.ratio}
second    ${shares.join(', ')} of what the first stored
worker    at most ${result.workerPeakRssMb} MB
`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'size-mb': { type: 'string', default: '256' },
      rounds: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
    },
  });
  const note = (line: string): void => console.log(`· ${line}`);
  await buildIfStale(note);
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const undo: (() => unknown)[] = [() => rm(dir, { recursive: true, force: true })];
  try {
    const server = await throwawayPostgres(17, { settings: SETTINGS });
    undo.push(() => server.stop());
    const source = await server.createDatabase('bench');
    await createBenchDatabase(source, Number(values['size-mb']), note);
    const env = { HOLDFAST_REPOSITORY_ROOTS: dir };
    const stack = await startStack({
      dataDir: join(dir, 'stack'),
      demo: false,
      quiet: true,
      durable: false,
      note,
      env,
    });
    undo.push(() => stack.stop());
    const token = await signIn(stack.urls.api, stack.owner.email, stack.owner.password ?? '');
    const client = new OperationsClient(stack.urls.api, token);
    undo.push(() => client.close());
    const { host, port, database, user, password } = source;
    const body = {
      name: 'bench',
      kind: 'postgres' as const,
      host,
      port,
      database,
      user,
      password,
      tlsMode: 'disable' as const,
    };
    const { id: environmentId } = answered(await client.api.POST('/api/v1/environments', { body }));
    const bench = { server, source, client, environmentId, dir, note };
    const result = await play(bench, stack, Number(values['size-mb']), Number(values.rounds));
    print(result);
    if (values.json) console.log(JSON.stringify(result));
  } finally {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  }
}

await main().catch((error: unknown) => {
  console.error(`\nThe bench failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
