import { OPERATION_STATUSES, VERDICTS, VERIFY_LEVELS } from '@holdfast/contracts';
import { z } from 'zod';
import { CoverageGapView } from '../environments/probe-report.dto.ts';

export const CoverageView = z
  .object({ included: z.array(z.string()), gaps: z.array(CoverageGapView) })
  .meta({ id: 'Coverage' });

const Damaged = z.object({
  artifact: z.string(),
  problem: z.string(),
  cost: z.string().describe('What losing it would cost, in words'),
});

const Different = z.object({
  kind: z.string(),
  subject: z.string(),
  expected: z.string().nullable(),
  found: z.string().nullable(),
  protection: z.boolean().describe('True where protection shrank'),
});

export const VerificationView = z
  .object({
    level: z.enum(VERIFY_LEVELS),
    verdict: z.enum(VERDICTS),
    damaged: z.array(Damaged).describe('At most 200'),
    damagedCount: z.int(),
    differences: z.array(Different).describe('At most 200'),
    differenceCount: z.int(),
    gaps: z.array(CoverageGapView),
    artifacts: z.int(),
    bytes: z.number(),
    tables: z.int(),
    rows: z.number(),
    objects: z.number().optional().describe('Storage objects'),
    seconds: z.number(),
  })
  .meta({ id: 'VerificationResult' });

export const ValidationStatus = z
  .object({
    backupId: z.uuid(),
    status: z
      .enum(['never', 'running', 'proven', 'proven-with-gaps', 'damaged', 'different'])
      .describe('`running` while a verification is on its way, else the last verdict'),
    verifiedLevel: z.enum(VERIFY_LEVELS).nullable(),
    verifiedAt: z.iso.datetime().nullable(),
    result: VerificationView.nullable().describe('The last result on record'),
    operation: z
      .object({ id: z.uuid(), status: z.enum(OPERATION_STATUSES) })
      .nullable()
      .describe('The newest verification, running or ended'),
  })
  .meta({ id: 'ValidationStatus' });
export type ValidationStatus = z.output<typeof ValidationStatus>;

export const ValidateBackup = z
  .strictObject({
    level: z
      .enum(VERIFY_LEVELS)
      .default('restore')
      .describe('Each level does all that the ones before it do; `restore` is a trial restore'),
  })
  .meta({ id: 'ValidateBackup' });
export type ValidateBackup = z.output<typeof ValidateBackup>;
