import type { Schemas } from '../ui/api.ts';

type Happened = Schemas['BackupCalendar']['days'][number];

/** One day of the calendar; null: nothing happened on it. */
export interface CalendarDay {
  day: string;
  happened: Happened | null;
}

/** Some weeks below each other's days: `weeks[n][0]` is a Monday; null: outside of the range. */
export interface CalendarPart {
  weeks: (CalendarDay | null)[][];
  /** Month beginnings: in which week, and its first day. */
  months: { week: number; day: string }[];
}

const DAY_MS = 86_400_000;
const WEEK = 7;
/** Days of the calendar: twelve months, whatever their lengths. */
export const CALENDAR_DAYS = 365;

const utc = (day: string): number => Date.parse(`${day}T00:00:00Z`);
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
/** Monday is 0. */
const weekdayOf = (at: number): number => (new Date(at).getUTCDay() + 6) % WEEK;

/** A day so many days later. */
export const daysLater = (day: string, days: number): string => dayOf(utc(day) + days * DAY_MS);

/** The reader's today, whatever UTC says. */
export function todayOf(now: Date): string {
  const [year, month, day] = [now.getFullYear(), now.getMonth() + 1, now.getDate()];
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** Every day from `from` to `to` in weeks from Monday to Sunday, cut into parts of so many weeks. */
export function calendarOf(from: string, to: string, told: readonly Happened[], weeksInPart: number): CalendarPart[] {
  const happened = new Map(told.map((day) => [day.day, day]));
  const [first, last] = [utc(from), utc(to)];
  const monday = first - weekdayOf(first) * DAY_MS;
  const count = Math.ceil((last - monday + DAY_MS) / (WEEK * DAY_MS));
  const weeks = Array.from({ length: count }, (_, week) =>
    Array.from({ length: WEEK }, (_none, weekday): CalendarDay | null => {
      const at = monday + (week * WEEK + weekday) * DAY_MS;
      if (at < first || at > last) return null;
      const day = dayOf(at);
      return { day, happened: happened.get(day) ?? null };
    }),
  );
  // The last part is whole: what is missing is missing from the first, the oldest one.
  const parts: CalendarPart[] = [];
  for (let end = weeks.length; end > 0; end -= weeksInPart)
    parts.unshift(partOf(weeks.slice(Math.max(0, end - weeksInPart), end)));
  return parts;
}

function partOf(weeks: (CalendarDay | null)[][]): CalendarPart {
  const months = weeks.flatMap((week, index) => {
    const first = week.find((day) => day?.day.endsWith('-01'));
    return first ? [{ week: index, day: first.day }] : [];
  });
  return { weeks, months };
}

/** How full a day is, 0 to 4, beside the fullest of all. */
export function levelOf(good: number, most: number): number {
  if (good === 0) return 0;
  return Math.max(1, Math.ceil((good / Math.max(most, 1)) * 4));
}
