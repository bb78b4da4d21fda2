import { OPERATION_KINDS, OPERATION_STATUSES, STEP_STATUSES } from '@holdfast/contracts';
import { z } from 'zod';
import { pageOf, pageQuery } from '../http/paging.ts';

const workflowId = z
  .string()
  .describe('The id of its workflow in Temporal: kind, environment and operation, with slashes between');

export const OperationStarted = z
  .object({
    operationId: z.uuid().describe('The operation; `/api/v1/progress/{id}` tells how far it is'),
    workflowId: workflowId.meta({ example: 'backup/demo/0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d10' }),
  })
  .meta({ id: 'OperationStarted' });
export type OperationStarted = z.output<typeof OperationStarted>;

export const ProgressView = z
  .object({
    steps: z
      .array(
        z.object({
          name: z.string().describe('The step').meta({ example: 'rows' }),
          status: z.enum(STEP_STATUSES).describe('`skipped`: it was not needed, or the operation ended before it'),
        }),
      )
      .describe('The steps of its kind, in order'),
    step: z.string().nullable().describe('The running step; null before the first and after the last'),
    done: z.number().describe('How much of the running step is done, in `unit`'),
    total: z.number().nullable().describe('How much the running step is, in `unit`; null while it would be a guess'),
    unit: z.enum(['bytes', 'rows', 'tables', 'statements', 'artifacts']).describe('What `done` and `total` count'),
    bytes: z.number().describe('Plain bytes handled so far, in all steps'),
    rows: z.number().describe('Rows handled so far, in all steps'),
    rate: z.number().nullable().describe('`unit` per second over the last seconds; null while it is not known'),
    etaSeconds: z
      .number()
      .nullable()
      .describe('Seconds until the running step is done; null while it would be a guess'),
  })
  .meta({ id: 'Progress' });

export const OperationView = z
  .object({
    id: z.uuid().describe('The operation'),
    kind: z.enum(OPERATION_KINDS).describe('Its verb; `expire` removes a backup'),
    status: z
      .enum(OPERATION_STATUSES)
      .describe('`pending`: recorded, not begun. `completed`, `failed` and `cancelled` are final'),
    dryRun: z.boolean().describe('True for a restore that is the pre-flight alone: it changes nothing'),
    environmentId: z
      .uuid()
      .nullable()
      .describe('The environment that it holds or is about: of a restore, the target. It may have been removed'),
    environmentName: z.string().nullable().describe('Also of one that has been removed'),
    newDatabase: z
      .string()
      .nullable()
      .describe(
        "Of a restore: the database that it makes beside the others; null where it goes into the environment's own",
      ),
    repositoryId: z.uuid().nullable().describe('The repository of its backup; null: it has been removed'),
    backupId: z
      .uuid()
      .nullable()
      .describe('The backup that it takes, verifies, gives back or removes. It may not be there yet, or no more'),
    actor: z
      .object({ id: z.uuid().describe('The account'), name: z.string().describe('The name that it had then') })
      .describe('Who asked for it'),
    progress: ProgressView.describe('How far it is, or was when it ended'),
    sequence: z.int().describe('Grows with every change'),
    error: z
      .object({
        code: z.string().describe('An error code').meta({ example: 'postgres.connection_lost' }),
        message: z.string().describe('What happened, in words'),
        hint: z.string().nullable().describe('What to do about it; null: nothing that we know'),
      })
      .nullable()
      .describe('Why it failed or was cancelled'),
    cancelRequestedAt: z.iso.datetime().nullable().describe('When somebody first asked to cancel it; null: nobody did'),
    createdAt: z.iso.datetime().describe('When it was asked for'),
    startedAt: z.iso.datetime().nullable().describe('When it began; null: it has not, or never did'),
    finishedAt: z.iso.datetime().nullable().describe('When it ended; null: it has not'),
    retryOfId: z.uuid().nullable().describe('The operation that it tries again; null: it is no retry'),
    workflowId,
    temporalUrl: z.string().nullable().describe("Its page in Temporal's Web UI; null: the configuration names none"),
  })
  .meta({ id: 'Operation' });
export type OperationView = z.output<typeof OperationView>;

export const OperationDetail = OperationView.extend({
  attempts: z
    .array(
      z.object({
        attempt: z.int().describe('2: the first one failed').meta({ example: 2 }),
        at: z.iso.datetime().describe('When it began'),
        step: z.string().nullable().describe('Where the one before ended'),
        code: z.string().nullable().describe('Why, as an error code').meta({ example: 'postgres.connection_lost' }),
        reason: z.string().describe('Why, in words').meta({ example: 'The connection to the server was lost' }),
      }),
    )
    .describe('Attempts after the first, in order; empty while none was needed'),
  result: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('What it gave: a backup summary, a verification result, a restore report'),
}).meta({ id: 'OperationDetail' });
export type OperationDetail = z.output<typeof OperationDetail>;

export const OperationPage = pageOf(OperationView, 'OperationPage');
export type OperationPage = z.output<typeof OperationPage>;

export const OperationQuery = z.strictObject({
  ...pageQuery,
  search: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("Part of the environment's name, the actor's name or the workflow's id"),
  sort: z.enum(['-createdAt', 'createdAt']).default('-createdAt').describe('`-` in front: descending'),
  status: z.array(z.enum(OPERATION_STATUSES)).optional().describe('Only operations that have one of these'),
  kind: z.array(z.enum(OPERATION_KINDS)).optional().describe('Only operations of one of these kinds'),
  environmentId: z.uuid().optional().describe('Only operations of this environment, also of one that was removed'),
  backupId: z.uuid().optional().describe('Only operations of this backup'),
  after: z.iso.datetime({ offset: true }).optional().describe('Created at or after this instant'),
  before: z.iso.datetime({ offset: true }).optional().describe('Created before this instant'),
});
export type OperationQuery = z.output<typeof OperationQuery>;

export const OperationEventView = z
  .object({
    id: z.string().describe('A number in digits; a later event has a larger one'),
    at: z.iso.datetime().describe('When it happened'),
    type: z
      .string()
      .describe('What happened, as a word, such as `waiting`, `began`, `step`, `retry`, `cancel-requested` or `failed`')
      .meta({ example: 'step' }),
    step: z.string().nullable().describe('The step that it is about; null: the operation as a whole'),
    message: z.string().describe('What happened, in words'),
    data: z.unknown().optional().describe('What more there is to tell, by `type`; absent where nothing is'),
  })
  .meta({ id: 'OperationEvent' });
export type OperationEventView = z.output<typeof OperationEventView>;

export const OperationEventPage = pageOf(OperationEventView, 'OperationEventPage');
export type OperationEventPage = z.output<typeof OperationEventPage>;

export const EventQuery = z.strictObject(pageQuery);
export type EventQuery = z.output<typeof EventQuery>;

export const CleanOperations = z
  .strictObject({
    olderThanDays: z.int().min(1).max(3650).default(90).describe('Only operations that ended more days ago than this'),
    dryRun: z.boolean().default(false).describe('Only count them; nothing is deleted'),
  })
  .meta({ id: 'CleanOperations' });
export type CleanOperations = z.output<typeof CleanOperations>;

export const OperationsCleaned = z
  .object({
    dryRun: z.boolean().describe('True: they were only counted'),
    operations: z.int().describe('How many were deleted, or would be'),
  })
  .meta({ id: 'OperationsCleaned' });
export type OperationsCleaned = z.output<typeof OperationsCleaned>;
