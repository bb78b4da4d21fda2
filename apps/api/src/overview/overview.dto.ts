import {
  BACKUP_STATUSES,
  ENVIRONMENT_KINDS,
  OPERATION_KINDS,
  OPERATION_STATUSES,
  VERDICTS,
  VERIFY_LEVELS,
} from '@holdfast/contracts';
import { z } from 'zod';
import { pageOf, pageQuery } from '../http/paging.ts';

/** From the worst: the order in which environments are listed. */
export const ANSWERS = ['no', 'unproven', 'yes'] as const;

export const ATTENTION = [
  'no-backup',
  'newest-damaged',
  'never-proven',
  'newest-unproven',
  'backup-old',
  'proof-old',
  'last-backup-failed',
  'last-verification-failed',
  'last-restore-failed',
  'gaps',
] as const;
export type Attention = (typeof ATTENTION)[number];

const ATTENTION_MEANS =
  '`no-backup`: there is none. `newest-damaged`: damage or a difference was found in the newest. `never-proven`: no ' +
  'trial restore of a good one. `newest-unproven`: only of an older one. `backup-old`, `proof-old`: longer ago than the ' +
  'thresholds. `last-…-failed`: it failed, and nothing of its kind succeeded since. `gaps`: the newest good backup ' +
  'lacks something that backups can hold';

const LastBackup = z.object({
  id: z.uuid(),
  name: z.string(),
  takenAt: z.iso.datetime(),
  status: z.enum(BACKUP_STATUSES),
  verifiedLevel: z.enum(VERIFY_LEVELS).nullable(),
  verdict: z.enum(VERDICTS).nullable(),
  gapCodes: z.array(z.string()),
  gaps: z.int().describe('Kinds of things that are not inside, also those that no backup can hold'),
});

const LastProven = z.object({
  id: z.uuid(),
  name: z.string(),
  takenAt: z.iso.datetime(),
  verifiedAt: z.iso.datetime().describe('When the trial restore gave it back equal'),
  seconds: z.number().nullable().describe('How long the verification took'),
});

const LastFailure = z.object({
  operationId: z.uuid(),
  kind: z.enum(OPERATION_KINDS),
  at: z.iso.datetime(),
  code: z.string(),
  message: z.string(),
});

export const EnvironmentOverview = z
  .object({
    environment: z.object({
      id: z.uuid(),
      name: z.string(),
      kind: z.enum(ENVIRONMENT_KINDS),
      color: z.string(),
      production: z.boolean(),
    }),
    answer: z
      .enum(ANSWERS)
      .describe(
        '`yes`: a good backup was given back by a trial restore. `unproven`: a good one, but no proof. `no`: none',
      ),
    attention: z.array(z.enum(ATTENTION)).describe(ATTENTION_MEANS),
    lastBackup: LastBackup.nullable().describe('The newest good one: complete, and nothing found against it'),
    lastProven: LastProven.nullable().describe('The newest good one that a trial restore gave back equal'),
    lastFailure: LastFailure.nullable().describe(
      'The newest backup, verification or restore that failed and that none of its kind followed well',
    ),
    running: z
      .object({ operationId: z.uuid(), kind: z.enum(OPERATION_KINDS), status: z.enum(OPERATION_STATUSES) })
      .nullable()
      .describe('The newest operation that has not ended'),
    backups: z.int(),
    storedBytes: z.number().describe('Bytes that its backups added to repositories'),
  })
  .meta({ id: 'EnvironmentOverview' });
export type EnvironmentOverview = z.output<typeof EnvironmentOverview>;

export const EnvironmentOverviewPage = pageOf(EnvironmentOverview, 'EnvironmentOverviewPage')
  .extend({
    asOf: z.iso.datetime().describe('The instant that ages were measured at; the same on the pages that follow'),
    thresholds: z.object({ backupOldAfterHours: z.int(), proofOldAfterDays: z.int() }),
  })
  .meta({ id: 'EnvironmentOverviewPage' });
export type EnvironmentOverviewPage = z.output<typeof EnvironmentOverviewPage>;

export const EnvironmentOverviewQuery = z.strictObject({
  ...pageQuery,
  search: z.string().max(100).optional().describe('Part of the name'),
});
export type EnvironmentOverviewQuery = z.output<typeof EnvironmentOverviewQuery>;
