import { OperationError } from '@holdfast/contracts';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { periodsOf, timeRangeQuery } from './time-range.ts';

const day = (day: string, timeZone: string) => {
  const { starts, end } = periodsOf({ from: day, to: day, timeZone }, 'day', 1);
  return [...starts, end];
};

describe('a day', () => {
  it.each([
    ['2026-03-29', 'UTC', '2026-03-29T00:00:00.000Z', '2026-03-30T00:00:00.000Z'],
    ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    ['2026-10-25', 'Europe/Berlin', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    ['2026-01-01', 'Asia/Calcutta', '2025-12-31T18:30:00.000Z', '2026-01-01T18:30:00.000Z'],
    // Clocks go from 00:00 to 01:00.
    ['2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z', '2018-11-05T02:00:00.000Z'],
    // 00:00 comes twice.
    ['2026-11-01', 'America/Havana', '2026-11-01T04:00:00.000Z', '2026-11-02T05:00:00.000Z'],
  ])('%s in %s begins at its first instant and ends where the next begins', (text, zone, start, end) => {
    expect(day(text, zone)).toEqual([start, end]);
  });
});

describe('a range', () => {
  it('is cut into whole days, weeks from Monday and months', () => {
    const range = { from: '2026-01-30', to: '2026-03-02', timeZone: 'Europe/Berlin' };
    expect(periodsOf(range, 'day', 1).days).toHaveLength(32);
    const weeks = periodsOf(range, 'week', 1);
    expect(weeks.days).toEqual(['2026-01-26', '2026-02-02', '2026-02-09', '2026-02-16', '2026-02-23', '2026-03-02']);
    expect(weeks.end).toBe('2026-03-08T23:00:00.000Z');
    expect(periodsOf(range, 'month', 1)).toEqual({
      days: ['2026-01-01', '2026-02-01', '2026-03-01'],
      starts: ['2025-12-31T23:00:00.000Z', '2026-01-31T23:00:00.000Z', '2026-02-28T23:00:00.000Z'],
      end: '2026-03-31T22:00:00.000Z',
    });
  });

  it('ends today and has the usual length unless it says more', () => {
    const { days } = periodsOf({ timeZone: 'UTC' }, 'day', 30);
    expect(days).toHaveLength(30);
    expect(Math.abs(Date.now() - Date.parse(days.at(-1) ?? ''))).toBeLessThan(2 * 86_400_000);
  });

  it.each([
    ['2026-01-02', '2026-01-01', 'to'],
    ['2025-01-01', '2026-02-05', 'from'],
  ])('from %s to %s is refused, naming %s', (from, to, at) => {
    const cut = () => periodsOf({ from, to, timeZone: 'UTC' }, 'day', 1);
    expect(cut).toThrow(OperationError);
    expect(cut).toThrow(
      expect.objectContaining({ code: 'request.invalid', errors: [expect.objectContaining({ at })] }),
    );
    expect(periodsOf({ from: '2025-01-01', to: '2026-02-04', timeZone: 'UTC' }, 'day', 1).days).toHaveLength(400);
  });
});

describe('a time zone', () => {
  const schema = z.object(timeRangeQuery);

  it.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])('may be %s', (timeZone) => {
    expect(schema.safeParse({ timeZone }).success).toBe(true);
  });

  it.each(['', '+01:00', 'Mars/Olympus', 'Europe/Berlin; DROP'])('may not be %j', (timeZone) => {
    expect(schema.safeParse({ timeZone }).success).toBe(false);
  });
});
