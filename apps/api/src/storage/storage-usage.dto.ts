import { z } from 'zod';
import { TIME_STEPS, timeRangeQuery } from '../http/time-range.ts';

export const StorageUsageQuery = z.strictObject({
  ...timeRangeQuery,
  environmentId: z.uuid().optional(),
  repositoryId: z.uuid().optional(),
  step: z.enum(TIME_STEPS).default('day').describe('How `growth` is cut; weeks begin on Mondays'),
});
export type StorageUsageQuery = z.output<typeof StorageUsageQuery>;

const used = {
  backups: z.int(),
  sizeBytes: z.number().describe('Plain bytes'),
  storedBytes: z.number().describe('Bytes that they added to repositories'),
};

const Usage = z.object(used);
export type Usage = z.output<typeof Usage>;

export const StorageUsage = z
  .object({
    timeZone: z.string(),
    step: z.enum(TIME_STEPS),
    totals: Usage,
    byRepository: z.array(z.object({ repositoryId: z.uuid(), repositoryName: z.string(), ...used })),
    byEnvironment: z.array(z.object({ environmentId: z.uuid(), environmentName: z.string(), ...used })),
    growth: z.array(
      z.object({
        at: z.iso.date().describe('The first day of the step'),
        addedBytes: z.number().describe('What backups taken in the step added'),
        storedBytes: z.number().describe('What all backups taken up to its end added'),
      }),
    ),
  })
  .meta({ id: 'StorageUsage' });
export type StorageUsage = z.output<typeof StorageUsage>;
