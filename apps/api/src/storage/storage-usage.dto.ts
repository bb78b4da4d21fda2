import { z } from 'zod';
import { TIME_STEPS, timeRangeQuery } from '../http/time-range.ts';

export const StorageUsageQuery = z.strictObject({
  ...timeRangeQuery,
  environmentId: z.uuid().optional().describe('Only backups of this environment'),
  repositoryId: z.uuid().optional().describe('Only backups in this repository'),
  step: z.enum(TIME_STEPS).default('day').describe('How `growth` is cut; weeks begin on Mondays'),
});
export type StorageUsageQuery = z.output<typeof StorageUsageQuery>;

const used = {
  backups: z.int().describe('How many are kept; one that is being removed counts no more'),
  sizeBytes: z.number().describe('Plain bytes of all that they hold, before compression'),
  storedBytes: z.number().describe('Bytes that they added to repositories'),
};

const Usage = z.object(used);
export type Usage = z.output<typeof Usage>;

export const StorageUsage = z
  .object({
    timeZone: z.string().describe('The time zone of the days, as asked'),
    step: z.enum(TIME_STEPS).describe('How `growth` is cut, as asked'),
    totals: Usage.describe('Of all backups that fit the filters'),
    byRepository: z
      .array(
        z.object({
          repositoryId: z.uuid().describe('The repository that holds them'),
          repositoryName: z.string().describe('Its name now'),
          ...used,
        }),
      )
      .describe('The 50 repositories with the most `storedBytes`, the largest first'),
    byEnvironment: z
      .array(
        z.object({
          environmentId: z.uuid().describe('The environment that they were taken of'),
          environmentName: z.string().describe('Its name now'),
          ...used,
        }),
      )
      .describe('The 50 environments with the most `storedBytes`, the largest first'),
    growth: z
      .array(
        z.object({
          at: z.iso.date().describe('The first day of the step'),
          addedBytes: z.number().describe('What backups taken in the step added'),
          storedBytes: z.number().describe('What all backups taken up to its end added'),
        }),
      )
      .describe('Every step of the range, in order, those without backups too'),
  })
  .meta({ id: 'StorageUsage' });
export type StorageUsage = z.output<typeof StorageUsage>;
