// Angular's packages finish compiling when they are loaded, which a build does beforehand.
import '@angular/compiler';
import { HttpErrorResponse } from '@angular/common/http';
import { expect, it } from 'vitest';
import { BulkRun } from './bulk-run.ts';

const items = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `b${index}` }));
const statesOf = (run: BulkRun<{ id: string }>) => run.items.map(({ id }) => run.outcomeOf(id).state);

it('does each of them, a few at a time, and none of the others when one is refused', async () => {
  const run = new BulkRun(items(10));
  let now = 0;
  let most = 0;
  await run.run(async ({ id }) => {
    most = Math.max(most, (now += 1));
    await Promise.resolve();
    now -= 1;
    if (id === 'b3') throw new HttpErrorResponse({ status: 0 });
    return `of ${id}`;
  });
  expect([most, run.done().length, run.refused(), run.complete()]).toEqual([4, 9, [{ id: 'b3' }], false]);
  expect(run.outcomeOf('b4')).toEqual({ state: 'done', operationId: 'of b4' });
});

it('tries again only what was refused, with the same key where no answer came', async () => {
  const run = new BulkRun(items(3));
  const keys: string[] = [];
  const act =
    (status: number) =>
    async ({ id }: { id: string }, key: string) => {
      keys.push(`${id} ${key}`);
      await Promise.resolve();
      if (id === 'b1' && status !== 200) throw new HttpErrorResponse({ status });
      return null;
    };
  await run.run(act(0));
  await run.run(act(502));
  await run.run(act(200));
  expect([statesOf(run), run.complete()]).toEqual([['done', 'done', 'done'], true]);
  const [, lost, , again, anew] = keys;
  expect(keys.map((key) => key.slice(0, 2))).toEqual(['b0', 'b1', 'b2', 'b1', 'b1']);
  expect([again === lost, anew === again]).toEqual([true, false]);
});

it('is one run also when it is asked for twice', async () => {
  const run = new BulkRun(items(2));
  let asked = 0;
  const act = () => Promise.resolve(String((asked += 1)));
  await Promise.all([run.run(act), run.run(act)]);
  expect(asked).toBe(2);
});
