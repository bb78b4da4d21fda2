import { DateTime, IANAZone, Settings } from 'luxon';
import { z } from 'zod';
import { invalidFields } from './all-checks.ts';

// What slips through the schema is an error, and not a date that says it is invalid.
Settings.throwOnInvalid = true;
declare module 'luxon' {
  interface TSSettings {
    throwOnInvalid: true;
  }
}

/** How many days, weeks or months an answer has at most. */
const LONGEST = 400;

export const TIME_STEPS = ['day', 'week', 'month'] as const;
export type TimeStep = (typeof TIME_STEPS)[number];

/** The query of everything that is told by day. */
export const timeRangeQuery = {
  from: z.iso.date().optional().describe('The first day, `YYYY-MM-DD`'),
  to: z.iso.date().optional().describe('The last day, `YYYY-MM-DD`; today unless said'),
  timeZone: z
    .string()
    .max(64)
    // An offset is no zone: it does not know when clocks change.
    .refine((name) => /^[A-Za-z]/.test(name) && IANAZone.isValidZone(name), { error: 'expected a zone of IANA' })
    .default('UTC')
    .describe('Name of an IANA time zone: where days begin and end')
    .meta({ example: 'Europe/Berlin' }),
};

export interface TimeRange {
  from?: string | undefined;
  to?: string | undefined;
  timeZone: string;
}

/** Days, weeks or months one after another: the day and the instant at which each begins, and the instant of their end. */
export interface Periods {
  days: string[];
  starts: string[];
  end: string;
}

/**
 * Cuts a range into whole steps of its own time zone; without `from` it has `usual` of them. Throws `request.invalid` for
 * one that ends before it begins or has more than 400.
 */
export function periodsOf({ from, to, timeZone }: TimeRange, step: TimeStep, usual: number): Periods {
  // Counted in UTC, where every day is as long as the next; our own zones, and not Postgres's, which may know fewer.
  const calendar = (day: string): DateTime => DateTime.fromISO(day, { zone: 'UTC' }).startOf(step);
  const last = calendar(to ?? DateTime.now().setZone(timeZone).toISODate());
  const first = from === undefined ? last.minus({ [step]: usual - 1 }) : calendar(from);
  const count = Math.round(last.diff(first, step).as(step)) + 1;
  if (count < 1) throw invalidFields([{ at: 'to', message: 'is before from' }]);
  if (count > LONGEST) throw invalidFields([{ at: 'from', message: `expected at most ${LONGEST} ${step}s` }]);
  const days = Array.from({ length: count }, (_, index) => first.plus({ [step]: index }).toISODate());
  // Where midnight comes twice, the day begins with the first.
  const instant = (day: string): string => {
    const midnight = DateTime.fromISO(day, { zone: timeZone }).startOf('day');
    return (midnight.getPossibleOffsets()[0] ?? midnight).toUTC().toISO();
  };
  return { days, starts: days.map(instant), end: instant(last.plus({ [step]: 1 }).toISODate()) };
}
