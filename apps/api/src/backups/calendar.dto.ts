import { z } from 'zod';
import { timeRangeQuery } from '../http/time-range.ts';

export const BackupCalendarQuery = z.strictObject({ ...timeRangeQuery, environmentId: z.uuid().optional() });
export type BackupCalendarQuery = z.output<typeof BackupCalendarQuery>;

export const BackupCalendar = z
  .object({
    timeZone: z.string(),
    days: z
      .array(
        z.object({
          day: z.iso.date(),
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
