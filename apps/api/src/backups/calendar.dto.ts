import { z } from 'zod';
import { timeRangeQuery } from '../http/time-range.ts';

export const BackupCalendarQuery = z.strictObject({
  ...timeRangeQuery,
  environmentId: z.uuid().optional().describe('Only backups of this environment'),
});
export type BackupCalendarQuery = z.output<typeof BackupCalendarQuery>;

export const BackupCalendar = z
  .object({
    timeZone: z.string().describe('The time zone of the days, as asked'),
    days: z
      .array(
        z.object({
          day: z.iso.date().describe('The day in that time zone'),
          good: z.int().describe('Backups that nothing was found against'),
          damaged: z.int().describe('Backups with damage or a difference'),
          failed: z.int().describe('Backups that were asked for and failed'),
          storedBytes: z.number().describe('Bytes that its backups added to repositories'),
        }),
      )
      .describe('Only days that have something'),
  })
  .meta({ id: 'BackupCalendar' });
export type BackupCalendar = z.output<typeof BackupCalendar>;
