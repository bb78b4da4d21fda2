import { throwawayPostgres, type ThrowawayPostgres } from '@holdfast/testing';
import { answered } from '@holdfast/tools/operations-client';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addViewer, openConsole, seriousFindings, signIn, type Console } from './console.ts';
import { lock } from './holds.ts';
import { completed, listedBackups, register, startProduct, type Database, type Product } from './product.ts';
import { addLargeTable, fillShop } from './shop-database.ts';

/** Removals wait for each other, and for a busy machine. */
const REMOVALS_MS = 90_000;

let product: Product;
let source: ThrowawayPostgres;
let shop: Database;
let environmentId: string;
let console: Console;

beforeAll(async () => {
  [product, source] = await Promise.all([startProduct(), throwawayPostgres(17)]);
  shop = await source.createDatabase('shop');
  await fillShop(shop, 500);
  await addLargeTable(shop, 20);
  environmentId = await register(product.api, 'shop', shop, { production: true, color: '#8e24aa' });
  console = await openConsole(product);
});
afterAll(async () => {
  await console?.stop();
  await product?.stop();
  await source?.stop();
});

const rowsOf = (page: Page): Locator => page.getByRole('list', { name: 'Backups', exact: true }).getByRole('listitem');
const rowOf = (page: Page, name: string): Locator => rowsOf(page).filter({ hasText: name });
const queryOf = (page: Page): string => new URL(page.url()).search;

/** Makes a backup by the API; answers its id. */
async function backedUpAs(name: string, tags: string[] = []): Promise<string> {
  const started = answered(await product.api.POST('/api/v1/backup', { body: { environmentId, name, tags } }));
  const { backupId } = await completed(product.api, started.operationId);
  return backupId ?? '';
}

const backupOf = async (id: string) =>
  answered(await product.api.GET('/api/v1/backup/{id}', { params: { path: { id } } }));

describe('backups', () => {
  it('begin with one that is started where none is, once however often one clicks, and show by themselves', async () => {
    const { page, context, troubles } = await console.open('/backups');
    await page.getByText('No backup yet').waitFor();
    await page.locator('hf-empty-state').getByRole('button', { name: 'Back up now' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('before the release');
    await dialog.getByRole('textbox', { name: 'Tags' }).fill('release');
    await dialog.getByRole('button', { name: 'Back up', exact: true }).dblclick();
    await page.getByText('The backup of shop has begun.').waitFor();
    await rowOf(page, 'before the release').getByText('Never verified').waitFor();
    const { items } = answered(await product.api.GET('/api/v1/progress', { params: { query: { kind: ['backup'] } } }));
    expect(items.length).toBe(1);
    expect(await listedBackups(product.api)).toMatchObject([{ name: 'before the release', tags: ['release'] }]);
    await page.getByRole('link', { name: 'Watch' }).click();
    await page.waitForURL(`**/operations/${items[0]?.id}`);
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('are found while one types, with the hits marked and the search in the address', async () => {
    await backedUpAs('nightly', ['nightly']);
    const { page, context, troubles } = await console.open('/backups');
    await rowOf(page, 'nightly').waitFor();
    await page.locator('h1').focus();
    await page.keyboard.press('/');
    await page.keyboard.type('release');
    await rowOf(page, 'nightly').waitFor({ state: 'detached' });
    expect(await rowOf(page, 'before the release').locator('mark').first().textContent()).toBe('release');
    expect(queryOf(page)).toBe('?search=release');
    await page.reload();
    await rowOf(page, 'before the release').locator('mark').first().waitFor();
    expect([await page.getByRole('searchbox').inputValue(), await rowsOf(page).count()]).toEqual(['release', 1]);
    await page.goto('/backups?search=release&status=damaged&minSize=1000');
    await page.getByText('Nothing has all of this: “release”, Damaged, At least 1 kB.').waitFor();
    await page.getByRole('button', { name: 'Take off: Damaged' }).click();
    await rowOf(page, 'before the release').waitFor();
    expect(queryOf(page)).toBe('?search=release&minSize=1000');
    await page.getByRole('button', { name: 'Clear all' }).click();
    await rowOf(page, 'nightly').waitFor();
    expect([queryOf(page), troubles]).toEqual(['', []]);
    await context.close();
  });

  it('go back and forward through what was chosen, list and controls, and not through every letter', async () => {
    const { page, context } = await console.open('/backups');
    const environment = page.getByRole('combobox', { name: 'Environment' });
    const controls = async () => [await environment.inputValue(), await page.getByRole('searchbox').inputValue()];
    await rowOf(page, 'before the release').waitFor();
    await environment.selectOption(environmentId);
    await page.getByRole('searchbox').fill('night');
    await page.waitForURL('**/backups?search=night&*');
    await page.getByRole('searchbox').fill('nightly');
    await page.waitForURL('**/backups?search=nightly&*');
    await page.getByRole('button', { name: /^Size: sort/ }).click();
    await page.waitForURL('**sort=-sizeBytes');
    await page.goBack();
    await expect.poll(() => queryOf(page)).toBe(`?search=nightly&environment=${environmentId}`);
    await page.getByRole('button', { name: 'Taken: sort', pressed: true }).waitFor();
    await page.goBack();
    await rowOf(page, 'before the release').waitFor();
    expect([queryOf(page), await controls()]).toEqual(['', ['', '']]);
    await page.goForward();
    await rowOf(page, 'before the release').waitFor({ state: 'detached' });
    expect(await controls()).toEqual([environmentId, 'nightly']);
    await context.close();
  });

  it('are shown in the columns that one chose in this browser, and the menu names those that do not fit', async () => {
    const { page, context } = await console.open('/backups');
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Rows' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Inside' }).click();
    await page.keyboard.press('Escape');
    await page.reload();
    await rowOf(page, 'nightly').waitFor();
    const head = await page.locator('hf-list-head').innerText();
    expect([head.includes('Rows'), head.includes('Inside')]).toEqual([true, false]);
    await page.getByRole('button', { name: /^Size: sort/ }).click();
    await page.waitForURL('**/backups?sort=-sizeBytes');
    await page.setViewportSize({ width: 900, height: 800 });
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Rows does not fit at this width' }).waitFor();
    await page.getByRole('menuitemcheckbox', { name: 'Taken', exact: true }).waitFor();
    await context.close();
  });

  it('have views that one saves, shows, renames and deletes', async () => {
    const { page, context, troubles } = await console.open('/backups?tag=nightly&sort=name');
    const views = page.locator('hf-views-menu').getByRole('button');
    const name = page.getByRole('dialog').getByRole('textbox', { name: 'Name' });
    await views.click();
    await page.getByRole('menuitem', { name: 'Save this view' }).click();
    await name.fill('Nights');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await views.getByText('Nights').waitFor();
    await page.goto('/backups');
    await views.click();
    await page.getByRole('menuitemradio', { name: 'Nights' }).click();
    await page.waitForURL('**/backups?tag=nightly&sort=name');
    await rowOf(page, 'before the release').waitFor({ state: 'detached' });
    await views.click();
    await page.getByRole('menuitem', { name: 'Change views' }).click();
    await page.getByRole('button', { name: 'Rename Nights' }).click();
    await name.fill('Every night');
    await page.getByRole('button', { name: 'Rename', exact: true }).click();
    await page.getByRole('button', { name: 'Delete Every night' }).click();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.getByText('None is left.').waitFor();
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('are tagged and deleted together, exactly those that were chosen', async () => {
    const [first, second, third] = [
      await backedUpAs('old one'),
      await backedUpAs('old two'),
      await backedUpAs('old three'),
    ];
    const { page, context, troubles } = await console.open('/backups?search=old');
    const dialog = page.getByRole('dialog');
    for (const name of ['old one', 'old two']) await page.getByLabel(`Choose ${name}`).check();
    const nameAt = async (name: string) => (await rowOf(page, name).getByRole('link').boundingBox())?.x;
    expect(await nameAt('old one')).toBe(await nameAt('old three'));
    await page.getByRole('button', { name: 'Add tags' }).click();
    await dialog.getByRole('textbox', { name: 'Tags to add' }).fill('unneeded');
    // As long as a finger presses: the tag is not done yet, and the button stays where it is until it is.
    await dialog.getByRole('button', { name: 'Add', exact: true }).click({ delay: 200 });
    await dialog.getByText('All of them are changed.').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    const tagsOf = async (id: string) => (await backupOf(id)).tags;
    expect([await tagsOf(first), await tagsOf(second), await tagsOf(third)]).toEqual([['unneeded'], ['unneeded'], []]);
    // Choosing goes on over another search, and the dialog names all of it.
    await page.getByRole('searchbox').fill('old three');
    await rowOf(page, 'old one').waitFor({ state: 'detached' });
    await page.getByText('2 chosen').waitFor();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await expect
      .poll(() => dialog.getByRole('listitem').allInnerTexts())
      .toEqual([expect.stringContaining('old one'), expect.stringContaining('old two')]);
    await dialog.getByText('Production: shop').waitFor();
    const confirm = dialog.getByRole('button', { name: 'Delete', exact: true });
    expect(await confirm.isEnabled()).toBe(false);
    await dialog.getByLabel('Type delete 2 to go on').fill('delete 2');
    await confirm.click();
    await dialog.getByText('All removals have started.').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    // Each removal has the repository alone, so that they come one after the other: nothing is chosen after the last one.
    // By its label: a dialog that closes still hides the roles of what is behind it.
    const chosen = page.getByLabel('Chosen backups', { exact: true });
    await chosen.waitFor({ state: 'detached', timeout: REMOVALS_MS });
    const left = (await listedBackups(product.api)).map(({ name }) => name);
    expect(left).toEqual(['old three', 'nightly', 'before the release']);
    await page.getByRole('searchbox').fill('old');
    await page.getByText('1 backup', { exact: true }).waitFor();
    expect(troubles).toEqual([]);
    await context.close();
  });
});

describe('a backup', () => {
  it('is verified from its page, which shows how that goes on until it is proven', async () => {
    const id = await backedUpAs('to prove');
    const { page, context, troubles } = await console.open(`/backups/${id}`);
    await page.getByText('Production').first().waitFor();
    await page.getByText('Never verified').waitFor();
    // Its outcome cannot be recorded before somebody has seen it running.
    const hold = await lock(product.stack.database, 'backups', 'SHARE');
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByRole('menuitem', { name: /^Trial restore/ }).click();
    await page.getByRole('list', { name: 'Steps' }).waitFor();
    await hold.release();
    await page.locator('hf-page-header hf-status-chip').getByText('Proven').waitFor({ timeout: 60_000 });
    await page.locator('hf-evidence').getByText('Tables compared').waitFor();
    await page.locator('hf-contents summary').filter({ hasText: 'sales' }).click();
    await page.getByRole('row', { name: /^orders 500 .* Equal/ }).waitFor();
    await page.locator('hf-contents summary').filter({ hasText: 'Definitions' }).click();
    await page.getByRole('table', { name: 'Definitions' }).getByRole('row').nth(1).waitFor();
    await page.getByRole('searchbox', { name: 'Search the contents' }).fill('custom');
    await page.getByRole('row', { name: /^sales.customers 2,000/ }).waitFor();
    await page
      .locator('hf-timeline')
      .getByRole('link', { name: /^Verification/ })
      .waitFor();
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('takes another name and tags where they stand, and shows what somebody else has written meanwhile', async () => {
    const id = await backedUpAs('to edit', ['a']);
    const { page, context, troubles } = await console.open(`/backups/${id}`);
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Name').fill('edited');
    await page.getByRole('textbox', { name: 'Tags' }).fill('x'.repeat(50));
    await page.getByText('A tag has 50 characters at most.').waitFor();
    await page.getByRole('textbox', { name: 'Tags' }).fill('');
    await page.getByText('Enter or a comma ends a tag.').waitFor();
    const { version } = await backupOf(id);
    const params = { path: { id }, header: { 'If-Match': `"${version}"` } };
    answered(await product.api.PATCH('/api/v1/backup/{id}', { params, body: { description: 'by somebody else' } }));
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Somebody else has changed this backup').waitFor();
    await expect.poll(() => page.locator('hf-backup-edit ins').allTextContents()).toEqual(['by somebody else']);
    expect(await page.getByLabel('Name').inputValue()).toBe('edited');
    await page.getByRole('button', { name: 'Save mine' }).click();
    await page.getByRole('heading', { name: 'edited' }).waitFor();
    expect(await backupOf(id)).toMatchObject({ name: 'edited', description: 'by somebody else', tags: ['a'] });
    expect(troubles).toEqual([]);
    await context.close();
  });

  it('is deleted once its name is typed, and its page says so', async () => {
    const id = await backedUpAs('to delete');
    const { page, context } = await console.open(`/backups/${id}`);
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Type to delete to go on').fill('to delete');
    await dialog.getByRole('button', { name: 'Delete it' }).click();
    await page.getByText('This backup has been removed').waitFor();
    expect((await product.api.GET('/api/v1/backup/{id}', { params: { path: { id } } })).response.status).toBe(404);
    await context.close();
  });

  it('is downloaded as a file', async () => {
    const [{ id = '' } = {}] = await listedBackups(product.api);
    const { page, context } = await console.open(`/backups/${id}`);
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download' }).click();
    expect((await download).suggestedFilename()).toMatch(/^shop-.*\.tar$/);
    expect(await (await download).failure()).toBeNull();
    await context.close();
  });
});

it('a viewer sees backups and nothing that changes them, and the API refuses it', async () => {
  const viewer = await addViewer(product);
  const [{ id = '' } = {}] = await listedBackups(product.api);
  const { page, context, troubles } = await console.openSignedOut('/backups');
  await signIn(page, product, viewer);
  await rowsOf(page).first().waitFor();
  expect([
    await page.getByRole('checkbox').count(),
    await page.getByRole('button', { name: 'Back up now' }).count(),
  ]).toEqual([0, 0]);
  await page.goto(`/backups/${id}`);
  await page.locator('hf-timeline').waitFor();
  for (const name of ['Verify', 'Delete', 'Edit']) {
    expect([name, await page.getByRole('button', { name }).count()]).toEqual([name, 0]);
  }
  expect(await page.getByRole('link', { name: 'Download' }).count()).toBe(0);
  const refused = await page.evaluate(
    `fetch('/api/v1/backup/${id}', { method: 'DELETE' }).then(({ status }) => status)`,
  );
  expect([refused, troubles]).toEqual([403, []]);
  await context.close();
});

describe('in light and dark, axe finds nothing serious', () => {
  it('on backups: chosen, filtered, without a hit, one of them, and what asks', async () => {
    const [{ id = '' } = {}] = await listedBackups(product.api);
    const { page, context } = await console.open('/backups?search=o');
    const quiet = async (where: string): Promise<void> => {
      expect([where, await seriousFindings(page)]).toEqual([where, []]);
    };
    await page
      .getByLabel(/^Choose (?!all)/)
      .first()
      .check();
    await page.getByRole('button', { name: 'Filters' }).click();
    await quiet('list');
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByRole('dialog').waitFor();
    await quiet('delete');
    await page.goto('/backups?status=expiring');
    await page.getByText('No backup fits').waitFor();
    await quiet('no hit');
    await page.getByRole('button', { name: 'Back up now' }).click();
    await page.getByRole('dialog').waitFor();
    await quiet('back up');
    await page.goto(`/backups/${id}`);
    await page.locator('hf-timeline').waitFor();
    await quiet('backup');
    await page.getByRole('button', { name: 'Edit' }).click();
    await quiet('edit');
    await context.close();
  });
});

it('nothing of backups sticks out at 360 px', async () => {
  const [{ id = '' } = {}] = await listedBackups(product.api);
  const { page, context } = await console.open('/backups');
  await page.setViewportSize({ width: 360, height: 740 });
  await page.getByRole('button', { name: 'Filters' }).click();
  const sticksOut = 'document.documentElement.scrollWidth > innerWidth';
  await rowsOf(page).first().waitFor();
  expect(await page.evaluate(sticksOut)).toBe(false);
  await page.goto(`/backups/${id}`);
  await page.locator('hf-timeline').waitFor();
  expect(await page.evaluate(sticksOut)).toBe(false);
  await context.close();
});
