import { BACKUP_STATUSES, OPERATION_KINDS, OPERATION_STATUSES } from '@holdfast/contracts';
import { z } from 'zod';
import { takenAtField, verdictField, verifiedLevelField } from '../backups/verification.dto.ts';
import { environmentKindField, productionField } from '../environments/environment.dto.ts';
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
  id: z.uuid().describe('The backup'),
  name: z.string().describe('Its name now'),
  takenAt: takenAtField,
  status: z.enum(BACKUP_STATUSES).describe('Always `complete`: a damaged one is not good'),
  verifiedLevel: verifiedLevelField,
  verdict: verdictField,
  gapCodes: z.array(z.string()).describe('The `code` of each of its gaps, such as `role-passwords`'),
  gaps: z.int().describe('Kinds of things that are not inside, also those that no backup can hold'),
});

const LastProven = z.object({
  id: z.uuid().describe('The backup'),
  name: z.string().describe('Its name now'),
  takenAt: takenAtField,
  verifiedAt: z.iso.datetime().describe('When the trial restore gave it back equal'),
  seconds: z.number().nullable().describe('How long the verification took'),
});

const LastFailure = z.object({
  operationId: z.uuid().describe('The operation that failed'),
  kind: z.enum(OPERATION_KINDS).describe('Its verb: `backup`, `verify` or `restore`'),
  at: z.iso.datetime().describe('When it ended'),
  code: z.string().describe('Why, as an error code').meta({ example: 'environment.unreachable' }),
  message: z.string().describe('Why, in words'),
});

export const EnvironmentOverview = z
  .object({
    environment: z
      .object({
        id: z.uuid().describe('The environment that is judged'),
        name: z.string().describe('Its name now'),
        kind: environmentKindField,
        color: z.string().describe('`#rrggbb`, as the console marks it'),
        production: productionField,
      })
      .describe('Which environment this is about'),
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
      .object({
        operationId: z.uuid().describe('The operation that has not ended'),
        kind: z.enum(OPERATION_KINDS).describe('Its verb'),
        status: z.enum(OPERATION_STATUSES).describe('`pending`: it has not begun; `running`'),
      })
      .nullable()
      .describe('The newest operation that has not ended'),
    backups: z.int().describe('How many it has; one that is being removed counts no more'),
    storedBytes: z.number().describe('Bytes that its backups added to repositories'),
  })
  .meta({ id: 'EnvironmentOverview' });
export type EnvironmentOverview = z.output<typeof EnvironmentOverview>;

export const EnvironmentOverviewPage = pageOf(EnvironmentOverview, 'EnvironmentOverviewPage')
  .extend({
    asOf: z.iso.datetime().describe('The instant that ages were measured at; the same on the pages that follow'),
    thresholds: z
      .object({
        backupOldAfterHours: z.int().describe('Hours after which the newest good backup is old'),
        proofOldAfterDays: z.int().describe('Days after which the last proof is old'),
      })
      .describe('What counts as old, by the configuration of the API'),
  })
  .meta({ id: 'EnvironmentOverviewPage' });
export type EnvironmentOverviewPage = z.output<typeof EnvironmentOverviewPage>;

export const EnvironmentOverviewQuery = z.strictObject({
  ...pageQuery,
  search: z.string().max(100).optional().describe('Part of the name'),
});
export type EnvironmentOverviewQuery = z.output<typeof EnvironmentOverviewQuery>;
