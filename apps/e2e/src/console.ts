import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { openBrowser } from '@holdfast/tools/chromium';
import { answered } from '@holdfast/tools/operations-client';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Product } from './product.ts';

const TIMEOUT_MS = 15_000;
const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const SCHEMES = ['light', 'dark'] as const;

/** The console of a product in a real browser. What a page throws or is refused by the policy fails `expectQuiet`. */
export interface Console {
  browser: Browser;
  /** A new browser profile, signed in as the owner and looking at `path`. */
  open(path: string): Promise<Visit>;
  /** The same, with nobody signed in. */
  openSignedOut(path: string): Promise<Visit>;
  stop(): Promise<void>;
}

/** How to sign in. */
export interface Account {
  email: string;
  password?: string | null;
}

/** Makes an account that may only read. */
export async function addViewer({ api }: Product): Promise<Account> {
  const body = { email: 'viewer@example.org', name: 'Vera', role: 'viewer', password: 'only to look at it' } as const;
  answered(await api.POST('/api/v1/users', { body }));
  return body;
}

/** One page of one profile, and what went wrong on it. */
export interface Visit {
  page: Page;
  context: BrowserContext;
  troubles: string[];
}

/** Opens a browser on the console of a product. */
export async function openConsole(product: Product): Promise<Console> {
  const browser = await openBrowser();
  // What moves for its own sake costs a machine without graphics most of its time.
  const more = { baseURL: product.stack.urls.console, locale: 'en-GB', reducedMotion: 'reduce' } as const;
  const visit = async (path: string, account: Account | null): Promise<Visit> => {
    const context = await browser.newContext(more);
    if (account) await signInBefore(context, account);
    const page = await context.newPage();
    page.setDefaultTimeout(TIMEOUT_MS);
    const troubles: string[] = [];
    page.on('pageerror', (error) => troubles.push(String(error)));
    page.on('console', (message) => {
      // The browser itself reports refused requests so; pages say what they mean.
      const refused = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !refused) troubles.push(message.text());
    });
    await page.goto(path);
    return { page, context, troubles };
  };
  return {
    browser,
    open: async (path) => {
      const visited = await visit(path, product.stack.owner);
      await visited.page
        .locator('main h1')
        .waitFor()
        .catch((cause: unknown) => tellPage(visited, cause));
      return visited;
    },
    openSignedOut: (path) => visit(path, null),
    stop: () => browser.close(),
  };
}

/** Fails with what a page shows in place of what was waited for. */
async function tellPage({ page, troubles }: Visit, cause: unknown): Promise<never> {
  const text = await page.locator('body').innerText({ timeout: 1_000 });
  throw new Error([`${page.url()} shows: ${text}`, ...troubles].join('\n'), { cause });
}

/** Starts a session, as the sign-in page does, before a page is there. */
async function signInBefore(context: BrowserContext, { email, password }: Account): Promise<void> {
  const answer = await context.request.post('/api/v1/auth/sign-in', { data: { email, password, kind: 'cookie' } });
  if (!answer.ok()) throw new Error(`Signing in answered ${answer.status()}.`);
}

/** Fills the sign-in page, as the owner unless said, and waits for what comes after it. */
export async function signIn(page: Page, { stack }: Product, account: Account = stack.owner): Promise<void> {
  await page.getByLabel('E-mail').fill(account.email);
  await page.getByLabel('Password').fill(account.password ?? '');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('main h1').waitFor();
  await page.waitForURL((url) => url.pathname !== '/sign-in');
}

/**
 * Settles once nothing of a page moves but what never ends: what fades in has other colours meanwhile. A few frames
 * long, because a dialog begins to open in the one after it was made.
 */
const AT_REST = `new Promise((rest) => {
  let still = 0;
  const look = () => {
    const moving = document.getAnimations().some(({ playState, effect }) =>
      playState === 'running' && effect?.getComputedTiming().endTime !== Infinity);
    still = moving ? 0 : still + 1;
    if (still > 2) rest();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})`;

/** What axe finds serious or critical on a page once it is at rest, in light and in dark, with where. */
export async function seriousFindings(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(AT_REST);
    // Evaluated by the browser's debugger, which the page's policy does not bind.
    await page.evaluate(await axeSource);
    const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as AxeResults;
    for (const { id, impact, nodes } of violations) {
      if (impact !== 'serious' && impact !== 'critical') continue;
      const where = nodes.map(({ target, failureSummary }) => `${target.join(' ')} ${failureSummary}`);
      found.push(...where.map((text) => `${colorScheme}: ${id}: ${text}`));
    }
  }
  await page.emulateMedia({ colorScheme: null });
  return found;
}
