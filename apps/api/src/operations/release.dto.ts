import { QUARANTINED_KINDS } from '@holdfast/contracts';
import { z } from 'zod';

const item = z.object({
  kind: z.enum(QUARANTINED_KINDS).describe('What kind of thing it is'),
  name: z.string().describe('Its name as SQL quotes it, and where it is').meta({ example: 'hook on public.orders' }),
  state: z.string().describe('What it is again').meta({ example: 'ENABLE ALWAYS' }),
});

export const ReleaseReportView = z
  .object({
    released: z.array(item).max(200).describe('What was switched on again'),
    releasedCount: z.int().describe('How many were switched on again, also beyond the 200 that are named'),
    skipped: z.array(item).max(200).describe('What was gone, or switched on by somebody else meanwhile'),
    skippedCount: z.int().describe('How many were left, also beyond the 200 that are named'),
    releasedAt: z.iso.datetime().describe('When that was'),
  })
  .meta({ id: 'ReleaseReport' });
export type ReleaseReportView = z.output<typeof ReleaseReportView>;
