import { throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openConsole, seriousFindings, signIn, type Console, type Visit } from './console.ts';
import { lock } from './holds.ts';
import { backedUp, completed, register, startBackup, startProduct, type Database, type Product } from './product.ts';
import { addLargeTable, fillShop } from './shop-database.ts';

let product: Product;
let source: ThrowawayPostgres;
let shop: Database;
let environmentId: string;
let console: Console;

beforeAll(async () => {
  [product, source] = await Promise.all([startProduct(), throwawayPostgres(17)]);
  shop = await source.createDatabase('shop');
  await fillShop(shop, 2_000);
  await addLargeTable(shop, 60);
  environmentId = await register(product.api, 'shop', shop, { production: true, color: '#8e24aa' });
  console = await openConsole(product);
});
afterAll(async () => {
  await console?.stop();
  await product?.stop();
  await source?.stop();
});

const rowsOf = (page: Page) => page.getByRole('list', { name: 'Operations' }).getByRole('listitem');

const pathOf = ({ page }: Visit): string => {
  const { pathname, search } = new URL(page.url());
  return pathname + search;
};

/** Answers the dialog that a page shows once its session has ended. */
async function signInAgain(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.getByLabel('Password').fill(product.stack.owner.password ?? '');
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

describe('signing in', () => {
  it('is asked for first, refuses a wrong password in words, and leads to where one wanted to go', async () => {
    const visit = await console.openSignedOut('/operations?status=failed');
    const { page, context, troubles } = visit;
    await page.getByLabel('E-mail').fill(product.stack.owner.email);
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('E-mail or password is wrong');
    await signIn(page, product);
    expect(pathOf(visit)).toBe('/operations?status=failed');
    await expect.poll(() => page.getByRole('button', { name: 'Failed', pressed: true }).count()).toBe(1);
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('is asked for again over the page when a session has ended, and what was typed stays and is sent', async () => {
    const { page, context, troubles } = await console.open('/repositories/new');
    await page.getByLabel('Name').fill('second');
    await page.getByLabel('Path').fill('/elsewhere');
    await context.clearCookies();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Sign in again' });
    const password = dialog.getByLabel('Password');
    await dialog.locator('input[type=password]:focus').waitFor();
    expect(await dialog.getByLabel('E-mail').inputValue()).toBe(product.stack.owner.email);
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.mouse.click(5, 5);
    await password.fill('not the password');
    await page.keyboard.press('Enter');
    await dialog.getByRole('alert').getByText('E-mail or password is wrong').waitFor();
    await signInAgain(page);
    await expect.poll(() => page.evaluate('document.activeElement === document.body')).toBe(false);
    // What the API says about the path: it was asked once more.
    await page.locator('main').getByRole('alert').waitFor();
    expect(await page.getByLabel('Name').inputValue()).toBe('second');
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('lets a page read on once one has signed in again, or leads to the sign-in page and back', async () => {
    const visit = await console.open('/operations');
    const { page, context, troubles } = visit;
    // The page asks for these after its address has changed: without a cookie it would be the one that asks to sign in.
    const answered = page.waitForResponse(/\/api\/v1\/progress\?.*kind=backup/);
    await page.getByRole('button', { name: 'Backups' }).click();
    await page.waitForURL('**/operations?kind=backup');
    await answered;
    await context.clearCookies();
    await page.getByRole('button', { name: 'Waiting' }).click();
    await signInAgain(page);
    await page.getByText('No operation fits these filters').waitFor();
    await context.clearCookies();
    await page.getByRole('button', { name: 'Running' }).click();
    await page.getByRole('button', { name: 'Go to the sign-in page' }).click();
    await page.getByText('Your session has ended').waitFor();
    expect(await context.storageState()).toMatchObject({ cookies: [], origins: [] });
    await signIn(page, product);
    expect(pathOf(visit)).toBe('/operations?status=pending&status=running&kind=backup');
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('leads nowhere outside the console', async () => {
    const visit = await console.open('/sign-in?return=https%3A%2F%2Fevil.example');
    expect(new URL(visit.page.url()).origin).toBe(new URL(product.stack.urls.api).origin);
    await visit.context.close();
  });

  it('ends with signing out, after which nothing is shown any more', async () => {
    const { page, context } = await console.open('/operations');
    await page
      .getByRole('button', { name: /^Account/ })
      .first()
      .click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goto('/operations');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await context.close();
  });
});

/** A backup that waits in its rows until `meanwhile` is over. */
async function duringBackup(
  meanwhile: (operationId: string, goOn: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const hold = await lock(shop, 'public.large');
  let held = true;
  const goOn = async (): Promise<void> => {
    if (held) await hold.release();
    held = false;
  };
  try {
    await meanwhile(await startBackup(product.api, environmentId), goOn);
  } finally {
    await goOn();
  }
}

const statusOf = ({ page }: Visit) => page.locator('hf-page-header hf-status-chip').textContent();

describe('an operation', () => {
  it('shows up by itself in every browser, goes on to its result, and has the colour of its environment', async () => {
    const visits = [await console.open('/operations?search=shop'), await console.open('/operations?status=running')];
    const [list, running] = visits as [Visit, Visit];
    await running.page.getByText('No operation fits these filters').waitFor();
    for (const { page } of visits) await page.locator('nav hf-connection-state').getByText('Live').waitFor();
    await duringBackup(async (operationId, goOn) => {
      for (const { page } of visits) await rowsOf(page).first().getByText('Running').waitFor();
      await rowsOf(list.page).first().getByRole('link').click();
      await list.page.waitForURL(`**/operations/${operationId}`);
      await list.page.getByText('Production').first().waitFor();
      await list.page.getByRole('list', { name: 'Steps' }).locator('[aria-current=step]').waitFor();
      expect(await statusOf(list)).toBe('Running');
      await list.page.reload();
      await list.page.getByRole('list', { name: 'Steps' }).locator('[aria-current=step]').waitFor();
      await goOn();
      await completed(product.api, operationId);
    });
    await expect.poll(() => statusOf(list)).toBe('Completed');
    await list.page.getByRole('heading', { name: 'Result' }).waitFor();
    await list.page.getByRole('log').getByText('Completed').waitFor();
    await running.page.getByText('No operation fits these filters').waitFor();
    for (const { context, troubles } of visits) {
      expect(troubles).toEqual([]);
      await context.close();
    }
  });

  it('is cancelled from its page after being asked, and says so', async () => {
    await duringBackup(async (operationId) => {
      const visit = await console.open(`/operations/${operationId}`);
      const { page, context } = visit;
      await page.getByRole('button', { name: 'Cancel', exact: true }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel it' }).click();
      await expect.poll(() => statusOf(visit), { timeout: 10_000 }).toBe('Cancelled');
      await page.getByText('It was cancelled').waitFor();
      await context.close();
    });
  });

  it('that has ended before the cancel was agreed to is not cancelled: the page says so, and shows its end', async () => {
    await duringBackup(async (operationId, goOn) => {
      const visit = await console.open(`/operations/${operationId}`);
      const { page, context } = visit;
      await page.getByRole('button', { name: 'Cancel', exact: true }).click();
      await goOn();
      await completed(product.api, operationId);
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel it' }).click();
      await page.getByText('The operation had ended already.').waitFor();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await expect.poll(() => statusOf(visit)).toBe('Completed');
      await context.close();
    });
  });

  it('is live again after the API was restarted, and the page said that it was not', async () => {
    await duringBackup(async (operationId, goOn) => {
      const visits = [
        await console.open(`/operations/${operationId}`),
        await console.open(`/operations/${operationId}`),
      ];
      const [signedIn, signedOut] = visits as [Visit, Visit];
      const connectionOf = ({ page }: Visit) => page.locator('nav hf-connection-state');
      for (const visit of visits) await connectionOf(visit).getByText('Live').waitFor();
      await signedOut.context.clearCookies();
      const restarted = product.stack.restart('api');
      await connectionOf(signedIn).getByText('Reconnecting').waitFor();
      await restarted;
      await connectionOf(signedIn).getByText('Live').waitFor();
      // Nobody has pressed anything there.
      await signInAgain(signedOut.page);
      await connectionOf(signedOut).getByText('Live').waitFor();
      await goOn();
      await completed(product.api, operationId);
      for (const visit of visits) {
        await expect.poll(() => statusOf(visit)).toBe('Completed');
        await visit.context.close();
      }
    });
  });
});

describe('the keyboard', () => {
  it('reaches the page past the navigation, its search, the list of keys, and places', async () => {
    const backupId = await backedUp(product.api, environmentId);
    const { items } = (await product.api.GET('/api/v1/progress', { params: { query: { backupId } } })).data ?? {
      items: [],
    };
    const visit = await console.open(`/operations/${items[0]?.id}`);
    const { page, context } = visit;
    const focused = () => page.evaluate('document.activeElement?.outerHTML ?? ""') as Promise<string>;
    await page.getByRole('searchbox', { name: 'Search the log' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await focused()).toContain('Skip to the page');
    await page.keyboard.press('Enter');
    await expect.poll(focused).toContain('<h1');
    await page.keyboard.press('/');
    await expect.poll(focused).toContain('Search the log');
    await page.keyboard.type('g o?');
    expect(await page.getByRole('searchbox').inputValue()).toBe('g o?');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Go to Operations').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('g');
    await page.keyboard.press('o');
    await page.waitForURL('**/operations');
    await expect.poll(focused).toContain('<h1');
    await page.keyboard.press('g');
    await page.keyboard.press('d');
    await page.getByRole('heading', { name: 'Dashboard' }).waitFor();
    await page.keyboard.press('/');
    await page.waitForURL('**/backups');
    await expect.poll(focused).toContain('Search backups');
    await context.close();
  });

  it('does not leave a form for a search', async () => {
    const { page, context } = await console.open('/repositories/new');
    await page.getByLabel('Name').fill('second');
    await page.getByRole('button', { name: 'Add', exact: true }).focus();
    await page.keyboard.press('/');
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('backups where it has no search').waitFor();
    expect(await page.getByLabel('Name').inputValue()).toBe('second');
    await context.close();
  });
});

it('an address with an id that is none says that nothing is there', async () => {
  const { page, context } = await console.open('/');
  for (const [path, noun] of [
    ['/operations', 'operation'],
    ['/backups', 'backup'],
    ['/environments', 'environment'],
    ['/repositories', 'repository'],
    ['/audit', 'audit entry'],
  ] as const) {
    await page.goto(`${path}/nonsense`);
    await page.locator('main').getByRole('alert').getByText(`There is no ${noun} nonsense`).waitFor();
  }
  await context.close();
});

describe('in light and dark, axe finds nothing serious', () => {
  it('on the sign-in page, also when it refuses', async () => {
    const { page, context } = await console.openSignedOut('/sign-in');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByLabel('E-mail').fill('nobody@example.org');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await context.close();
  });

  it('on operations with rows and without, one operation, one that does not exist, and the password page', async () => {
    const backupId = await backedUp(product.api, environmentId);
    const { items } = (await product.api.GET('/api/v1/progress', { params: { query: { backupId } } })).data ?? {
      items: [],
    };
    const { page, context } = await console.open('/operations');
    await rowsOf(page).first().waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    const places: [string, string][] = [
      ['/operations?status=pending&kind=expire', 'No operation fits these filters'],
      [`/operations/${items[0]?.id}`, 'Result'],
      ['/operations/0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d10', 'There is no operation'],
      ['/account/password', 'Your other sessions end'],
      ['/nowhere', 'There is no page at this address'],
    ];
    for (const [path, words] of places) {
      await page.goto(path);
      await page.getByText(words).first().waitFor();
      expect([path, await seriousFindings(page)]).toEqual([path, []]);
    }
    await context.close();
  });
});

it('is usable at 360 px: nothing sticks out, and the navigation is behind a button', async () => {
  const { page, context } = await console.open('/operations');
  await page.setViewportSize({ width: 360, height: 740 });
  await rowsOf(page).first().waitFor();
  for (const path of ['/operations', '/account/password']) {
    await page.goto(path);
    await page.locator('main h1').waitFor();
    const sticksOut = 'document.documentElement.scrollWidth > innerWidth';
    expect([path, await page.evaluate(sticksOut)]).toEqual([path, false]);
  }
  await page.getByRole('button', { name: 'Open navigation' }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'Operations' }).click();
  await page.waitForURL('**/operations');
  await context.close();
});

/** Words of rows that are not in sight as a whole. */
const CUT = `[...document.querySelectorAll('hf-operation-row :is(.title, .error, .step, .when, .actor)')]
  .filter((part) => part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1)
  .filter((part) => part.offsetParent !== null && getComputedStyle(part).display !== 'inline')
  .map((part) => part.textContent)`;

it('shows operations of environments with long names in whole words at every width', async () => {
  const name = 'orders-of-the-shops-in-the-north-and-the-west';
  const long = await register(product.api, name, { ...shop, database: 'not_there' });
  await startBackup(product.api, long);
  const { page, context } = await console.open(`/operations?environment=${long}`);
  await rowsOf(page).first().getByText('not_there').waitFor();
  for (const width of [1280, 1024, 360]) {
    await page.setViewportSize({ width, height: 740 });
    await expect.poll(async () => [width, await page.evaluate(CUT)]).toEqual([width, []]);
  }
  await context.close();
});
