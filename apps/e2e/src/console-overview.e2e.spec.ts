import { join } from 'node:path';
import { once, throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { answered } from '@holdfast/tools/operations-client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { addViewer, openConsole, seriousFindings, signIn, type Account, type Console } from './console.ts';
import { register, startProduct, type Product } from './product.ts';
import { fillShop } from './shop-database.ts';

/** Of a backup or a trial restore that the page waits for. */
const LONG = { timeout: 60_000 };

let product: Product;
let source: ThrowawayPostgres;
let console: Console;
let viewer: Account;

beforeAll(async () => {
  [product, source] = await Promise.all([startProduct(), throwawayPostgres(17)]);
  const shop = await source.createDatabase('shop');
  await fillShop(shop, 100);
  // Its password is what a backup of this database cannot hold.
  await once(shop, 'ALTER ROLE shop_keeper LOGIN');
  await register(product.api, 'shop', shop, { production: true, color: '#8e24aa' });
  await register(product.api, 'broken', { ...shop, password: 'not the password' });
  viewer = await addViewer(product);
  console = await openConsole(product);
});
afterAll(async () => {
  await console?.stop();
  await product?.stop();
  await source?.stop();
});

const headingOf = (page: Page) => page.locator('main h1').textContent();
const sticksOut = (page: Page) => page.evaluate('document.documentElement.scrollWidth > innerWidth');
const repositories = async () => answered(await product.api.GET('/api/v1/repositories')).items;

const answerOf = (page: Page, name: string) =>
  page.locator('hf-environment-card').filter({ hasText: name }).locator('hf-environment-answer').textContent();

describe('the dashboard', () => {
  it('answers for each environment, and goes on by itself from no over probably to yes', async () => {
    const { page, context, troubles } = await console.open('/');
    const card = page.locator('hf-environment-card').filter({ hasText: 'shop' });
    await expect.poll(() => answerOf(page, 'shop')).toBe('No: there is no backup');
    await card.getByRole('button', { name: 'Back up shop' }).click();
    await page.getByText('A backup of shop has begun.').waitFor();
    await expect.poll(() => answerOf(page, 'shop'), LONG).toBe('Probably: never proven');
    await card.getByRole('button', { name: 'Verify the last backup of shop' }).click();
    await card.getByRole('link', { name: 'Verification' }).waitFor();
    await expect.poll(() => answerOf(page, 'shop'), LONG).toMatch(/^Yes, proven (now|\d+ seconds? ago)$/);
    await card.getByText('role passwords').waitFor();
    await card.getByRole('link', { name: /, last proven backup/ }).waitFor();

    await page.getByRole('button', { name: 'Back up broken' }).click();
    const broken = page.locator('hf-environment-card').filter({ hasText: 'broken' });
    await broken.getByText('The last backup failed').waitFor(LONG);
    // The worst first.
    await expect.poll(() => page.locator('hf-place-name a').allTextContents()).toEqual(['broken', 'shop']);
    await page.getByText('2 environments: 1 could not be restored now; 1 could').waitFor();
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('tells of the year by keyboard and as a table, and of what the backups take up', async () => {
    const { page, context, troubles } = await console.open('/');
    const day = page.getByRole('gridcell').getByRole('button', { name: /1 good backup, 1 failed/ });
    await day.focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowLeft');
    const focused = () => page.evaluate('document.activeElement?.dataset.day') as Promise<string>;
    const today = await day.getAttribute('data-day');
    expect(Date.parse(today ?? '') - Date.parse(await focused())).toBe(8 * 86_400_000);
    await page.keyboard.press('End');
    expect(await focused()).toBe(today);
    await page.getByText('The calendar as a table').click();
    const row = page.getByRole('table').first().getByRole('row').nth(1);
    expect((await row.getByRole('cell').allTextContents()).slice(0, 3)).toEqual(['1', '0', '1']);
    await page.locator('.chart').scrollIntoViewIfNeeded();
    await page.getByRole('img', { name: /^What backups take up/ }).waitFor();
    await page.setViewportSize({ width: 1280, height: 400 });
    await page.getByLabel('Backups of').selectOption({ label: 'broken' });
    await page.waitForURL(/environment=/);
    const stored = page.getByText('Stored', { exact: true }).locator('xpath=following-sibling::dd');
    await expect.poll(() => stored.textContent()).toMatch(/^0\sbytes$/);
    expect(await page.evaluate('scrollY')).toBeGreaterThan(0);
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('has a row for each of many environments, and the rest on request', async () => {
    const at = { ...source.target, port: 1 };
    const names = Array.from({ length: 7 }, (_, index) => `more-${index}`);
    const ids = await Promise.all(names.map((name) => register(product.api, name, at)));
    onTestFinished(async () => {
      for (const id of ids) await product.api.DELETE('/api/v1/environments/{id}', { params: { path: { id } } });
    });
    const { page, context, troubles } = await console.open('/');
    const rows = page.getByRole('list', { name: 'Environments' }).getByRole('listitem');
    await expect.poll(() => rows.count()).toBe(8);
    await page.getByRole('button', { name: 'Show all 9' }).click();
    await page.waitForURL('**/?show=all');
    await expect.poll(() => rows.count()).toBe(9);
    await page.keyboard.press('/');
    await page.keyboard.type('shop');
    await page.waitForURL('**/?search=shop&show=all');
    await expect.poll(() => rows.count()).toBe(1);
    expect(await rows.first().textContent()).toContain('Yes, proven');
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('keeps what it knows when it cannot read it again, says so, and reads it when told to', async () => {
    const { page, context } = await console.open('/');
    await expect.poll(() => answerOf(page, 'shop')).toMatch(/^Yes, proven/);
    await page.route('**/environments/overview*', (route) => route.abort());
    await page.getByRole('button', { name: 'Back up broken' }).click();
    const alert = page.locator('main').getByRole('alert');
    await alert.getByText('Holdfast does not answer').waitFor();
    expect(await answerOf(page, 'shop')).toMatch(/^Yes, proven/);
    await page.unrouteAll();
    await alert.getByRole('button', { name: 'Try again' }).click();
    await expect.poll(() => alert.count()).toBe(0);
    await context.close();
  });

  it('loads with less than 350 kB', async () => {
    const { page, context } = await console.open('/');
    await page.goto('/');
    await page.waitForLoadState('networkidle');
    const bytes = (await page.evaluate(
      `performance.getEntries().reduce((sum, { encodedBodySize = 0 }) => sum + encodedBodySize, 0)`,
    )) as number;
    expect(bytes).toBeGreaterThan(100_000);
    expect(bytes).toBeLessThan(350_000);
    await context.close();
  });

  it('shows a viewer everything and no button', async () => {
    const { page, context } = await console.openSignedOut('/');
    await signIn(page, product, viewer);
    await page.getByText(/^Yes/).first().waitFor();
    expect(await page.getByRole('button', { name: /^(Back up|Verify)/ }).count()).toBe(0);
    await context.close();
  });
});

describe('a repository', () => {
  it('is added, tested, renamed, made the default and detached from its pages', async () => {
    const { page, context, troubles } = await console.open('/repositories');
    await page.getByRole('link', { name: 'Add a repository' }).click();
    await page.getByLabel('Name').fill('second one');
    await page.getByLabel('Path').fill(join(product.stack.dataDir, 'elsewhere'));
    const add = page.getByRole('button', { name: 'Add', exact: true });
    await add.click();
    await page.getByText('expected 1 to 63 letters').waitFor();
    await page.getByLabel('Name').fill('second');
    await add.click();
    await page.getByText('lies below no allowed directory').waitFor();
    await expect.poll(() => page.getByLabel('Name').inputValue()).toBe('second');
    await page.getByLabel('Path').fill(join(product.stack.dataDir, 'repositories', 'second'));
    await add.click();
    await page.getByText('second is a new repository').waitFor();

    await page.getByRole('button', { name: 'Test' }).click();
    await page.getByText('Can be written').waitFor();
    expect(await page.getByText('Free space').locator('xpath=following-sibling::dd').textContent()).toMatch(/B$/);

    // Somebody else is faster: that is said, and what was typed stays.
    const second = (await repositories()).find(({ name }) => name === 'second');
    const params = { path: { id: second?.id ?? '' }, header: { 'If-Match': `"${second?.version}"` } };
    answered(await product.api.PATCH('/api/v1/repositories/{id}', { params, body: { name: 'theirs' } }));
    await page.getByLabel('Name').fill('ours');
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
    await expect.poll(() => headingOf(page)).toBe('theirs');
    await expect.poll(() => page.getByLabel('Name').inputValue()).toBe('ours');
    await page.getByRole('button', { name: 'Rename' }).click();
    await expect.poll(() => headingOf(page)).toBe('ours');

    await page.getByRole('button', { name: 'Make it the default' }).click();
    await page.getByText('Backups go to ours').waitFor();
    await page.getByRole('link', { name: 'Repositories' }).first().click();
    await page.getByRole('link', { name: 'default', exact: true }).click();
    await page.getByRole('button', { name: 'Make it the default' }).click();
    await page.getByText('Backups go to default').waitFor();

    await page.goto(`/repositories/${second?.id}`);
    await page.getByRole('button', { name: 'Detach' }).click();
    const dialog = page.getByRole('dialog');
    const detach = dialog.getByRole('button', { name: 'Detach it' });
    expect(await detach.isDisabled()).toBe(true);
    await dialog.getByLabel('Type ours to go on').fill('ours');
    await detach.click();
    await page.waitForURL('**/repositories');
    await page.getByRole('list', { name: 'Repositories' }).getByText('default').first().waitFor();
    expect((await repositories()).map(({ name }) => name)).toEqual(['default']);
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('is tested from the list, which tells how much room there is', async () => {
    const { page, context } = await console.open('/repositories');
    await page.getByRole('button', { name: 'Test default' }).click();
    const row = page.getByRole('list', { name: 'Repositories' }).getByRole('listitem').first();
    await row.getByText('Can be written').waitFor();
    await row.getByText(/B free$/).waitFor();
    await context.close();
  });
});

describe('the audit', () => {
  it('is searched and filtered in the URL, and an entry tells what was before and after', async () => {
    const [place] = await repositories();
    const change = async (name: string): Promise<void> => {
      const { version } = (await repositories())[0] ?? {};
      const params = { path: { id: place?.id ?? '' }, header: { 'If-Match': `"${version}"` } };
      answered(await product.api.PATCH('/api/v1/repositories/{id}', { params, body: { name } }));
    };
    await change('renamed');
    await change('default');
    const { page, context, troubles } = await console.open('/audit?action=account.created');
    const rows = page.getByRole('list', { name: 'Audit entries' }).getByRole('listitem');
    await rows.filter({ hasText: 'Account created' }).first().waitFor();
    await page.goto('/audit');
    await rows
      .filter({ hasText: 'Verification started' })
      .getByText(/^shop .+ · shop$/)
      .first()
      .waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('REPOSITORY.UPD');
    await page.waitForURL('**/audit?search=REPOSITORY.UPD');
    await expect.poll(() => rows.filter({ hasText: 'Verification started' }).count()).toBe(0);
    await page.getByLabel('Action').selectOption('repository.updated');
    await page.waitForURL('**/audit?search=REPOSITORY.UPD&action=repository.updated');
    await page.reload();
    await rows.first().getByRole('link', { name: 'Repository updated' }).click();
    const name = page.getByRole('row', { name: /^name/ });
    await expect.poll(() => name.getByRole('cell').allInnerTexts()).toEqual(['renamed', 'default']);
    await page.getByRole('link', { name: 'default', exact: true }).click();
    await page.waitForURL(`**/repositories/${place?.id}`);
    await page.goto('/audit?from=1999-01-01&to=1999-12-31');
    await page.getByText('No entry fits these filters').waitFor();
    await page.getByRole('button', { name: 'Show all' }).first().click();
    await page.waitForURL('**/audit');
    await rows.first().waitFor();
    expect(troubles).toEqual([]);
    await context.close();
  });
});

it('a viewer sees no button that is refused, and neither the page for adding a repository nor the audit', async () => {
  const { page, context } = await console.openSignedOut('/repositories');
  await signIn(page, product, viewer);
  await page.getByRole('link', { name: 'default', exact: true }).waitFor();
  expect(await page.getByRole('button', { name: /^Test/ }).count()).toBe(0);
  expect(await page.getByRole('link', { name: 'Add a repository' }).count()).toBe(0);
  expect(await page.getByRole('link', { name: 'Audit' }).count()).toBe(0);
  await page.getByRole('link', { name: 'default', exact: true }).click();
  await page.getByText('Backups listed in it').waitFor();
  expect(await page.locator('main').getByRole('button').count()).toBe(0);
  for (const path of ['/repositories/new', '/audit', '/audit/1']) {
    await page.goto(path);
    await page.getByText('Your role does not include this page').waitFor();
  }
  for (const path of ['/api/v1/backup/audit', '/api/v1/backup/audit/entries/1']) {
    expect((await context.request.get(path)).status()).toBe(403);
  }
  await context.close();
});

describe('in light and dark', () => {
  it('axe finds nothing serious on the dashboard, repositories and the audit, and nothing sticks out at 360 px', async () => {
    const query = { action: 'environment.created', limit: 1 };
    const { items } = answered(await product.api.GET('/api/v1/backup/audit', { params: { query } }));
    const [place] = await repositories();
    const { page, context } = await console.open('/repositories');
    const nowhere = '0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d10';
    const pages: [string, string][] = [
      ['/', 'hf-environment-card'],
      ['/?search=shop', 'hf-environment-row'],
      ['/?search=nothing', 'hf-empty-state'],
      ['/repositories', 'hf-repository-row'],
      ['/repositories/new', 'form'],
      [`/repositories/${place?.id}`, 'dl'],
      [`/repositories/${nowhere}`, 'text=There is no repository'],
      ['/audit', 'hf-audit-row'],
      ['/audit?search=nothing+has+this', 'hf-empty-state'],
      [`/audit/${items[0]?.id}`, 'table'],
      ['/audit/999999999999', 'text=There is no audit entry'],
    ];
    for (const [path, whole] of pages) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(path);
      await page.locator('main').locator(whole).first().waitFor();
      expect([path, await seriousFindings(page)]).toEqual([path, []]);
      await page.setViewportSize({ width: 360, height: 740 });
      await expect.poll(async () => [path, await sticksOut(page)]).toEqual([path, false]);
    }
    await page.route('**/environments/overview*', (route) => route.abort());
    await page.goto('/');
    await page.getByRole('alert').getByText('Holdfast does not answer').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.goto(`/repositories/${place?.id}`);
    await page.getByRole('button', { name: 'Test' }).click();
    await page.getByText('Can be written').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.goto('/repositories/new');
    await page.getByLabel('Name').fill('elsewhere');
    await page.getByLabel('Path').fill('/elsewhere');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('alert').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await context.close();
  });
});
