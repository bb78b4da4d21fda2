import { throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountOf, startApi, type Answer, type RunningApi } from '../api-under-test.ts';

let plane: ThrowawayControlPlane;
let api: RunningApi;
let me: { id: string; token: string };
let other: { id: string; token: string };

beforeAll(async () => {
  plane = await throwawayControlPlane();
  api = await startApi({ DATABASE_URL: plane.url });
  [me, other] = [await accountOf(plane.database, 'viewer'), await accountOf(plane.database, 'owner')];
});
afterAll(async () => {
  await api?.stop();
  await plane?.stop();
});
beforeEach(() => plane.database.savedView.deleteMany());

const QUERY = 'status=damaged&sort=-takenAt&search=a%20%26%20b';
const ask = (method: string, path = '', body?: object, { token } = me): Promise<Answer> =>
  api.ask(method, `/api/v1/views${path}`, { token, ...(body === undefined ? {} : { body }) });
const save = (over: object = {}, as = me) =>
  ask('POST', '', { page: 'backups', name: 'Mine', query: QUERY, ...over }, as);
const names = async (query = '', as = me): Promise<string[]> =>
  (await ask('GET', `?page=backups${query}`, undefined, as)).body.items.map(({ name }: { name: string }) => name);
const audited = async (id: string) =>
  (await plane.database.auditEntry.findMany({ where: { resourceId: id }, orderBy: { id: 'asc' } })).map(
    ({ action }) => action,
  );

describe('200 and 201', () => {
  it('saves a view and lists it by name, page by page, to its account alone', async () => {
    const { status, body } = await save({ name: '  Mine ' });
    expect([status, body]).toMatchObject([201, { page: 'backups', name: 'Mine', query: QUERY }]);
    await save({ name: 'Another', query: '' });
    await save({ name: 'Foreign' }, other);
    expect(await names()).toEqual(['Another', 'Mine']);
    const first = (await ask('GET', '?page=backups&limit=1')).body;
    expect([first.items[0].name, await names(`&limit=1&cursor=${first.nextCursor}`)]).toEqual(['Another', ['Mine']]);
    expect(await names('', other)).toEqual(['Foreign']);
  });

  it('renames and replaces', async () => {
    const { id } = (await save()).body;
    const answer = await ask('PUT', `/${id}`, { name: 'Ours', query: 'kind=full' });
    expect(answer).toMatchObject({ status: 200, body: { id, page: 'backups', name: 'Ours', query: 'kind=full' } });
    expect(await audited(id)).toEqual(['view.created', 'view.updated']);
  });
});

describe('204', () => {
  it('deletes', async () => {
    const { id } = (await save()).body;
    expect((await ask('DELETE', `/${id}`)).status).toBe(204);
    expect(await names()).toEqual([]);
    expect(await audited(id)).toEqual(['view.created', 'view.deleted']);
  });
});

describe('400', () => {
  it.each(['?a=b', 'a=b#c', 'a=b c', 'a=%', 'a=%zz', 'a="b"', 'ä=b', `a=${'x'.repeat(2_000)}`])(
    'takes no %s for the query of a URL',
    async (query) => {
      expect(await save({ query })).toMatchObject({ status: 400, body: { errors: [{ at: 'query' }] } });
    },
  );

  it('knows its pages, and names every wrong field', async () => {
    const { body } = await save({ page: 'nowhere', name: ' ', accountId: other.id });
    expect(body.errors.map(({ at }: { at: string }) => at).toSorted()).toEqual(['accountId', 'name', 'page']);
    expect((await ask('GET')).body).toMatchObject({ code: 'request.invalid', errors: [{ at: 'page' }] });
  });
});

describe('404', () => {
  it('does not know the views of others', async () => {
    const { id } = (await save({}, other)).body;
    expect(await ask('PUT', `/${id}`, { name: 'x', query: '' })).toMatchObject({ status: 404 });
    expect(await ask('DELETE', `/${id}`)).toMatchObject({ status: 404, body: { code: 'resource.not_found' } });
    expect(await names('', other)).toEqual(['Mine']);
  });
});

describe('409', () => {
  it('has one view of a name on a page for each account', async () => {
    const taken = { status: 409, body: { code: 'resource.conflict', errors: [{ at: 'name' }] } };
    await save();
    expect(await save()).toMatchObject(taken);
    expect((await save({}, other)).status).toBe(201);
    const { id } = (await save({ name: 'Second' })).body;
    expect(await ask('PUT', `/${id}`, { name: 'Mine', query: '' })).toMatchObject(taken);
  });

  it('keeps a hundred at most, also of two that come at once', async () => {
    const data = Array.from({ length: 99 }, (_, n) => ({ accountId: me.id, page: 'backups', name: `${n}`, query: '' }));
    await plane.database.savedView.createMany({ data });
    const answers = await Promise.all([save({ name: 'a' }), save({ name: 'b' })]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    expect(await save({ name: 'c' })).toMatchObject({ status: 409, body: { code: 'view.too_many' } });
    expect((await save({}, other)).status).toBe(201);
  });
});
