// `npm run screenshots`: starts the product on a throwaway directory with its demo projects, visits every page, and
// writes what it looks like to docs/screenshots. A page is one entry of PAGES.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { signIn } from './api-requests.ts';
import { buildIfStale } from './build.ts';
import { openBrowser } from './chromium.ts';
import { setScene, type Scene } from './console-scene.ts';
import { startStack, type Stack } from './stack.ts';

const DIRECTORY = resolve(import.meta.dirname, '../docs/screenshots');
const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 360, height: 740 } } as const;
const SCHEMES = ['light', 'dark'] as const;
/** Small enough for a repository, and sharp. */
const QUALITY = 82;

interface PictureOf {
  name: string;
  path: (scene: Scene) => string;
  /** In sight once the page is whole. */
  ready: string;
  /** What to do there before the picture is taken. */
  act?: (page: Page) => Promise<void>;
  signedOut?: boolean;
}

const PAGES: PictureOf[] = [
  { name: 'sign-in', path: () => '/sign-in', ready: 'h1', signedOut: true },
  { name: 'sign-in-again', path: () => '/repositories/new', ready: 'form', act: endSession },
  { name: 'dashboard', path: () => '/', ready: 'hf-storage-growth' },
  { name: 'dashboard-storage', path: () => '/', ready: 'hf-storage-growth', act: showChart },
  { name: 'dashboard-rows', path: () => '/?search=demo', ready: 'hf-environment-row' },
  { name: 'backups', path: () => '/backups', ready: 'hf-backup-row' },
  { name: 'backups-chosen', path: () => '/backups?search=demo', ready: 'hf-backup-row', act: chooseAll },
  {
    name: 'backups-filters',
    path: () => '/backups?status=damaged&minSize=1000',
    ready: 'hf-empty-state',
    act: openFilters,
  },
  { name: 'backup', path: ({ backupId }) => `/backups/${backupId}`, ready: 'hf-timeline li' },
  {
    name: 'backup-contents',
    path: ({ backupId }) => `/backups/${backupId}`,
    ready: 'hf-contents summary',
    act: openContents,
  },
  { name: 'operations', path: () => '/operations', ready: 'hf-operation-row' },
  { name: 'operations-none', path: () => '/operations?status=pending', ready: 'hf-empty-state' },
  { name: 'operation', path: ({ operationId }) => `/operations/${operationId}`, ready: 'hf-result-figures' },
  { name: 'environments', path: () => '/environments', ready: 'hf-environment-row' },
  {
    ...{ name: 'environment', path: ({ environmentId }) => `/environments/${environmentId}`, ready: 'dl' },
    act: async (page) => {
      await page.getByRole('button', { name: 'Test connection' }).click();
      await page.locator('hf-probe-report').waitFor();
    },
  },
  { name: 'new-environment', path: () => '/environments/new', ready: 'form' },
  {
    ...{ name: 'edit-environment', path: ({ environmentId }) => `/environments/${environmentId}/edit`, ready: 'form' },
    // The frame that it will have.
    act: (page) => page.getByRole('checkbox', { name: /^Production/ }).check(),
  },
  { name: 'sessions', path: () => '/account/sessions', ready: '.session' },
  { name: 'restore-what', path: ({ backupId }) => `/backups/${backupId}/restore?what=tables`, ready: 'hf-name-list' },
  {
    ...{
      name: 'restore-where',
      path: ({ backupId }) => `/backups/${backupId}/restore?step=where&safety=yes&where=own`,
    },
    ready: 'hf-restore-options',
  },
  {
    ...{ name: 'restore-check', path: ({ backupId }) => `/backups/${backupId}/restore?step=where&where=own` },
    ready: 'hf-where-step',
    act: async (page) => {
      await page.getByRole('button', { name: 'Next: check' }).click();
      await page.locator('hf-preflight-report').waitFor();
    },
  },
  {
    ...{ name: 'restore-report', ready: 'hf-comparison-report' },
    path: ({ backupId, restoreId }) => `/backups/${backupId}/restore?step=run&database=restored&operation=${restoreId}`,
  },
  {
    name: 'repositories',
    path: () => '/repositories',
    ready: 'hf-repository-row',
    act: (page) => tested(page, 'Test default'),
  },
  { name: 'repository', path: () => '/repositories', ready: 'hf-repository-row', act: openRepository },
  { name: 'repository-new', path: () => '/repositories/new', ready: 'form', act: refuseRepository },
  { name: 'audit', path: () => '/audit', ready: 'hf-audit-row' },
  { name: 'audit-none', path: () => '/audit?search=nothing+has+this', ready: 'hf-empty-state' },
  { name: 'audit-entry', path: () => '/audit?action=environment.created', ready: 'hf-audit-row', act: openFirst },
  { name: 'change-password', path: () => '/account/password', ready: 'form' },
];

/** Lets the API refuse this one page, as if its session had ended; the others go on with it. */
async function endSession(page: Page): Promise<void> {
  const problem = {
    type: 'about:blank',
    title: 'Sign in first',
    status: 401,
    code: 'auth.required',
    detail: 'Sign in',
  };
  await page.route('**/api/v1/**', (route) => route.fulfill({ status: 401, json: problem }));
  await page.getByLabel('Name').fill('second');
  await page.getByLabel('Path').fill('/srv/backups');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('dialog', { name: 'Sign in again' }).waitFor();
}

async function showChart(page: Page): Promise<void> {
  await page.evaluate('scrollTo(0, document.body.scrollHeight)');
  await page.locator('canvas').waitFor();
}

async function tested(page: Page, button: string): Promise<void> {
  await page.getByRole('button', { name: button }).click();
  await page.getByText('Can be written').first().waitFor();
}

async function openRepository(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'default', exact: true }).click();
  await page.getByText('Directory of the workers').waitFor();
  await tested(page, 'Test');
}

async function refuseRepository(page: Page): Promise<void> {
  await page.getByLabel('Name').fill('second');
  await page.getByLabel('Path').fill('/elsewhere');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('alert').waitFor();
}

async function openFirst(page: Page): Promise<void> {
  await page.locator('hf-audit-row a').first().click();
  await page.getByText('What it tells').waitFor();
}

async function chooseAll(page: Page): Promise<void> {
  for (const box of await page.locator('hf-backup-row input').all()) await box.check();
}

async function openFilters(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Filters' }).click();
}

/** A schema, and a bucket with its objects. */
async function openContents(page: Page): Promise<void> {
  const branch = (name: string | RegExp) => page.locator('hf-contents summary').filter({ hasText: name }).first();
  await branch(/tables/).click();
  await page.locator('hf-content-list table').first().waitFor();
  await branch('Buckets').click();
  await branch(/objects ·/).click();
  await page.locator('hf-object-list table').first().waitFor();
  await page.locator('hf-contents').scrollIntoViewIfNeeded();
  await page.evaluate("document.querySelector('#contents').scrollIntoView()");
}

async function takeAll(browser: Browser, stack: Stack, scene: Scene, only: string[]): Promise<number> {
  let taken = 0;
  for (const colorScheme of SCHEMES) {
    const signedOut = { baseURL: stack.urls.console, colorScheme, locale: 'en-GB', reducedMotion: 'reduce' } as const;
    const visitor = await browser.newContext(signedOut);
    const owner = await browser.newContext(signedOut);
    await signInPage(await owner.newPage(), stack);
    for (const picture of PAGES.filter(({ name }) => only.length === 0 || only.includes(name))) {
      for (const size of ['wide', 'narrow'] as const) {
        const page = await (picture.signedOut ? visitor : owner).newPage();
        await take(page, picture, scene, size, `${picture.name}-${size}-${colorScheme}.webp`);
        await page.close();
        taken += 1;
      }
    }
    await Promise.all([visitor.close(), owner.close()]);
  }
  return taken;
}

async function take(
  page: Page,
  picture: PictureOf,
  scene: Scene,
  size: keyof typeof SIZES,
  file: string,
): Promise<void> {
  await page.setViewportSize(SIZES[size]);
  await page.goto(picture.path(scene));
  await page.locator(picture.ready).first().waitFor();
  await picture.act?.(page);
  await page.evaluate('document.fonts.ready');
  await page.waitForLoadState('networkidle').catch(() => undefined);
  const type = 'webp' as const;
  await page.screenshot({ path: join(DIRECTORY, file), type, quality: QUALITY, animations: 'disabled' });
}

async function signInPage(page: Page, { owner }: Stack): Promise<void> {
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill(owner.email);
  await page.getByLabel('Password').fill(owner.password ?? '');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL((url) => url.pathname !== '/sign-in');
  await page.close();
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } });
  const note = (line: string): void => console.log(`· ${line}`);
  await buildIfStale(note);
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-screenshots-'));
  let stack: Stack | undefined;
  let browser: Browser | undefined;
  try {
    stack = await startStack({ dataDir, demo: true, quiet: true, durable: false, note });
    const token = await signIn(stack.urls.api, stack.owner.email, stack.owner.password ?? '');
    const scene = await setScene(stack, token);
    browser = await openBrowser();
    await mkdir(DIRECTORY, { recursive: true });
    const taken = await takeAll(browser, stack, scene, values.only ?? []);
    note(`${taken} pictures in ${DIRECTORY}`);
  } finally {
    await browser?.close();
    await stack?.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

await main();
