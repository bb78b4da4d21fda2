import { throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { answered } from '@holdfast/tools/operations-client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addViewer, openConsole, signIn, type Account, type Console, type Visit } from './console.ts';
import { holdBy, lock, lockWhen, type Hold } from './holds.ts';
import { backedUp, ended, listedBackups, register, rowsOf, startBackup, startProduct } from './product.ts';
import type { Database, Operation, Product } from './product.ts';
import { addLargeTable, fillShop } from './shop-database.ts';

let product: Product;
let server: ThrowawayPostgres;
let shop: Database;
let environmentId: string;
let console: Console;

beforeAll(async () => {
  [product, server] = await Promise.all([startProduct(), throwawayPostgres(17)]);
  shop = await server.createDatabase('shop');
  await fillShop(shop, 2_000);
  await addLargeTable(shop, 40);
  environmentId = await register(product.api, 'shop', shop, { production: true, color: '#8e24aa' });
  console = await openConsole(product);
});
afterAll(async () => {
  await console?.stop();
  await product?.stop();
  await server?.stop();
});

/** A trial restore takes its time on a busy machine. */
const LONG = { timeout: 90_000 };
const SOON = { timeout: 15_000 };

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const statusOf = (page: Page) => page.locator('hf-page-header hf-status-chip');
const stepNow = (page: Page) => page.getByRole('list', { name: 'Steps' }).locator('[aria-current=step]');
const operationOn = (page: Page): string => new URL(page.url()).pathname.split('/').at(-1) ?? '';

async function operationsOf(kind: Operation['kind']): Promise<string[]> {
  const { items } = answered(await product.api.GET('/api/v1/progress', { params: { query: { kind: [kind] } } }));
  return items.filter(({ dryRun }) => !dryRun).map(({ id }) => id);
}

/** Starts a backup on the dashboard, with two clicks as impatient people do, and goes to its page. */
async function backUp(page: Page): Promise<string> {
  await button(page, 'Back up shop').dblclick();
  await page.getByRole('link', { name: 'Watch' }).click();
  await page.waitForURL('**/operations/*');
  return operationOn(page);
}

/** Runs with what it holds, and lets go of it however that ends. */
async function holding(hold: Hold, meanwhile: () => Promise<void>): Promise<void> {
  try {
    await meanwhile();
  } finally {
    await hold.release();
  }
}

/** Holds a backup where it writes out `sales.searches`, which it copies after the large tables. */
const holdRows = (): Promise<Hold> =>
  lockWhen(
    shop,
    Promise.resolve(
      "SELECT FROM pg_stat_activity WHERE datname = 'shop' AND state = 'active' AND query LIKE 'COPY %TO STDOUT'",
    ),
    Promise.resolve('LOCK TABLE pg_catalog.pg_ts_dict IN ACCESS EXCLUSIVE MODE'),
  );

/** Its progress moves in both browsers, at each step that is held for them to see. */
async function watchBackup(own: Page, other: Page): Promise<string> {
  const connecting = await lock(shop, 'sales.orders');
  const dumping = await holdBy(shop, 'LOCK TABLE pg_catalog.pg_transform IN ACCESS EXCLUSIVE MODE');
  const copying = await holdRows();
  const running = other.locator('hf-running-operation');
  let id = '';
  const watched = async (step: string): Promise<void> => {
    await stepNow(own).getByText(step).waitFor();
    await running.getByText(step).waitFor();
  };
  await holding(copying, async () => {
    await holding(dumping, async () => {
      await holding(connecting, async () => {
        id = await backUp(own);
        await watched('Connect');
      });
      await watched('Schema');
    });
    await watched('Rows');
    const share = async () => Number(await own.getByRole('progressbar').getAttribute('aria-valuenow'));
    await expect.poll(share, SOON).toBeGreaterThan(50);
  });
  await statusOf(own).getByText('Completed').waitFor(LONG);
  await running.locator('a').waitFor({ state: 'detached' });
  await other.locator('hf-environment-answer').getByText('Probably').waitFor();
  return id;
}

describe('the console', () => {
  it('backs up, proves and gives back a database, step by step, before the eyes of two people', async () => {
    const visits = [await console.open('/'), await console.open('/')] as [Visit, Visit];
    const [{ page }, { page: other }] = visits;
    for (const one of [page, other]) await one.locator('nav hf-connection-state').getByText('Live').waitFor();
    const id = await watchBackup(page, other);
    expect(await operationsOf('backup')).toEqual([id]);

    await page.getByRole('link', { name: 'Contents and proof' }).click();
    await page.getByText('Never verified').waitFor();
    await button(page, 'Verify').click();
    await page.getByRole('menuitem', { name: /^Trial restore/ }).click();
    await statusOf(page).getByText('Proven').waitFor(LONG);
    await other.locator('hf-environment-answer').getByText('Yes').waitFor();

    await page.getByRole('link', { name: 'Restore', exact: true }).click();
    await button(page, 'Next: where').click();
    await page.getByLabel('Name of the new database').fill('shop_again');
    await button(page, 'Next: check').click();
    await page.locator('hf-preflight-report').waitFor(LONG);
    await button(page, 'Restore').dblclick();
    await page.getByText('Equal to the backup').waitFor(LONG);
    const count = 'SELECT count(*)::int AS rows FROM sales.orders';
    expect(await rowsOf({ ...shop, database: 'shop_again' }, count)).toEqual(await rowsOf(shop, count));
    const restores = await operationsOf('restore');
    await other.goto('/operations?kind=restore&status=completed');
    await other.locator(`main a[href="/operations/${restores[0]}"]`).click();
    await other.getByRole('link', { name: 'Comparison' }).click();
    await other.getByText('Equal to the backup').waitFor();
    expect([restores.length, ...visits.map(({ troubles }) => troubles)]).toEqual([1, [], []]);
    await Promise.all(visits.map(({ context }) => context.close()));
  });

  it('stops a backup midway that somebody else has started, and lists nothing of it', async () => {
    const before = await listedBackups(product.api);
    const [{ page, context }, other] = [await console.open('/'), await console.open('/operations?status=running')];
    await holding(await lock(shop, 'sales.orders'), async () => {
      const id = await backUp(page);
      await stepNow(page).getByText('Connect').waitFor();
      await other.page.locator(`main a[href="/operations/${id}"]`).click();
      await button(other.page, 'Cancel').dblclick();
      await other.page.getByRole('dialog').getByRole('button', { name: 'Cancel it' }).click();
      for (const one of [page, other.page]) await statusOf(one).getByText('Cancelled').waitFor();
      await button(page, 'Try again').waitFor();
      expect(await page.getByRole('link', { name: 'Contents and proof' }).count()).toBe(0);
    });
    expect(await listedBackups(product.api)).toEqual(before);
    await Promise.all([context.close(), other.context.close()]);
  });

  it('tells that a backup was begun again after its worker died, and why', async () => {
    const { page, context, troubles } = await console.open('/');
    await holding(await lock(shop, 'sales.orders'), async () => {
      await backUp(page);
      await stepNow(page).getByText('Connect').waitFor();
      await product.stack.kill('worker');
      await page.locator('hf-operation-attempts').getByText('Attempt 2').waitFor(LONG);
      await expect.poll(() => page.locator('hf-operation-attempts .reason').innerText()).not.toBe('');
      const log = page.getByRole('log');
      await log.getByText('Began', { exact: true }).waitFor();
      await page.getByRole('searchbox', { name: 'Search the log' }).fill('retry');
      await log.getByText('Began', { exact: true }).waitFor({ state: 'detached' });
      await log.locator('.is-retry').first().waitFor();
    });
    await statusOf(page).getByText('Completed').waitFor(LONG);
    expect(troubles).toEqual([]);
    await context.close();
  });
});

/** What changes something, by the words on it. */
const CHANGES =
  /^(Back up|Verify|Restore|Download|Delete|Edit|Remove|Test|Cancel|Try again|New environment|Add|Rename|Detach|Make|Choose|Comparison|Release)\b/;

/** Buttons and links of the page that change something; rows of operations lead to what was. */
async function changesOn(page: Page): Promise<string[]> {
  const names = (await page.evaluate(
    `[...document.querySelectorAll('main :is(button, a[href]:not([href^="/operations/"]), input[type=checkbox])')].map(
      (one) => one.getAttribute('aria-label') ?? one.textContent.trim())`,
  )) as string[];
  return names.filter((name) => CHANGES.test(name));
}

/** What a request of the page's own session is answered. */
const answerTo = (page: Page, [method, path, body]: [string, string, object?]): Promise<number> =>
  page.evaluate(
    `fetch(${JSON.stringify(`/api/v1${path}`)}, {
      method: ${JSON.stringify(method)},
      headers: { 'content-type': 'application/json', 'if-match': '*' },
      ${body ? `body: ${JSON.stringify(JSON.stringify(body))},` : ''}
    }).then(({ status }) => status)`,
  );

describe('a viewer', () => {
  let viewer: Account;
  let backupId: string;
  let failed: string;
  let repositoryId: string;

  beforeAll(async () => {
    viewer = await addViewer(product);
    backupId = await backedUp(product.api, environmentId);
    const nowhere = await register(product.api, 'nowhere', { ...shop, database: 'not_there' });
    const operation = await ended(product.api, await startBackup(product.api, nowhere));
    expect(operation.status).toBe('failed');
    failed = operation.id;
    repositoryId = answered(await product.api.GET('/api/v1/repositories', {})).items[0]?.id ?? '';
  });

  it('is shown no button that it may not use, where an owner has some', async () => {
    const owner = await console.open('/');
    const visit = await console.openSignedOut('/');
    await signIn(visit.page, product, viewer);
    await holding(await lock(shop, 'sales.orders'), async () => {
      const running = await startBackup(product.api, environmentId);
      const places: [path: string, ready: string][] = [
        ['/', 'hf-environment-card dl'],
        ['/backups', 'hf-backup-row'],
        [`/backups/${backupId}`, 'hf-timeline li'],
        ['/environments', 'hf-environment-row'],
        [`/environments/${environmentId}`, 'dl'],
        ['/repositories', 'hf-repository-row'],
        [`/repositories/${repositoryId}`, 'dl'],
        [`/operations/${failed}`, '[role=log] li:not(.none)'],
        [`/operations/${running}`, '[aria-current=step]'],
      ];
      for (const [path, ready] of places) {
        for (const { page } of [owner, visit]) {
          await page.goto(path);
          await page.locator('main').locator(ready).first().waitFor();
        }
        expect([path, await changesOn(visit.page)]).toEqual([path, []]);
        expect([path, (await changesOn(owner.page)).length]).not.toEqual([path, 0]);
      }
      await visit.page.goto('/operations');
      await visit.page.locator('hf-operation-row').first().waitFor();
      expect(await changesOn(visit.page)).toEqual([]);
      answered(await product.api.POST('/api/v1/progress/{id}/cancel', { params: { path: { id: running } } }));
    });
    expect([visit.troubles, owner.troubles]).toEqual([[], []]);
    await Promise.all([owner.context.close(), visit.context.close()]);
  });

  it('is refused by the API what its pages do not offer', async () => {
    const { page, context } = await console.openSignedOut('/');
    await signIn(page, product, viewer);
    const calls: [method: string, path: string, body?: object][] = [
      ['POST', '/backup', { environmentId }],
      ['PATCH', `/backup/${backupId}`, { name: 'mine' }],
      ['DELETE', `/backup/${backupId}`],
      ['POST', `/backup/${backupId}/validate`, { level: 'presence' }],
      ['POST', `/backup/${backupId}/restore`, { newDatabase: 'mine' }],
      ['GET', `/backup/${backupId}/download`],
      ['POST', '/environments', { name: 'mine', host: 'localhost', database: 'x', user: 'x', password: 'x' }],
      ['PATCH', `/environments/${environmentId}`, { color: '#112233' }],
      ['DELETE', `/environments/${environmentId}`],
      ['POST', `/environments/${environmentId}/test`],
      ['POST', '/repositories', { name: 'mine', path: '/nowhere' }],
      ['PATCH', `/repositories/${repositoryId}`, { name: 'mine' }],
      ['POST', `/repositories/${repositoryId}/test`],
      ['DELETE', `/repositories/${repositoryId}`],
      ['POST', `/progress/${failed}/cancel`],
      ['POST', `/progress/${failed}/retry`, {}],
      ['POST', `/progress/${failed}/release`],
      ['GET', '/backup/audit'],
      ['GET', '/users'],
    ];
    const before = await operationsOf('backup');
    for (const call of calls) {
      expect([call, await answerTo(page, call)]).toEqual([call, expect.toBeOneOf([403, 404])]);
    }
    expect(await operationsOf('backup')).toEqual(before);
    const still = answered(await product.api.GET('/api/v1/environments/{id}', params(environmentId)));
    expect(still).toMatchObject({ name: 'shop', color: '#8e24aa' });
    await context.close();
  });
});

const params = (id: string) => ({ params: { path: { id } } });
