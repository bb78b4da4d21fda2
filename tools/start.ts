// What `npm start` does once everything is installed: builds what is stale, serves until it is told to stop.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { OperationError } from '@holdfast/contracts';
import { buildIfStale } from './build.ts';
import { passwordWords } from './first-start.ts';
import type { WantedPort } from './ports.ts';
import type { StackOptions } from './stack-options.ts';
import { startStack, type Stack } from './stack.ts';
import { colourFor, framed } from './terminal.ts';

const root = resolve(import.meta.dirname, '..');
const STOP_TIMEOUT_MS = 15_000;
const AGAIN_AFTER_MS = 1_000;

const HELP = `npm start -- [options]

  --data-dir DIR   everything that lives on (default .holdfast; HOLDFAST_DATA_DIR)
  --port N         the API's port, 0 = any free one (default 3000; HOLDFAST_API_PORT)
  --host ADDRESS   where the API listens (default 127.0.0.1; HOLDFAST_API_HOST)
  --no-demo        no demo projects
  --quiet          no log lines of the processes; they are in DIR/logs
  --help

HOLDFAST_TEMPORAL_PORT (7233), HOLDFAST_TEMPORAL_UI_PORT (8233), HOLDFAST_POSTGRES_PORT, HOLDFAST_DEMO_POSTGRES_PORT,
HOLDFAST_DEMO_CLOUD_PORT, HOLDFAST_DEMO_LOCAL_PORT and HOLDFAST_WORKER_PORT choose the other ports: unless set, any free one where the one in brackets is taken.
HOLDFAST_OWNER_EMAIL and HOLDFAST_OWNER_PASSWORD make the first account yours.`;

interface Choices {
  dataDir: string;
  host: string;
  demo: boolean;
  quiet: boolean;
  port: number;
}

function readChoices(): Choices | null {
  const { values } = parseArgs({
    options: {
      'data-dir': { type: 'string' },
      port: { type: 'string' },
      host: { type: 'string' },
      demo: { type: 'boolean', default: true },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
    allowNegative: true,
  });
  if (values.help) return null;
  const { env } = process;
  return {
    dataDir: resolve(values['data-dir'] ?? env['HOLDFAST_DATA_DIR'] ?? resolve(root, '.holdfast')),
    host: values.host ?? env['HOLDFAST_API_HOST'] ?? '127.0.0.1',
    port: portOf('--port', values.port ?? env['HOLDFAST_API_PORT'] ?? '3000'),
    demo: values.demo,
    quiet: values.quiet,
  };
}

function portOf(name: string, text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new OperationError('config.invalid', `${name}: expected a port from 0 to 65535, not "${text}"`);
}

/** The port that a variable chooses, else one that is taken if it is free. */
function chosen(name: string, otherwise = 0): WantedPort {
  const text = process.env[name];
  return text ? { port: portOf(name, text) } : { port: otherwise, preferred: true };
}

async function serve(choices: Choices): Promise<void> {
  const started = Date.now();
  const colour = colourFor(process.stdout);
  const note = (line: string) => console.log(`${colour(36, '·')} ${line}`);
  const told = untilTold(note);
  const built = buildIfStale(note, told.signal);
  // Heard by the start, once it gets there.
  built.catch(() => undefined);
  note(`starting on ${choices.dataDir}`);
  const stack = await startStack({ ...stackOptions(choices, note), built, signal: told.signal }).catch(
    (error: unknown) => {
      if (told.yet()) return null;
      throw error;
    },
  );
  if (!stack) return note('stopped before it was ready');
  console.log(summary(stack, (Date.now() - started) / 1000));
  // Shown: from here on only its owner knows it.
  await stack.forgetPassword();
  await told.promise;
  await stack.stop();
  note('stopped; everything is kept');
}

function stackOptions(choices: Choices, note: (line: string) => void): StackOptions {
  return {
    dataDir: choices.dataDir,
    host: choices.host,
    demo: choices.demo,
    quiet: choices.quiet,
    note,
    ports: {
      api: { port: choices.port },
      temporal: chosen('HOLDFAST_TEMPORAL_PORT', 7233),
      temporalUi: chosen('HOLDFAST_TEMPORAL_UI_PORT', 8233),
      worker: chosen('HOLDFAST_WORKER_PORT'),
      postgres: chosen('HOLDFAST_POSTGRES_PORT'),
      // Unless chosen, the ones of the earlier start.
      ...(process.env['HOLDFAST_DEMO_POSTGRES_PORT'] && { demoPostgres: chosen('HOLDFAST_DEMO_POSTGRES_PORT') }),
      ...(process.env['HOLDFAST_DEMO_CLOUD_PORT'] && { demoCloud: chosen('HOLDFAST_DEMO_CLOUD_PORT') }),
      ...(process.env['HOLDFAST_DEMO_LOCAL_PORT'] && { demoLocal: chosen('HOLDFAST_DEMO_LOCAL_PORT') }),
    },
  };
}

function summary(stack: Stack, seconds: number): string {
  const { urls, owner } = stack;
  const colour = colourFor(process.stdout);
  const lines = [
    `Console        ${urls.console}`,
    `API            ${urls.api}/api/v1`,
    `Swagger        ${urls.docs}`,
    `Temporal UI    ${urls.temporalUi}`,
    ...Object.values(stack.demo ?? {}).map(
      ({ name, url }, i) => `${(i === 0 ? 'Demo projects' : '').padEnd(15)}${name}  ${url}`,
    ),
    `Owner          ${owner.email}`,
    `Password       ${passwordWords(owner, process.env['HOLDFAST_OWNER_PASSWORD'])}`,
    `Data           ${stack.dataDir}`,
    'Stop           Ctrl-C',
  ];
  const places = `Console ${urls.console} API ${urls.api} Swagger ${urls.docs} Temporal ${urls.temporalUi}`;
  const ready = `ready in ${seconds.toFixed(1)} s: ${places}`;
  return `\n${framed('Holdfast', lines, colour)}\n\n${ready}`;
}

/** Resolves when we are asked to stop; asked a second time, or when a stop hangs, everything ends at once. */
function untilTold(note: (line: string) => void) {
  const told = new AbortController();
  const promise = new Promise<void>((done) => {
    let since = Infinity;
    const stop = () => {
      since = Date.now();
      note('stopping');
      setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
      told.abort(new Error('told to stop'));
      done();
    };
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        if (!told.signal.aborted) stop();
        // One Ctrl-C comes twice under npm: from the terminal, and passed on.
        else if (Date.now() - since > AGAIN_AFTER_MS) process.exit(1);
      });
    }
    // npm runs scripts in a shell that may end by a signal without passing it on.
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid === parent || told.signal.aborted) return;
      clearInterval(watch);
      stop();
    }, 500);
    if (!process.env['npm_lifecycle_event']) clearInterval(watch);
    watch.unref();
  });
  return { promise, signal: told.signal, yet: () => told.signal.aborted };
}

try {
  const choices = readChoices();
  if (choices) await serve(choices);
  else console.log(HELP);
} catch (error) {
  const told = error instanceof OperationError;
  console.error(`\nHoldfast did not start: ${told ? error.message : String((error as Error).stack ?? error)}`);
  if (told && error.hint) console.error(`What to do: ${error.hint}`);
  process.exitCode = 1;
}
