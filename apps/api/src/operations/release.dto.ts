import { QUARANTINED_KINDS } from '@holdfast/contracts';
import { z } from 'zod';

const item = z.object({
  kind: z.enum(QUARANTINED_KINDS),
  name: z.string().meta({ example: 'hook on public.orders' }),
  state: z.string().describe('What it is again').meta({ example: 'ENABLE ALWAYS' }),
});

export const ReleaseReportView = z
  .object({
    released: z.array(item).max(200).describe('Switched on again'),
    releasedCount: z.int(),
    skipped: z.array(item).max(200).describe('Gone, or switched on by somebody else meanwhile'),
    skippedCount: z.int(),
    releasedAt: z.iso.datetime(),
  })
  .meta({ id: 'ReleaseReport' });
export type ReleaseReportView = z.output<typeof ReleaseReportView>;
