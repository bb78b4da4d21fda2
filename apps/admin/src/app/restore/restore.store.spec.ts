// First: it brings Angular's compiler, without which the packages below do not load.
import { servicesWith } from '../ui/services-under-test.ts';
import { provideHttpClient } from '@angular/common/http';
import { HttpTestingController, provideHttpClientTesting } from '@angular/common/http/testing';
import { signal } from '@angular/core';
import { ActivatedRoute, convertToParamMap, Router, type ParamMap } from '@angular/router';
import { BehaviorSubject } from 'rxjs';
import { expect, it } from 'vitest';
import { Live } from '../shell/live.ts';
import { Api, type Schemas } from '../ui/api.ts';
import { Toasts } from '../ui/toasts.ts';
import { RestoreStore } from './restore.store.ts';

const BACKUP = '0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d10';
const OWN = '0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d11';
const STARTED = '0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d12';
const NEW = 'step=where&where=new&database=copy';

const settled = () => new Promise((go) => setTimeout(go));

/** What an address of the console holds, as the router makes it of what it is told. */
const queryWith = (given: Record<string, string | string[] | null>): ParamMap => {
  const held = Object.entries(given).filter((entry): entry is [string, string | string[]] => entry[1] !== null);
  return convertToParamMap(Object.fromEntries(held));
};

/** A wizard at an address, and an API whose answer comes when it is let. */
async function wizardAt(address: string) {
  const query = new BehaviorSubject(queryWith(Object.fromEntries(new URLSearchParams(address))));
  const asked: Schemas['RestoreBackup'][] = [];
  const toasted: string[] = [];
  let answer: { give: (started: unknown) => void; refuse: (error: unknown) => void } | null = null;
  const api = {
    send: (_method: string, _path: string, { body }: { body: Schemas['RestoreBackup'] }) => {
      asked.push(body);
      return new Promise((give, refuse) => (answer = { give, refuse }));
    },
  };
  const navigate = (_to: unknown, { queryParams }: { queryParams: Parameters<typeof queryWith>[0] }) => {
    query.next(queryWith(queryParams));
    return Promise.resolve(true);
  };
  const bed = servicesWith([
    ...[provideHttpClient(), provideHttpClientTesting(), RestoreStore],
    ...[
      { provide: ActivatedRoute, useValue: { queryParamMap: query } },
      { provide: Api, useValue: api },
      { provide: Live, useValue: { snapshotOf: () => signal(null), reconnects: signal(0) } },
      { provide: Router, useValue: { navigate } },
      { provide: Toasts, useValue: { started: (_: string, id: string) => toasted.push(id) } },
    ],
  ]);
  const store = bed.inject(RestoreStore);
  const http = bed.inject(HttpTestingController);
  store.open(BACKUP);
  bed.tick();
  http.expectOne(`/api/v1/backup/${BACKUP}`).flush({ id: BACKUP, environmentId: OWN });
  await settled();
  bed.tick();
  return {
    ...{ asked, bed, http, query, store, toasted },
    answered: async () => {
      answer?.give({ operationId: STARTED });
      await settled();
    },
    refused: async (error: unknown) => {
      answer?.refuse(error);
      await settled();
    },
  };
}

it('goes on to the report of what was sent', async () => {
  const { answered, asked, store } = await wizardAt(NEW);
  void store.lookAtTarget();
  await answered();
  expect(asked).toMatchObject([{ newDatabase: 'copy', dryRun: true }]);
  expect(store.place()).toEqual({ step: 'check', preflight: STARTED, operation: null });
});

it.each([
  ['another target', { where: 'own' }],
  ['another name', { newDatabase: 'other' }],
  ['other content', { content: 'schema' }],
] as const)('stays where it is when the report is of something else by then: %s', async (_, change) => {
  const { answered, store } = await wizardAt(NEW);
  void store.lookAtTarget();
  store.choose(change);
  await answered();
  expect(store.choices()).toMatchObject(change);
  expect([store.place(), store.checking.busy()]).toEqual([{ step: 'where', preflight: null, operation: null }, false]);
});

it('says nothing of what is not chosen any more', async () => {
  const { refused, store } = await wizardAt(`${NEW}&what=tables&table=a.b`);
  void store.lookAtTarget();
  store.choose({ tables: ['a.c'] });
  await refused(new Error('There is no a.b'));
  expect([store.checking.problem(), store.place().step]).toEqual([null, 'where']);
});

it('leads nobody back who has left', async () => {
  const { answered, bed, query, store, toasted } = await wizardAt(NEW);
  void store.lookAtTarget();
  bed.resetTestingModule();
  await answered();
  expect([query.value.get('preflight'), toasted]).toEqual([null, []]);
});

it('shows a restore that has begun with what it was asked for', async () => {
  const { answered, asked, store } = await wizardAt(`${NEW}&step=check&preflight=${OWN}`);
  void store.restore(null);
  store.choose({ where: 'own' });
  await answered();
  expect(asked).toMatchObject([{ newDatabase: 'copy', dryRun: false }]);
  expect(store.choices()).toMatchObject({ where: 'new', newDatabase: 'copy' });
  expect(store.place()).toEqual({ step: 'run', preflight: OWN, operation: STARTED });
});

it('tells whoever has left that a restore has begun', async () => {
  const { answered, bed, query, store, toasted } = await wizardAt(NEW);
  void store.restore(null);
  bed.resetTestingModule();
  await answered();
  expect([query.value.get('operation'), toasted]).toEqual([null, [STARTED]]);
});

it.each([
  ['where=new&database=copy', 'copy', false],
  ['where=new&database=other', 'copy', true],
  ['where=own', 'copy', true],
  ['where=own', null, false],
  ['where=new&database=copy', null, true],
  ['where=other', null, true],
])('shows a report only beside what it is of: %s, %s', async (choices, newDatabase, foreign) => {
  const { bed, http, store } = await wizardAt(`${choices}&step=check&preflight=${STARTED}`);
  const result = { dryRun: true, database: newDatabase ?? 'shop' };
  http.expectOne(`/api/v1/progress/${STARTED}`).flush({
    ...{ id: STARTED, kind: 'restore', dryRun: true, backupId: BACKUP, environmentId: OWN, newDatabase, result },
  });
  await settled();
  bed.tick();
  expect([store.isForeignCheck(), store.checkReport() === null]).toEqual([foreign, foreign]);
});
