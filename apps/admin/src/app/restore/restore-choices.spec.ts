import { expect, it } from 'vitest';
import { choicesOf, isChosen, placeOf, queryOf, requestOf } from './restore-choices.ts';

const OWN = '0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d10';
const OTHER = '0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d11';
const read = (query: string) => choicesOf(new URLSearchParams(query), OWN);
const asked = (query: string) => requestOf(read(query), { dryRun: true });
const place = (query: string) => placeOf(new URLSearchParams(query));

it('come back from the URL as they were written', () => {
  const query =
    `what=tables&table=public.a&table=public.b&content=data&where=other&environmentId=${OTHER}` +
    '&settings=yes&safety=no&quarantine=yes&compare=no';
  const choices = read(query);
  expect(queryOf(choices)).toEqual({
    ...{ what: 'tables', schema: null, table: ['public.a', 'public.b'], component: null, content: 'data' },
    ...{ where: 'other', environmentId: OTHER, database: null, settings: 'yes', safety: 'no' },
    ...{ quarantine: 'yes', compare: 'no' },
  });
});

it('mean a new database unless a link names another environment', () => {
  expect(read('what=dance&where=moon&content=half')).toMatchObject({ what: 'all', where: 'new', content: 'all' });
  expect(read(`environmentId=${OTHER}`)).toMatchObject({ where: 'other', environmentId: OTHER });
  expect(read(`environmentId=${OWN}`)).toMatchObject({ where: 'new', environmentId: null });
});

it('ask for a new database, which replaces nothing', () => {
  expect(asked('database=+copy+&safety=yes&settings=yes')).toEqual({
    ...{ newDatabase: 'copy', schemas: [], tables: [], components: null, content: 'all', applySettings: false },
    ...{ safetyBackup: null, overwrite: false, dryRun: true, confirm: null, quarantine: null, compareRows: null },
  });
});

it("ask for the environment's own database, whichever was chosen before", () => {
  const request = asked(`where=own&environmentId=${OTHER}&database=copy&what=schemas&schema=public&table=x.y`);
  expect(request).toMatchObject({ newDatabase: null, overwrite: true, schemas: ['public'], tables: [] });
  expect(request).not.toHaveProperty('environmentId');
});

it('are enough once something and some place are chosen', () => {
  expect(['', 'what=tables', 'what=tables&table=a.b'].map((query) => isChosen('what', read(query)))).toEqual([
    ...[true, false, true],
  ]);
  const wheres = ['', 'database=copy', 'where=own', 'where=other', `where=other&environmentId=${OTHER}`];
  expect(wheres.map((query) => isChosen('where', read(query)))).toEqual([false, true, true, false, true]);
});

it('lead to no step that lacks what it shows', () => {
  expect(place('')).toEqual({ step: 'what', preflight: null, operation: null });
  expect(place('step=check').step).toBe('where');
  expect(place('step=run').step).toBe('where');
  expect(place(`step=run&preflight=${OWN}`).step).toBe('check');
  expect(place(`step=run&operation=${OWN}`)).toEqual({ step: 'run', preflight: null, operation: OWN });
});
