// What `npm test` does once everything is installed: every check, every test, one count at the end.
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { endAll, runToEnd, type ChildResult } from './child-process.ts';
import { makeTestDirectory, removeTestDirectory } from './test-directory.ts';
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

/** More room for what is young: types are many, and few of them die. */
const LINT = ['--max-semi-space-size=64', join(root, 'node_modules/eslint/bin/eslint.js'), '.', '--max-warnings=0'];

/**
 * Two lanes side by side that take about as long; inside a lane one after the other. All of Nx is in one, so that it
 * never races itself.
 */
const LANES: Check[][] = [
  [
    // One process for all projects: each of Nx's would read the same types again.
    check('lint', node, LINT, 600),
    check('format', bin('prettier'), ['--check', '--log-level=warn', '.'], 120),
  ],
  [
    check('types', bin('nx'), nx('typecheck'), 300),
    // With its stamp, so that a test that starts the product builds nothing: Nx empties `dist` for a moment even where it
    // puts the same files back, and an API or a worker that another test starts just then finds nothing there.
    check('build', node, ['tools/build.ts'], 240),
    check('dead-code', bin('knip'), [], 120),
    check('prisma', bin('prisma'), ['validate'], 60),
    check('migrations', node, ['tools/migrations-check.ts'], 180),
    check('generated', 'npm', ['run', '--silent', 'generate:check'], 180),
    check('openapi', bin('redocly'), ['lint', 'libs/api-client/openapi.json'], 60),
  ],
];

/** Tests that run in one process of Vitest. */
interface Tests {
  name: string;
  projects: string[];
  workers: number;
  /** As of `nice`: those whose times are looked at come first. */
  niceness: number;
}

/** Side by side: end-to-end tests mostly wait for processes to be missed or to come back, the others mostly work. */
const TESTS: Tests[] = [
  { name: 'tests', projects: ['unit', 'integration', 'alone'], workers: 2, niceness: 5 },
  { name: 'e2e', projects: ['e2e'], workers: 1, niceness: 0 },
  { name: 'console', projects: ['console'], workers: 1, niceness: 5 },
];
const TESTS_TIMEOUT_SECONDS = 2_400;

const line = (name: string, word: string, seconds: number) =>
  `${name.padEnd(12)} ${word.padEnd(24)} ${seconds.toFixed(1).padStart(7)} s`;

const word = (outcome: Outcome) =>
  TESTS.some(({ name }) => name === outcome.name)
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

async function runTests({ name, projects, workers, niceness }: Tests, below: string): Promise<Outcome> {
  const directory = join(below, name);
  // servers that root starts run as another user, who has to get through
  await mkdir(directory, { mode: 0o711 });
  const file = join(directory, 'report.json');
  const chosen = projects.flatMap((project) => ['--project', project]);
  const reports = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const result = await runToEnd(bin('vitest'), ['run', ...chosen, `--maxWorkers=${workers}`, ...reports], {
    timeoutSeconds: TESTS_TIMEOUT_SECONDS,
    env: { ...env, TMPDIR: directory },
    echo: true,
    niceness,
  });
  const text = await readFile(file, 'utf8').catch(() => null);
  const summary = summarize(text === null ? null : JSON.parse(text), result.code);
  const report = summary.failures.join('\n\n') + ending(result, TESTS_TIMEOUT_SECONDS);
  return { name, passed: summary.passed, failed: summary.failed, seconds: result.seconds, report };
}

async function runAllTests(chosen: Tests[]): Promise<Outcome[]> {
  const directory = await makeTestDirectory();
  try {
    return await Promise.all(chosen.map((tests) => runTests(tests, directory)));
  } finally {
    await removeTestDirectory(directory);
  }
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
  const names = [...LANES.flat(), ...TESTS].map((item) => item.name);
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
  const tests = TESTS.filter(({ name }) => parts.has(name));
  if (tests.length > 0 && !stopped) outcomes.push(...(await runAllTests(tests)));
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
