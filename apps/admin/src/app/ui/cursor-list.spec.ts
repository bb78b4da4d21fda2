// Angular's packages finish compiling when they are loaded, which a build does beforehand.
import '@angular/compiler';
import { HttpErrorResponse } from '@angular/common/http';
import { expect, it } from 'vitest';
import { CursorList, type Page, type ReadPage } from './cursor-list.ts';

interface Row {
  id: string;
  word?: string;
}

const rows = (...ids: string[]): Row[] => ids.map((id) => ({ id }));
const settled = () => new Promise((go) => setTimeout(go));
const idsOf = (list: CursorList<Row>) => list.items().map(({ id }) => id);

/** Pages by cursor; null is the first one. */
const reading = (pages: Record<string, Page<Row>>): ReadPage<Row> => {
  return (cursor) => {
    const page = pages[cursor ?? 'first'];
    return page ? Promise.resolve(page) : Promise.reject(new HttpErrorResponse({ status: 0 }));
  };
};

it('reads page by page to the end', async () => {
  const list = new CursorList<Row>();
  list.ask(reading({ first: { items: rows('3', '2'), nextCursor: 'b' }, b: { items: rows('1'), nextCursor: null } }));
  expect(list.state()).toBe('loading');
  await settled();
  list.more();
  list.more();
  await settled();
  list.more();
  expect([list.state(), list.busy(), idsOf(list)]).toEqual(['ready', false, ['3', '2', '1']]);
});

it('throws away the answer to an older question', async () => {
  const list = new CursorList<Row>();
  let answerOld = (_page: Page<Row>): void => undefined;
  let aborted = false;
  list.ask((_cursor, signal) => {
    signal.addEventListener('abort', () => (aborted = true));
    return new Promise((done) => (answerOld = done));
  });
  list.ask(reading({ first: { items: rows('new'), nextCursor: null } }));
  answerOld({ items: rows('old'), nextCursor: null });
  await settled();
  expect([aborted, idsOf(list)]).toEqual([true, ['new']]);
});

it('fails as a whole at the first page only, and can be tried again', async () => {
  const list = new CursorList<Row>();
  const pages: Record<string, Page<Row>> = {};
  list.ask(reading(pages));
  await settled();
  expect([list.state(), list.problem()?.code]).toEqual(['failed', 'client.unreachable']);
  pages['first'] = { items: rows('2'), nextCursor: 'b' };
  list.again();
  await settled();
  list.more();
  await settled();
  expect([list.state(), list.problem()?.code, idsOf(list)]).toEqual(['ready', 'client.unreachable', ['2']]);
  pages['b'] = { items: rows('1'), nextCursor: null };
  list.again();
  await settled();
  expect([list.problem(), idsOf(list)]).toEqual([null, ['2', '1']]);
});

it('puts what is new in front, and keeps later pages', async () => {
  const list = new CursorList<Row>();
  const pages: Record<string, Page<Row>> = {
    first: { items: rows('2'), nextCursor: 'b' },
    b: { items: rows('1'), nextCursor: null },
  };
  list.ask(reading(pages));
  await settled();
  list.more();
  await settled();
  pages['first'] = { items: [{ id: '3' }, { id: '2', word: 'changed' }], nextCursor: 'b' };
  await list.refresh();
  expect(list.items()).toEqual([{ id: '3' }, { id: '2', word: 'changed' }, { id: '1' }]);
});

it('says that it could not be read again, and reads the same again when asked to', async () => {
  const list = new CursorList<Row>();
  const pages: Record<string, Page<Row>> = { first: { items: rows('2', '1'), nextCursor: null } };
  list.ask(reading(pages));
  await settled();
  delete pages['first'];
  await list.refresh();
  expect([list.state(), list.problem()?.code, idsOf(list)]).toEqual(['ready', 'client.unreachable', ['2', '1']]);
  pages['first'] = { items: rows('3'), nextCursor: null };
  list.again();
  await settled();
  expect([list.problem(), idsOf(list)]).toEqual([null, ['3']]);
});

it('forgets what is no more, once the first page is all there is', async () => {
  const list = new CursorList<Row>();
  const pages: Record<string, Page<Row>> = {
    first: { items: rows('3', '2'), nextCursor: 'b' },
    b: { items: rows('1'), nextCursor: null },
  };
  list.ask(reading(pages));
  await settled();
  pages['first'] = { items: rows('2', '1'), nextCursor: null };
  await list.refresh();
  expect([idsOf(list), list.complete()]).toEqual([['2', '1'], true]);
});

it('changes and takes out single items', async () => {
  const list = new CursorList<Row>();
  list.ask(reading({ first: { items: rows('2', '1'), nextCursor: null } }));
  await settled();
  expect(list.patch('2', (row) => ({ ...row, word: 'x' }))).toBe(true);
  expect(list.patch('1', () => null)).toBe(true);
  expect(list.patch('0', () => null)).toBe(false);
  expect(list.items()).toEqual([{ id: '2', word: 'x' }]);
});

it('shows each item once and the newest answer, in whatever order answers come', async () => {
  const list = new CursorList<Row>();
  const answers: ((page: Page<Row>) => void)[] = [];
  const asked: ReadPage<Row> = () => new Promise((done) => answers.push(done));
  list.ask(asked);
  answers[0]?.({ items: rows('3', '2'), nextCursor: 'b' });
  await settled();
  void list.refresh();
  void list.refresh();
  answers[2]?.({ items: rows('5', '3', '2'), nextCursor: 'b' });
  await settled();
  answers[1]?.({ items: rows('4', '3', '2'), nextCursor: 'b' });
  await settled();
  expect(idsOf(list)).toEqual(['5', '3', '2']);
  // a page under way is of what was there before the refresh that is all of it
  list.more();
  void list.refresh();
  answers[4]?.({ items: rows('5', '1'), nextCursor: null });
  await settled();
  answers[3]?.({ items: rows('1', '0'), nextCursor: null });
  await settled();
  expect([idsOf(list), list.busy(), list.complete()]).toEqual([['5', '1'], false, true]);
});
