import { ROLES } from '@holdfast/contracts';
import { throwawayControlPlane, type ThrowawayControlPlane } from '@holdfast/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountOf, startApi, type RunningApi } from '../api-under-test.ts';
import { writeAudit } from './write-audit.ts';

let plane: ThrowawayControlPlane;
let api: RunningApi;
let token: string;
const ada = { id: crypto.randomUUID(), name: 'Ada', ip: '192.0.2.1', userAgent: 'spec' };
const environmentId = crypto.randomUUID();

beforeAll(async () => {
  plane = await throwawayControlPlane();
  api = await startApi({ DATABASE_URL: plane.url });
  ({ token } = await accountOf(plane.database, 'admin'));
  for (const action of ['backup.updated', 'backup.downloaded', 'environment.updated']) {
    const [resourceKind = ''] = action.split('.');
    await writeAudit(plane.database, ada, { action, resourceKind, resourceId: 'r', environmentId, after: { a: 1 } });
  }
  const cancelled = { action: 'verify.cancel_requested', resourceKind: 'operation', resourceId: 'o' };
  const bob = { ...ada, id: crypto.randomUUID(), name: 'Bob' };
  await writeAudit(plane.database, bob, { ...cancelled, after: { backupName: 'Weekly', environmentName: 'shop' } });
  await writeAudit(
    plane.database,
    { ...ada, id: null, name: 'system' },
    { action: 'account.created', resourceKind: 'account', after: { email: 'Eve@example.org' } },
  );
});
afterAll(async () => {
  await api?.stop();
  await plane?.stop();
});

const list = (query: string) => api.ask('GET', `/api/v1/backup/audit?${query}`, { token });
const actions = async (query: string): Promise<string[]> =>
  (await list(query)).body.items.map(({ action }: { action: string }) => action);

describe('200', () => {
  it('lists newest first, with who, where from, before and after', async () => {
    const answer = await list(`actorId=${ada.id}`);
    expect(answer.body.items[0]).toMatchObject({
      action: 'environment.updated',
      actorId: ada.id,
      actorName: 'Ada',
      ip: '192.0.2.1',
      userAgent: 'spec',
      environmentId,
      before: null,
      after: { a: 1 },
    });
  });

  it.each([
    ['action=backup.updated', ['backup.updated']],
    ['resourceKind=backup', ['backup.downloaded', 'backup.updated']],
    [`environmentId=${environmentId}&resourceId=r`, ['environment.updated', 'backup.downloaded', 'backup.updated']],
    [`environmentId=${environmentId}&search=UPDATED`, ['environment.updated', 'backup.updated']],
    ['search=syst', ['account.created']],
    [`search=nvironmen`, ['environment.updated']],
    ['search=backup_updated', []],
    ['search=%25', []],
    ['search=eve@ex', ['account.created']],
    ['search=ev_@ex', []],
    ['search=weekl', ['verify.cancel_requested']],
    ['search=shop', ['verify.cancel_requested']],
    [`actorId=${ada.id}&search=r&limit=1`, ['environment.updated']],
    ['after=2999-01-01T00:00:00Z', []],
    ['before=2999-01-01T00:00:00Z&resourceKind=account', ['account.created']],
  ])('filters by %s', async (query, expected) => {
    expect(await actions(query)).toEqual(expected);
  });

  it('pages', async () => {
    const first = (await list('limit=3')).body;
    const rest = (await list(`limit=3&cursor=${first.nextCursor}`)).body;
    expect([first.items.length, rest.items.length, rest.nextCursor]).toEqual([3, 2, null]);
  });
});

describe('one entry', () => {
  it('is answered by its id, as the list tells it', async () => {
    const [entry] = (await list('action=backup.updated')).body.items;
    const answer = await api.ask('GET', `/api/v1/backup/audit/entries/${entry.id}`, { token });
    expect([answer.status, answer.body]).toEqual([200, entry]);
  });

  it.each([
    ['999999999999999999', 404, 'resource.not_found'],
    ['9999999999999999999', 400, 'request.invalid'],
    ['one', 400, 'request.invalid'],
  ])('is not there: %s', async (id, status, code) => {
    const answer = await api.ask('GET', `/api/v1/backup/audit/entries/${id}`, { token });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
});

describe('400 and 403', () => {
  it('names a filter that it does not know', async () => {
    expect((await list('search=')).status).toBe(400);
    expect((await list('who=ada')).body).toMatchObject({ code: 'request.invalid', errors: [{ at: 'who' }] });
  });

  it('is for admins', async () => {
    for (const role of ROLES) {
      const as = { token: (await accountOf(plane.database, role)).token };
      for (const [path, found] of [
        ['/api/v1/backup/audit', 200],
        ['/api/v1/backup/audit/entries/999999999999999999', 404],
      ] as const) {
        expect((await api.ask('GET', path, as)).status).toBe(ROLES.indexOf(role) > 1 ? found : 403);
      }
    }
  });
});

describe('an entry', () => {
  it('is never changed or deleted, not even by us', async () => {
    await expect(plane.database.auditEntry.updateMany({ data: { actorName: 'Eve' } })).rejects.toThrow();
    await expect(plane.database.auditEntry.deleteMany()).rejects.toThrow();
  });
});
