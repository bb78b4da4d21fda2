import { join } from 'node:path';
import { connect } from '@holdfast/testing';
import { answered } from '@holdfast/tools/operations-client';
import { seed } from '@holdfast/tools/seed-database';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addViewer, openConsole, seriousFindings, signIn, type Account, type Console } from './console.ts';
import { startProduct, type Product } from './product.ts';

let product: Product;
let console: Console;
let viewer: Account;
/** Pages that ask the API for what they show. */
let paths: string[];

beforeAll(async () => {
  product = await startProduct();
  viewer = await addViewer(product);
  console = await openConsole(product);
  const [place] = answered(await product.api.GET('/api/v1/repositories')).items;
  const [entry] = answered(await product.api.GET('/api/v1/backup/audit')).items;
  paths = ['/', '/?search=some', '/repositories', `/repositories/${place?.id}`, '/audit', `/audit/${entry?.id}`];
});
afterAll(async () => {
  await console?.stop();
  await product?.stop();
});

/** What a page shows, not who looks at it. */
const ofPages = ({ pathname }: URL): boolean =>
  pathname.startsWith('/api/v1/') && !pathname.startsWith('/api/v1/auth/');

/** Nothing serious as wide as a desk and as narrow as a telephone, where nothing sticks out either. */
async function expectReadable(page: Page, what: string): Promise<void> {
  for (const size of [
    { width: 1280, height: 800 },
    { width: 360, height: 740 },
  ]) {
    await page.setViewportSize(size);
    expect([what, size.width, await seriousFindings(page)]).toEqual([what, size.width, []]);
    const sticksOut = () => page.evaluate('document.documentElement.scrollWidth > innerWidth');
    await expect.poll(async () => [what, await sticksOut()]).toEqual([what, false]);
  }
}

describe('in light and dark', () => {
  it('a page that waits for the API says so, and then shows what came', async () => {
    const { page, context, troubles } = await console.open('/operations');
    for (const path of paths) {
      const { promise: asked, resolve: answer } = Promise.withResolvers<undefined>();
      await page.route(ofPages, async (route) => {
        await asked;
        await route.continue();
      });
      await page.goto(path);
      await page.locator('main').getByRole('status', { name: 'Loading' }).first().waitFor();
      await expectReadable(page, `${path} loads`);
      answer(undefined);
      await expect.poll(() => page.locator('main').getByRole('status', { name: 'Loading' }).count()).toBe(0);
      expect(await page.getByRole('alert').count()).toBe(0);
      await page.unrouteAll();
    }
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('a page that the API does not answer says so, and shows it all when tried again', async () => {
    const { page, context, troubles } = await console.open('/operations');
    for (const path of paths) {
      await page.route(ofPages, (route) => route.abort());
      await page.goto(path);
      const alerts = page.locator('main').getByRole('alert');
      await alerts.getByText('Holdfast does not answer').first().waitFor();
      await expectReadable(page, `${path} fails`);
      await page.unrouteAll();
      const left = async (): Promise<string[]> => {
        const again = alerts.getByRole('button', { name: 'Try again' });
        if ((await again.count()) > 0) await again.first().click();
        const waiting = await page.locator('main').getByRole('status', { name: 'Loading' }).count();
        return [...(await alerts.allTextContents()), ...(waiting > 0 ? ['loading'] : [])];
      };
      await expect.poll(async () => [path, await left()]).toEqual([path, []]);
    }
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('a page without anything says what to do next', async () => {
    const { page, context, troubles } = await console.open('/');
    await page.getByText('There is no environment yet').waitFor();
    await page.locator('main').getByRole('link', { name: 'New environment' }).waitFor();
    // Nothing is drawn where there is nothing to draw.
    await expect.poll(() => page.locator('hf-backup-calendar, hf-storage-growth').count()).toBe(0);
    await expectReadable(page, 'empty dashboard');

    const [place] = answered(await product.api.GET('/api/v1/repositories')).items;
    await product.api.DELETE('/api/v1/repositories/{id}', { params: { path: { id: place?.id ?? '' } } });
    await page.goto('/repositories');
    await page.getByText('There is no repository yet').waitFor();
    await expectReadable(page, 'no repository');
    const body = { name: 'default', path: join(product.stack.dataDir, 'repositories', 'default'), default: true };
    paths[3] = `/repositories/${answered(await product.api.POST('/api/v1/repositories', { body })).id}`;

    await page.goto('/audit?search=nothing+has+this');
    await page.getByText('No entry fits these filters').waitFor();
    await expectReadable(page, 'no entry');
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('a page that the role does not include says so', async () => {
    const { page, context, troubles } = await console.openSignedOut('/audit');
    await signIn(page, product, viewer);
    await page.getByText('Your role does not include this page').waitFor();
    expect(new URL(page.url()).pathname).toBe('/audit');
    await expectReadable(page, 'forbidden');
    await page.goto('/');
    await page.getByText('There is no environment yet').waitFor();
    expect(await page.locator('main').getByRole('link', { name: 'New environment' }).count()).toBe(0);
    await expectReadable(page, 'empty dashboard of a viewer');
    expect(troubles).toEqual([]);
    await context.close();
  });
});

/** Scrolls by 120 px a frame; answers how far Chromium saw the layout jump, and in how many frames a row was missing. */
const SCROLL = `new Promise((done) => {
  let jumped = 0;
  new PerformanceObserver((list) => { for (const { value } of list.getEntries()) jumped += value; })
    .observe({ type: 'layout-shift' });
  let [frames, blank] = [0, 0];
  const isRow = (y) => document.elementFromPoint(innerWidth / 2, y)?.closest('[role=listitem]') != null;
  const step = () => {
    frames += 1;
    if (frames > 5 && ![0.4, 0.6, 0.8].every((part) => isRow(innerHeight * part))) blank += 1;
    scrollBy(0, 120);
    if (frames < 100) requestAnimationFrame(step);
    else setTimeout(() => done({ jumped, blank, rows: document.querySelectorAll('[role=listitem]').length }), 100);
  };
  requestAnimationFrame(step);
})`;

it('a long list scrolls without a jump of its layout or a blank, and few of its rows are in the page', async () => {
  const client = await connect(product.stack.database);
  await seed(client, { backups: 1_000, environments: 5 }).finally(() => client.end());
  const { page, context, troubles } = await console.open('/backups');
  await page.getByRole('listitem').nth(10).waitFor();
  expect(await page.evaluate(SCROLL)).toEqual({ jumped: 0, blank: 0, rows: expect.closeTo(50, -2) });
  expect(troubles).toEqual([]);
  await context.close();
});
