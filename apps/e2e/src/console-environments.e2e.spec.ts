import { once, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { answered } from '@holdfast/tools/operations-client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addViewer, openConsole, seriousFindings, signIn, type Account, type Console } from './console.ts';
import { backedUp, ended, register, rowsOf, startBackup, startProduct, startRestore } from './product.ts';
import type { Database, Product } from './product.ts';

let product: Product;
let server: ThrowawayPostgres;
let shop: Database;
let live: Database;
let shopId: string;
let liveId: string;
let backupId: string;
let console: Console;
let viewer: Account;

/** A trigger that calls out, so that a copy has something to keep quiet. */
const SHOP = `create schema net; create table orders (id int primary key, item text);
  create function net.http_post(url text) returns void language sql as 'select';
  create function tell() returns trigger language plpgsql as 'begin perform net.http_post(''shop''); return new; end';
  create trigger hook after insert on orders for each row execute function tell();
  insert into orders select n, 'item ' || n from generate_series(1, 500) n`;

beforeAll(async () => {
  [product, server] = await Promise.all([startProduct(), throwawayPostgres(17)]);
  [shop, live] = [await server.createDatabase('shop'), await server.createDatabase('live')];
  await once(shop, SHOP);
  await once(live, 'create table precious as select 7 as id');
  shopId = await register(product.api, 'shop', shop, { color: '#00796b' });
  liveId = await register(product.api, 'live', live, { production: true });
  backupId = await backedUp(product.api, shopId);
  console = await openConsole(product);
  viewer = await addViewer(product);
});
afterAll(async () => {
  await console?.stop();
  await product?.stop();
  await server?.stop();
});

/** A page has so long to show what it was told; the machine may be busy. */
const SOON = { timeout: 15_000 };

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

describe('an environment', () => {
  it('is registered by a pasted URL, whose password is in no address and no storage, and tested', async () => {
    const { page, context, troubles } = await console.open('/environments');
    await page.getByRole('link', { name: 'New environment' }).click();
    await page.getByRole('radio', { name: 'Postgres' }).check();
    const { host, port, user, database } = shop;
    const password = encodeURIComponent(shop.password);
    await page.getByLabel('Connection URL').fill(`postgres://${user}:${password}@${host}:${port}/${database}`);
    await page.getByLabel('Name', { exact: true }).fill('not a name');
    await expect.poll(() => page.getByLabel('Host', { exact: true }).inputValue(), SOON).toBe(host);
    await expect.poll(() => page.getByLabel('Password', { exact: true }).inputValue()).toBe(shop.password);
    expect(await page.getByLabel('Connection URL').inputValue()).toBe('');
    await page.getByRole('checkbox', { name: /^Production/ }).check();
    await page.locator('.place.production').getByText('not a name').waitFor();
    await page.getByLabel('Encryption (TLS)').selectOption('disable');

    await button(page, 'Register').click();
    await page.getByText('Expected 1 to 63 letters').waitFor();
    await expect.poll(() => page.getByLabel('Password', { exact: true }).inputValue()).toBe(shop.password);
    const held = await page.evaluate('JSON.stringify([location.href, { ...localStorage }, { ...sessionStorage }])');
    expect(held).not.toContain(shop.password);
    await page.getByLabel('Name', { exact: true }).fill('pasted');
    await button(page, 'Register').click();
    await page.getByRole('heading', { name: 'pasted' }).waitFor();

    await button(page, 'Test connection').click();
    await page.getByText('A backup would work now').waitFor();
    await page.getByText('superuser').waitFor();
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('keeps what two people changed at the same time', async () => {
    const id = await register(product.api, 'both', shop);
    const { page, context } = await console.open(`/environments/${id}/edit`);
    await page.getByLabel('Name', { exact: true }).fill('both-renamed');
    const params = { path: { id }, header: { 'If-Match': '*' } };
    answered(await product.api.PATCH('/api/v1/environments/{id}', { params, body: { color: '#112233' } }));
    await button(page, 'Save').click();
    await page.getByText('yours are kept').waitFor();
    await expect.poll(() => page.locator('input[type=color]').inputValue(), SOON).toBe('#112233');
    await button(page, 'Save').click();
    await page.waitForURL(`**/environments/${id}`);
    const now = answered(await product.api.GET('/api/v1/environments/{id}', { params: { path: { id } } }));
    expect(now).toMatchObject({ name: 'both-renamed', color: '#112233' });
    await context.close();
  });

  it('with backups is not removed: it says how many there are before a name is typed, and leads to them', async () => {
    const { page, context, troubles } = await console.open(`/environments/${shopId}`);
    await button(page, 'Remove').click();
    const dialog = page.getByRole('dialog', { name: 'shop has 1 backup' });
    await dialog.getByText('It cannot be removed while a backup of it is in the catalog').waitFor();
    expect(await dialog.getByRole('textbox').count()).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Show its backups' }).click();
    await page.waitForURL(`**/backups?environment=${shopId}`);
    await dialog.waitFor({ state: 'detached' });
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('is found by a part of its name in the URL, and removed once its name is typed', async () => {
    await register(product.api, 'unwanted', shop);
    const { page, context } = await console.open('/environments?kind=postgres');
    await page.getByRole('searchbox').fill('unwant');
    await page.waitForURL('**/environments?search=unwant&kind=postgres');
    const rows = page.getByRole('list', { name: 'Environments' }).getByRole('listitem');
    await expect.poll(() => rows.count(), SOON).toBe(1);
    await rows.getByRole('link').click();
    await button(page, 'Remove').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('No backup of unwanted is kept').waitFor();
    expect(await button(page, 'Remove').last().isDisabled()).toBe(true);
    await dialog.getByRole('textbox').fill('unwanted');
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('unwanted is removed').waitFor();
    await page.waitForURL('**/environments');
    await context.close();
  });
});

/** How many restores of the backup there are; dry runs apart. */
async function restores(): Promise<number> {
  const query = { backupId, kind: ['restore' as const] };
  const { items } = answered(await product.api.GET('/api/v1/progress', { params: { query } }));
  return items.filter(({ dryRun }) => !dryRun).length;
}

describe('a restore', () => {
  it('goes into a new database step by step, once however often it is clicked, and is released', async () => {
    const { page, context, troubles } = await console.open(`/backups/${backupId}/restore`);
    await button(page, 'Next: where').click();
    await page.getByLabel('Name of the new database').fill('shop_again');
    await button(page, 'Next: check').click();
    await page.getByText('It can be restored').or(page.getByText('Nothing stands in the way')).waitFor();
    const before = await restores();
    await page.reload();
    await button(page, 'Restore').dblclick();
    await page.getByText('Equal to the backup').waitFor();
    expect([await restores(), await rowsOf({ ...shop, database: 'shop_again' }, 'select from orders')]).toMatchObject([
      before + 1,
      { length: 500 },
    ]);
    await page.reload();
    await page.getByText('hook on public.orders').waitFor();
    await button(page, 'Release').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Release' }).click();
    await page.getByText('1 switched on again').waitFor();
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('over another environment says what it replaces, and begins only once the name is typed', async () => {
    const { page, context } = await console.open(`/backups/${backupId}/restore?environmentId=${liveId}&step=where`);
    await page.locator('.place.production').getByText('live').waitFor();
    await button(page, 'Next: check').click();
    await page.getByText('not proven to be where the backup came from').waitFor();
    await page.getByText('What would be replaced: 1').waitFor();
    const go = page.getByRole('button', { name: 'Restore over what is there' });
    expect(await go.isDisabled()).toBe(true);
    await page.getByLabel('Type live to go on').fill('live');
    await go.click();
    await page.getByText('Equal to the backup').waitFor();
    await page.getByText('What was there before is kept as').waitFor();
    expect(await rowsOf(live, 'select from orders')).toHaveLength(500);
    await context.close();
  });

  it('of tables that the backup does not hold leads back to where they were typed, with what is wrong', async () => {
    const { page, context } = await console.open(`/backups/${backupId}/restore?what=tables&where=own`);
    await page.setViewportSize({ width: 360, height: 740 });
    const names = page.getByRole('textbox', { name: 'Chosen tables' });
    const inSight = async () => {
      for (let frames = 0; frames < 5; frames += 1) await page.evaluate(PAINTED);
      const { y = -1 } = (await names.boundingBox()) ?? {};
      return y > 0 && y < 740;
    };
    await names.fill('public.nowhere');
    expect(await inSight()).toBe(true);
    await button(page, 'Next: where').click();
    await button(page, 'Next: check').click();
    await page.getByText('The backup holds no table public.nowhere').waitFor();
    await page.locator('textarea:focus').waitFor();
    expect([await names.getAttribute('aria-invalid'), await inSight()]).toEqual(['true', true]);
    await page.reload();
    await page.getByText('The backup holds no table public.nowhere').waitFor();
    await names.fill('public.orders');
    await page.getByText('The backup holds no table').waitFor({ state: 'detached' });
    await button(page, 'Next: where').click();
    await button(page, 'Next: check').click();
    await page.locator('hf-preflight-report').waitFor();
    await context.close();
  });
});

describe('what failed', () => {
  it('is tried again, and a restore asks for the name when the API does', async () => {
    const nowhere = await register(product.api, 'nowhere', { ...shop, database: 'not_there' });
    const failed = await ended(product.api, await startBackup(product.api, nowhere));
    const { page, context } = await console.open(`/operations/${failed.id}`);
    await button(page, 'Try again').click();
    await page.getByRole('link', { name: 'an earlier operation' }).waitFor();
    // While the new one runs, it holds the environment.
    const again = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    expect(await ended(product.api, again)).toMatchObject({ status: 'failed', retryOfId: failed.id });

    const body = { environmentId: nowhere, overwrite: true, confirm: 'nowhere' };
    const restore = await ended(product.api, await startRestore(product.api, backupId, body));
    await page.goto(`/operations/${restore.id}`);
    await button(page, 'Try again').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Try again' }).click();
    await dialog.getByLabel('Type nowhere to go on').fill('nowhere');
    await dialog.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('link', { name: 'an earlier operation' }).waitFor();
    await context.close();
  });
});

it('shows a viewer what there is, and no button that changes it', async () => {
  const { page, context } = await console.openSignedOut(`/environments/${shopId}`);
  await signIn(page, product, viewer);
  await page.getByRole('heading', { name: 'Database' }).waitFor();
  expect(await page.locator('main button, main a[href$="edit"]').count()).toBe(0);
  await page.goto('/environments');
  await page.getByRole('list', { name: 'Environments' }).waitFor();
  expect(await page.getByRole('link', { name: 'New environment' }).count()).toBe(0);
  for (const path of ['/environments/new', `/environments/${shopId}/edit`, `/backups/${backupId}/restore`]) {
    await page.goto(path);
    await page.getByRole('heading', { name: 'Not allowed' }).waitFor();
  }
  await context.close();
});

describe('in light and dark', () => {
  it('axe finds nothing serious, and nothing sticks out at 360 px', async () => {
    const { page, context } = await console.open('/environments');
    const restore = `/backups/${backupId}/restore`;
    const places: [string, string][] = [
      ['/environments', 'shop'],
      ['/environments?search=nothing-like-it', 'No environment fits'],
      ['/environments/new', 'Connection URL'],
      [`/environments/${liveId}/edit`, 'One is stored'],
      ['/environments/0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d10', 'There is no environment'],
      [`${restore}?what=tables`, 'Tables'],
      [`${restore}?step=where&where=other&quarantine=yes`, 'Back up the target first'],
      ['/account/sessions', 'This one'],
    ];
    for (const [path, words] of places) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(path);
      await page.locator('main').getByText(words).first().waitFor();
      expect([path, await seriousFindings(page)]).toEqual([path, []]);
      await expectFitting(page, path);
    }
    await page.goto(`/environments/${shopId}`);
    await button(page, 'Test connection').click();
    await page.getByText('A backup would work now').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await expectFitting(page, 'a test');
    await page.goto(`${restore}?step=where&environmentId=${liveId}`);
    await button(page, 'Next: check').click();
    await page.getByLabel('Type live to go on').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await expectFitting(page, 'a check');
    await context.close();
  });
});

/** Keeps each jump of the layout that nobody asked for: what jumped, from where to where. */
const NOTE_JUMPS = `globalThis.jumps = [];
  const nameOf = (node) => (node?.tagName ? node : node?.parentElement)?.cloneNode(false).outerHTML.replace(/ _ng[^ >]*/g, '');
  // Material measures the labels of fields once they are drawn, and then breaks the line around them.
  const isLine = ({ node }) => node?.classList?.contains('mdc-notched-outline__trailing');
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, sources } of list.getEntries()) {
      if (hadRecentInput || sources.every(isLine)) continue;
      jumps.push(sources.map((one) => nameOf(one.node) + ': ' + [one.previousRect, one.currentRect]
        .map(({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(' ')).join(' to ')));
    }
  }).observe({ type: 'layout-shift', buffered: true });`;
/** Until what was there before has been painted. */
const PAINTED = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))';

it('no page jumps when what it reads arrives piece by piece', async () => {
  const [operation] = answered(await product.api.GET('/api/v1/progress', { params: { query: { backupId } } })).items;
  const [repository] = answered(await product.api.GET('/api/v1/repositories')).items;
  const pieced = [
    ...['/', `/backups/${backupId}`, `/operations/${operation?.id}`, `/backups/${backupId}/restore?what=tables`],
  ];
  const paths = [
    ...[...pieced, '/?search=shop', '/backups', '/operations', '/environments', `/environments/${liveId}`],
    ...[`/environments/${liveId}/edit`, '/repositories', `/repositories/${repository?.id}`, '/audit'],
    ...['/account/sessions', `/backups/${backupId}/restore?step=where&environmentId=${liveId}`],
  ];
  const { page, context } = await console.open('/environments');
  await page.addInitScript(NOTE_JUMPS);
  let turn: Promise<unknown> = Promise.resolve();
  // One answer after the other, each once the page shows the one before.
  await page.route('**/api/v1/**', (route) => {
    turn = turn
      .then(async () => {
        const response = await route.fetch();
        await page.evaluate(PAINTED);
        await route.fulfill({ response });
      })
      .catch(() => undefined);
  });
  const allAnswered = async (): Promise<void> => {
    for (let last: unknown; last !== turn; await page.evaluate(PAINTED)) await (last = turn);
  };
  // Narrow, only what is put together of several answers: each page takes a second.
  for (const [width, shown] of [[1280, paths] as const, [360, pieced] as const]) {
    await page.setViewportSize({ width, height: 2_000 });
    for (const path of shown) {
      await page.goto(path);
      await page.locator('main h1').waitFor();
      await allAnswered();
      await expect.poll(() => page.locator('main [role=status][aria-label=Loading]').count()).toBe(0);
      expect.soft([width, path, await page.evaluate('jumps')]).toEqual([width, path, []]);
    }
  }
  await context.close();
});

// Last: it ends the session that the spec asks with, too.
it('shows where one is signed in, and ends one session or all', async () => {
  const [here, there] = [await console.open('/account/sessions'), await console.open('/environments')];
  await here.page.reload();
  await here.page.getByText('This one').waitFor();
  const ends = here.page.getByRole('button', { name: /^End the session/ });
  await ends.first().click();
  await here.page.getByRole('dialog').getByRole('button', { name: 'End it' }).click();
  await here.page.getByRole('dialog').waitFor({ state: 'detached' });
  await there.page.reload();
  await there.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await button(here.page, 'Sign out everywhere').click();
  await here.page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
  await here.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await Promise.all([here.context.close(), there.context.close()]);
});

async function expectFitting(page: Page, path: string): Promise<void> {
  await page.setViewportSize({ width: 360, height: 740 });
  expect([path, await page.evaluate('document.documentElement.scrollWidth > innerWidth')]).toEqual([path, false]);
}
