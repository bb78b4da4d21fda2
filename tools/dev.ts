// `npm run dev`: the console with live reload, in front of a Holdfast that this starts, or that runs already.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const root = resolve(import.meta.dirname, '..');
const READY_WITHIN_MS = 300_000;

const HELP = `npm run dev -- [options]

  --api URL        a Holdfast that runs already; without it, \`npm start\` runs behind the console
  --api-port N     the port of the one that this starts (default 3000)
  --data-dir DIR   its data (default .holdfast)
  --port N         the console's port (default 4200)
  --help`;

const { values } = parseArgs({
  options: {
    api: { type: 'string' },
    'api-port': { type: 'string', default: '3000' },
    'data-dir': { type: 'string' },
    port: { type: 'string', default: '4200' },
    help: { type: 'boolean', default: false },
  },
});

const children: ChildProcess[] = [];
/** Ends what still runs; each gets the time to stop cleanly. */
const endAll = (): void => children.forEach((child) => child.kill('SIGTERM'));

function run(command: string, args: string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  children.push(child);
  // One without the other is of no use.
  child.on('exit', endAll);
  return child;
}

/** Waits until the API answers; throws when what should serve it has ended, or after five minutes. */
async function ready(api: string, product: ChildProcess | null): Promise<void> {
  const url = `${api}/api/health/ready`;
  for (const until = Date.now() + READY_WITHIN_MS; Date.now() < until; await sleep(300)) {
    if (product && product.exitCode !== null) throw new Error('Holdfast ended while it started');
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
    if (answer?.ok) return;
    if (!product) throw new Error(`${url} does not answer`);
  }
  throw new Error(`${url} did not answer in time`);
}

async function serve(): Promise<void> {
  const given = values.api?.replace(/\/+$/, '');
  const api = given ?? `http://127.0.0.1:${values['api-port']}`;
  const dataDir = values['data-dir'] === undefined ? [] : ['--data-dir', values['data-dir']];
  const start = [join(root, 'tools/start.ts'), '--quiet', '--port', values['api-port'], ...dataDir];
  const product = given === undefined ? run(process.execPath, start) : null;
  await ready(api, product);
  const nx = join(root, 'node_modules/.bin/nx');
  const console = run(nx, ['serve', 'admin', '--port', values.port], { HOLDFAST_API_URL: api, NX_TUI: 'false' });
  await once(console, 'exit');
}

for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, endAll);

if (values.help) {
  console.log(HELP);
} else {
  await serve().catch((error: unknown) => {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
    endAll();
  });
}
