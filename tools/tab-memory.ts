// `npm run tab-memory -- --minutes 10`: what an open page of the console needs of memory while operations run one after
// the other and every change is told live. Fails where it grows.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Browser, CDPSession } from 'playwright-core';
import { signIn } from './api-requests.ts';
import { buildIfStale } from './build.ts';
import { openBrowser } from './chromium.ts';
import { answered, OperationsClient } from './operations-client.ts';
import { startStack, type Stack } from './stack.ts';

const PAGES = ['/operations', '/'];
const SAMPLE_MS = 30_000;
/** Caches are filled and code is compiled in the first part. */
const WARM_SHARE = 0.2;
/** What may be added after that: to what is kept of garbage collection's own accord, and rows of what was new. */
const ALLOWED_MB = 3;

interface Sample {
  seconds: number;
  heapMb: number;
  nodes: number;
  listeners: number;
}

interface Tab {
  path: string;
  session: CDPSession;
  samples: Sample[];
}

async function openTab(browser: Browser, { urls, owner }: Stack, path: string): Promise<Tab> {
  const context = await browser.newContext({ baseURL: urls.console });
  const data = { email: owner.email, password: owner.password ?? '', kind: 'cookie' };
  const answer = await context.request.post('/api/v1/auth/sign-in', { data });
  if (!answer.ok()) throw new Error(`Signing in answered ${answer.status()}.`);
  const page = await context.newPage();
  await page.goto(path);
  await page.locator('main h1').waitFor();
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable');
  return { path, session, samples: [] };
}

/** What is in use once garbage is collected. */
async function sample({ session, samples }: Tab, seconds: number): Promise<void> {
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? 0;
  const heapMb = Math.round((of('JSHeapUsedSize') / 2 ** 20) * 10) / 10;
  samples.push({ seconds, heapMb, nodes: of('Nodes'), listeners: of('JSEventListeners') });
}

/** Backs the demo up again and again until `signal`; answers how often. */
async function keepBusy(stack: Stack, token: string, signal: AbortSignal): Promise<number> {
  const client = new OperationsClient(stack.urls.api, token);
  const environmentId = stack.registered.demo?.['demo-local'] ?? '';
  let count = 0;
  try {
    for (; !signal.aborted; count++) {
      const { operationId } = answered(await client.api.POST('/api/v1/backup', { body: { environmentId } }));
      await client.follow(operationId, () => undefined);
    }
    return count;
  } finally {
    client.close();
  }
}

/** Prints a page's figures; answers whether they stay. */
function report({ path, samples }: Tab): boolean {
  console.log(`\n${path}`);
  for (const { seconds, heapMb, nodes, listeners } of samples) {
    const time = `${Math.round(seconds)} s`.padStart(7);
    console.log(`${time}  ${heapMb.toFixed(1).padStart(6)} MB  ${nodes} nodes  ${listeners} listeners`);
  }
  const warm = samples.slice(Math.floor(samples.length * WARM_SHARE));
  const most = (some: Sample[]): number => Math.max(...some.map(({ heapMb }) => heapMb));
  const half = Math.ceil(warm.length / 2);
  const added = most(warm.slice(half)) - most(warm.slice(0, half));
  const flat = added <= ALLOWED_MB;
  console.log(`${flat ? '✓' : '✗'} the second half needs ${added.toFixed(1)} MB more than the first`);
  return flat;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
  const minutes = Number(values.minutes);
  if (!(minutes >= 1)) throw new Error('--minutes: at least 1');
  const note = (line: string): void => console.log(`· ${line}`);
  await buildIfStale(note);
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-tab-memory-'));
  let stack: Stack | undefined;
  let browser: Browser | undefined;
  try {
    stack = await startStack({ dataDir: join(dir, 'data'), demo: true, quiet: true, durable: false, note });
    browser = await openBrowser();
    const tabs: Tab[] = [];
    for (const path of PAGES) tabs.push(await openTab(browser, stack, path));
    const token = await signIn(stack.urls.api, stack.owner.email, stack.owner.password ?? '');
    const stop = new AbortController();
    const busy = keepBusy(stack, token, stop.signal);
    const started = performance.now();
    for (let seconds = 0; seconds < minutes * 60;) {
      await Promise.race([sleep(SAMPLE_MS), busy]);
      seconds = (performance.now() - started) / 1000;
      for (const tab of tabs) await sample(tab, seconds);
    }
    stop.abort();
    note(`${await busy} backups were made`);
    if (!tabs.map(report).every(Boolean)) process.exitCode = 1;
  } finally {
    await browser?.close();
    await stack?.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

await main();
