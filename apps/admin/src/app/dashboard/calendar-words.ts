import type { Schemas } from '../ui/api.ts';
import { formatBytes, formatNumber } from '../ui/format.ts';

type Happened = Schemas['BackupCalendar']['days'][number];

const dayFormat = new Intl.DateTimeFormat(undefined, {
  ...{ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' },
});
const monthFormat = new Intl.DateTimeFormat(undefined, { month: 'short', timeZone: 'UTC' });
const weekdayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'short', timeZone: 'UTC' });

/** Monday to Sunday, as the reader calls them. */
export const WEEKDAYS: readonly string[] = Array.from({ length: 7 }, (_, index) =>
  // The fifth of January 1970 was a Monday.
  weekdayFormat.format(Date.UTC(1970, 0, 5 + index)),
);

export const monthName = (day: string): string => monthFormat.format(Date.parse(day));
export const dayName = (day: string): string => dayFormat.format(Date.parse(day));

const counted = (count: number, one: string, many: string): string[] =>
  count === 0 ? [] : [`${formatNumber(count)} ${count === 1 ? one : many}`];

/** What happened on a day, in a sentence. */
export function dayWords(day: string, happened: Happened | null): string {
  const parts = happened
    ? [
        ...counted(happened.good, 'good backup', 'good backups'),
        ...counted(happened.damaged, 'damaged', 'damaged'),
        ...counted(happened.failed, 'failed', 'failed'),
        ...(happened.storedBytes > 0 ? [`${formatBytes(happened.storedBytes)} added`] : []),
      ]
    : [];
  return `${dayName(day)}: ${parts.length > 0 ? parts.join(', ') : 'no backup'}`;
}
