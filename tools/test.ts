// What `npm test` does once everything is installed: every check, every test, one count at the end.
import { chmod, mkdtemp, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isAlive } from '@holdfast/engine/embedded';
import { sweepTempDirs } from '@holdfast/testing';
import { endAll, runToEnd, type ChildResult } from './child-process.ts';
import { summarize } from './vitest-report.ts';

const root = resolve(import.meta.dirname, '..');
const bin = (name: string) => join(root, 'node_modules', '.bin', name);
const node = process.execPath;
const env = {
  ...process.env,
  // Tools installed here come first, among them the right Node.
  PATH: `${join(root, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`,
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
  NX_TUI: 'false',
  REDOCLY_TELEMETRY: 'off',
  REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
};

interface Check {
  name: string;
  command: string;
  args: string[];
  timeoutSeconds: number;
}

interface Outcome {
  name: string;
  passed: number;
  failed: number;
  seconds: number;
  /** What to print at the end when something failed. */
  report: string;
}

const nx = (target: string, ...more: string[]) => [
  'run-many',
  '-t',
  target,
  '--parallel=2',
  '--outputStyle=static',
  ...more,
];
const check = (name: string, command: string, args: string[], timeoutSeconds: number): Check => ({
  name,
  command,
  args,
  timeoutSeconds,
});

/** Before all others, which read what it writes: Prisma's client, and the project graph of the boundary rule. */
const CLIENT = check('client', bin('nx'), nx('build', '--projects=prisma'), 120);

/** Two lanes side by side; inside a lane one after the other. All of Nx is in one, so that it never races itself. */
const LANES: Check[][] = [
  [
    // One process for all projects: each of Nx's would read the same types again.
    check('lint', bin('eslint'), ['.', '--max-warnings=0'], 300),
    check('types', bin('nx'), nx('typecheck'), 300),
    check('build', bin('nx'), nx('build', '--projects=api,worker'), 180),
  ],
  [
    check('format', bin('prettier'), ['--check', '--log-level=warn', '.'], 120),
    check('dead-code', bin('knip'), [], 120),
    check('prisma', bin('prisma'), ['validate'], 60),
    check('migrations', node, ['tools/migrations-check.ts'], 180),
    check('generated', 'npm', ['run', '--silent', 'generate:check'], 180),
    check('openapi', bin('redocly'), ['lint', 'libs/api-client/openapi.json'], 60),
  ],
];
const TESTS = 'tests';
const TESTS_TIMEOUT_SECONDS = 2_400;
const MEMORY_FOR_TESTS = 12 * 1024 ** 3;
const IN_MEMORY = '/dev/shm';
const PREFIX = 'holdfast-test-';

const line = (name: string, word: string, seconds: number) =>
  `${name.padEnd(12)} ${word.padEnd(24)} ${seconds.toFixed(1).padStart(7)} s`;

const word = (outcome: Outcome) =>
  outcome.name === TESTS
    ? `${outcome.passed} passed, ${outcome.failed} failed`
    : outcome.failed === 0
      ? 'ok'
      : 'FAILED';

const ending = (result: ChildResult, timeoutSeconds: number) =>
  result.timedOut ? `\nstopped after ${timeoutSeconds} s\n` : '';

async function runCheck(item: Check): Promise<Outcome> {
  const result = await runToEnd(item.command, item.args, { timeoutSeconds: item.timeoutSeconds, env });
  const failed = result.code === 0 ? 0 : 1;
  const report = failed ? result.output + ending(result, item.timeoutSeconds) : '';
  return { name: item.name, passed: 1 - failed, failed, seconds: result.seconds, report };
}

/** Removes what test runs left that were killed, and stops what they started. */
async function sweepTestDirectories(place: string): Promise<void> {
  for (const name of await readdir(place).catch(() => [])) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : 0;
    if (!(pid > 0) || isAlive(pid)) continue;
    await sweepTempDirs(join(place, name));
    await removeTestDirectory(join(place, name));
  }
}

/** Tests put programs of their own there; some machines run none from memory. */
async function runsPrograms(directory: string): Promise<boolean> {
  const file = join(directory, 'program');
  await writeFile(file, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  return (await runToEnd(file, [], { timeoutSeconds: 10 })).code === 0;
}

async function removeTestDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }).catch((error: unknown) => {
    console.error(`${directory} could not be removed: ${error instanceof Error ? error.message : String(error)}`);
  });
}

/**
 * Where the tests put everything. Their databases make and drop files by the ten thousand, which some file systems are
 * slow at: in memory, where there is plenty of it.
 */
async function makeTestDirectory(): Promise<string> {
  const shared = await statfs(IN_MEMORY).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  const plenty = Math.min(shared, process.availableMemory()) >= MEMORY_FOR_TESTS;
  for (const place of [IN_MEMORY, tmpdir()]) await sweepTestDirectories(place);
  const memory = plenty ? await mkdtemp(join(IN_MEMORY, `${PREFIX}${process.pid}-`)) : null;
  if (memory && (await runsPrograms(memory))) return chmod(memory, 0o711).then(() => memory);
  if (memory) await rm(memory, { recursive: true, force: true });
  const directory = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  // servers that root starts run as another user, who has to get through
  await chmod(directory, 0o711);
  return directory;
}

async function runTests(): Promise<Outcome> {
  const directory = await makeTestDirectory();
  const file = join(directory, 'report.json');
  const projects = ['unit', 'integration', 'e2e'].flatMap((name) => ['--project', name]);
  const args = ['run', ...projects, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const result = await runToEnd(bin('vitest'), args, {
    timeoutSeconds: TESTS_TIMEOUT_SECONDS,
    env: { ...env, TMPDIR: directory },
    echo: true,
  });
  const text = await readFile(file, 'utf8').catch(() => null);
  await removeTestDirectory(directory);
  const summary = summarize(text === null ? null : JSON.parse(text), result.code);
  const report = summary.failures.join('\n\n') + ending(result, TESTS_TIMEOUT_SECONDS);
  return { name: TESTS, passed: summary.passed, failed: summary.failed, seconds: result.seconds, report };
}

let stopped = false;

async function runLane(checks: Check[], outcomes: Outcome[]): Promise<void> {
  for (const item of checks) {
    if (stopped) return;
    const outcome = await runCheck(item);
    outcomes.push(outcome);
    console.log(line(outcome.name, word(outcome), outcome.seconds));
  }
}

/** The parts to run; null, with a message, when the command line is wrong. */
function chosen(): Set<string> | null {
  const names = [...LANES.flat().map((item) => item.name), TESTS];
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } });
  const only = (values.only ?? []).flatMap((value) => value.split(','));
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    console.error(`--only: there is no part ${unknown.join(', ')}. Parts: ${names.join(', ')}`);
    return null;
  }
  return new Set(only.length > 0 ? only : names);
}

function printSummary(outcomes: Outcome[], seconds: number): void {
  for (const outcome of outcomes) {
    if (outcome.failed > 0) console.log(`\n===== ${outcome.name} failed =====\n${outcome.report.trim()}`);
  }
  console.log(`\n${outcomes.map((outcome) => line(outcome.name, word(outcome), outcome.seconds)).join('\n')}`);
  console.log(`${line('all', '', seconds)}\n`);
}

async function main(): Promise<void> {
  const parts = chosen();
  if (!parts) return void (process.exitCode = 2);
  const started = performance.now();
  const outcomes: Outcome[] = [];
  process.chdir(root);
  await runLane([CLIENT], outcomes);
  const lanes = LANES.map((lane) => lane.filter((item) => parts.has(item.name)));
  await Promise.all(lanes.map((lane) => runLane(lane, outcomes)));
  if (parts.has(TESTS) && !stopped) outcomes.push(await runTests());
  printSummary(outcomes, (performance.now() - started) / 1000);
  const sum = (key: 'passed' | 'failed') => outcomes.reduce((total, outcome) => total + outcome[key], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  process.exitCode = stopped || sum('failed') > 0 || sum('passed') === 0 ? 1 : 0;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopped = true;
    endAll();
  });
}

await main();
