// `npm run lighthouse`: starts the product as it is built for users, with its demo projects, and lets Lighthouse look at
// the console as a signed-in desktop browser does. Fails where a page has fewer points than it must have.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lighthouse, { desktopConfig, type Flags } from 'lighthouse';
import type { BrowserContext } from 'playwright-core';
import { signIn } from './api-requests.ts';
import { buildIfStale } from './build.ts';
import { openProfile } from './chromium.ts';
import { setScene } from './console-scene.ts';
import { startStack, type Stack } from './stack.ts';

const PAGES = { dashboard: '/', backups: '/backups' };
/** The least points of each category, of 100. */
const LEAST = { performance: 95, accessibility: 100, 'best-practices': 95 } as const;
const PORT_FILE_MS = 10_000;

interface Score {
  page: string;
  category: string;
  points: number;
  least: number;
  /** What cost points, for whoever mends it. */
  lost: string[];
}

/** Where the browser of a profile listens for its debugger. */
async function debuggerPort(profileDir: string): Promise<number> {
  for (const until = Date.now() + PORT_FILE_MS; ; await sleep(50)) {
    const text = await readFile(join(profileDir, 'DevToolsActivePort'), 'utf8').catch(() => '');
    const port = Number(text.split('\n')[0]);
    if (port > 0) return port;
    if (Date.now() > until) throw new Error('The browser does not say where its debugger listens.');
  }
}

async function signInBrowser(browser: BrowserContext, { owner, urls }: Stack): Promise<void> {
  const data = { email: owner.email, password: owner.password ?? '', kind: 'cookie' };
  const answer = await browser.request.post(new URL('/api/v1/auth/sign-in', urls.console).href, { data });
  if (!answer.ok()) throw new Error(`Signing in answered ${answer.status()}.`);
}

async function scoresOf(page: string, url: string, port: number): Promise<Score[]> {
  // Each page is loaded as if for the first time: the cache is emptied, cookies stay.
  const flags: Flags = { port, logLevel: 'error', onlyCategories: Object.keys(LEAST) };
  const result = await lighthouse(url, flags, desktopConfig);
  if (!result) throw new Error(`Lighthouse says nothing of ${url}.`);
  const { categories, audits, finalDisplayedUrl } = result.lhr;
  if (new URL(finalDisplayedUrl).pathname !== new URL(url).pathname)
    throw new Error(`${url} led to ${finalDisplayedUrl}.`);
  return Object.entries(LEAST).map(([category, least]) => {
    const { score, auditRefs } = categories[category] ?? { score: 0, auditRefs: [] };
    const lost = auditRefs
      .filter(({ id, weight }) => weight > 0 && (audits[id]?.score ?? 1) < 0.9)
      .map(({ id }) => `${audits[id]?.title ?? id} ${audits[id]?.displayValue ?? ''}`.trim());
    return { page, category, points: Math.round((score ?? 0) * 100), least, lost };
  });
}

function print(scores: Score[]): void {
  for (const { page, category, points, least, lost } of scores) {
    const mark = points >= least ? '✓' : '✗';
    console.log(`${mark} ${page.padEnd(12)}${category.padEnd(16)}${String(points).padStart(4)}  of at least ${least}`);
    for (const line of lost) console.log(`    ${line}`);
  }
}

async function main(): Promise<void> {
  const note = (line: string): void => console.log(`· ${line}`);
  await buildIfStale(note);
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-lighthouse-'));
  let stack: Stack | undefined;
  let browser: BrowserContext | undefined;
  try {
    stack = await startStack({ dataDir: join(dir, 'data'), demo: true, quiet: true, durable: false, note });
    const token = await signIn(stack.urls.api, stack.owner.email, stack.owner.password ?? '');
    await setScene(stack, token);
    const profileDir = join(dir, 'profile');
    browser = await openProfile(profileDir);
    await signInBrowser(browser, stack);
    const port = await debuggerPort(profileDir);
    const scores: Score[] = [];
    for (const [page, path] of Object.entries(PAGES))
      scores.push(...(await scoresOf(page, new URL(path, stack.urls.console).href, port)));
    print(scores);
    if (scores.some(({ points, least }) => points < least)) process.exitCode = 1;
  } finally {
    await browser?.close();
    await stack?.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

await main();
