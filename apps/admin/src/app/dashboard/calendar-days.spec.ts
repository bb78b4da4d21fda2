import { expect, it } from 'vitest';
import { calendarOf, daysLater, levelOf, todayOf } from './calendar-days.ts';

const day = (name: string, good = 1) => ({ day: name, good, damaged: 0, failed: 0, storedBytes: 0 });

it('have weeks from Monday to Sunday, and nothing outside of the range', () => {
  // 2026-11-24 is a Tuesday.
  const [part, ...more] = calendarOf('2026-11-24', '2026-12-02', [day('2026-11-30')], 53);
  expect(more).toEqual([]);
  expect(part?.weeks.map((week) => week.map((one) => one?.day.slice(5) ?? null))).toEqual([
    [null, '11-24', '11-25', '11-26', '11-27', '11-28', '11-29'],
    ['11-30', '12-01', '12-02', null, null, null, null],
  ]);
  expect([part?.weeks[1]?.[0]?.happened, part?.weeks[1]?.[1]?.happened]).toEqual([day('2026-11-30'), null]);
  expect(part?.months).toEqual([{ week: 1, day: '2026-12-01' }]);
});

it('are cut into parts, of which the newest is whole', () => {
  const to = '2026-11-24';
  const parts = calendarOf(daysLater(to, -364), to, [], 27);
  expect(parts.map(({ weeks }) => weeks.length)).toEqual([26, 27]);
  const days = parts.flatMap(({ weeks }) => weeks.flat()).filter((one) => one !== null);
  expect([days.length, days[0]?.day, days.at(-1)?.day]).toEqual([365, '2025-11-25', to]);
});

it('are the days of the reader', () => {
  expect(todayOf(new Date(2026, 0, 5, 23, 59))).toBe('2026-01-05');
});

it('are as full as they are beside the fullest', () => {
  expect([0, 1, 2, 5, 8].map((good) => levelOf(good, 8))).toEqual([0, 1, 1, 3, 4]);
  expect(levelOf(1, 1)).toBe(4);
});
