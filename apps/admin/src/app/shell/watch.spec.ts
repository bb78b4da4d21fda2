import type { ProgressSnapshot } from '@holdfast/contracts';
import { expect, it } from 'vitest';
import { Watch, type Room } from './watch.ts';

const snapshot = (operationId: string, sequence: number, environmentId = 'e1') =>
  ({ operationId, environmentId, sequence }) as ProgressSnapshot;

function watching(room: Room) {
  const heard: string[] = [];
  const watch = new Watch(room, ({ operationId, sequence }) => heard.push(`${operationId}/${sequence}`));
  return { watch, heard };
}

it('lets no old news through, in whatever order it comes', () => {
  const { watch, heard } = watching({ all: true });
  for (const [id, sequence] of [
    ['a', 2],
    ['a', 1],
    ['b', 1],
    ['a', 2],
    ['a', 5],
    ['a', 4],
  ] as const) {
    watch.hear(snapshot(id, sequence));
  }
  expect(heard).toEqual(['a/2', 'b/1', 'a/5']);
});

it('hears of its room only', () => {
  const one = watching({ operationId: 'a' });
  const place = watching({ environmentId: 'e2' });
  for (const { watch } of [one, place]) {
    watch.hear(snapshot('a', 1));
    watch.hear(snapshot('b', 1, 'e2'));
  }
  expect([one.heard, place.heard]).toEqual([['a/1'], ['b/1']]);
});

it('remembers a bounded number of operations, those that were heard of last', () => {
  const { watch, heard } = watching({ all: true });
  watch.hear(snapshot('kept', 1));
  for (let n = 0; n < 1_500; n += 1) {
    watch.hear(snapshot(`op-${n}`, 1));
    if (n % 100 === 0) watch.hear(snapshot('kept', n + 2));
  }
  heard.length = 0;
  watch.hear(snapshot('kept', 3));
  watch.hear(snapshot('op-0', 1));
  expect(heard).toEqual(['op-0/1']);
});
