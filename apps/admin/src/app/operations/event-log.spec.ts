// Angular's packages finish compiling when they are loaded, which a build does beforehand.
import '@angular/compiler';
import { HttpErrorResponse } from '@angular/common/http';
import { expect, it } from 'vitest';
import { EventLog, eventMatches, type OperationEvent } from './event-log.ts';

const event = (id: number, more: Partial<OperationEvent> = {}): OperationEvent => ({
  ...{ id: String(id), at: '2026-11-24T12:00:00.000Z', type: 'step', step: 'rows', message: `Event ${id}`, ...more },
});

/** A log of the API in pages of two, that can grow. */
function growing(events: OperationEvent[]) {
  const asked: (string | null)[] = [];
  const read = (cursor: string | null) => {
    asked.push(cursor);
    const from = cursor === null ? 0 : events.findIndex(({ id }) => id === cursor) + 1;
    const items = events.slice(from, from + 2);
    const more = events.length > from + 2;
    return Promise.resolve({ items, nextCursor: more ? (items.at(-1)?.id ?? null) : null });
  };
  return { log: new EventLog(read), asked };
}

it('reads to the end, and later only on from the last page', async () => {
  const events = [1, 2, 3].map((id) => event(id));
  const { log, asked } = growing(events);
  await log.readOn();
  expect([log.events().map(({ id }) => id), asked]).toEqual([
    ['1', '2', '3'],
    [null, '2'],
  ]);
  events.push(event(4), event(5, { type: 'retry', message: 'Attempt 2 began: gone' }));
  asked.length = 0;
  await log.readOn();
  expect([log.events().map(({ id }) => id), asked]).toEqual([
    ['1', '2', '3', '4', '5'],
    ['2', '4'],
  ]);
  expect(log.retries().map(({ message }) => message)).toEqual(['Attempt 2 began: gone']);
});

it('reads once more when it is asked to while it reads', async () => {
  const events = [event(1)];
  const { log, asked } = growing(events);
  const first = log.readOn();
  events.push(event(2));
  await Promise.all([first, log.readOn(), log.readOn()]);
  expect([log.events().length, asked.length]).toEqual([2, 2]);
});

it('says when it could not be read, and goes on the next time', async () => {
  let away = true;
  const log = new EventLog(() =>
    away
      ? Promise.reject(new HttpErrorResponse({ status: 0 }))
      : Promise.resolve({ items: [event(1)], nextCursor: null }),
  );
  await log.readOn();
  expect(log.problem()?.code).toBe('client.unreachable');
  away = false;
  await log.readOn();
  expect([log.problem(), log.events().length]).toEqual([null, 1]);
});

it('finds events by words of their step, type and message', () => {
  const found = event(1, { message: 'Attempt 2 began: the worker stopped answering', type: 'retry' });
  expect(['', 'ATTEMPT', 'worker rows', 'retry 2'].every((search) => eventMatches(found, search))).toBe(true);
  expect(eventMatches(found, 'worker schema')).toBe(false);
});
