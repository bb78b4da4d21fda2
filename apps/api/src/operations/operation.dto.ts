import { OPERATION_KINDS, OPERATION_STATUSES, STEP_STATUSES } from '@holdfast/contracts';
import { z } from 'zod';
import { pageOf, pageQuery } from '../http/paging.ts';

export const OperationStarted = z
  .object({
    operationId: z.uuid(),
    workflowId: z.string().meta({ example: 'backup/demo/0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d10' }),
  })
  .meta({ id: 'OperationStarted' });
export type OperationStarted = z.output<typeof OperationStarted>;

export const ProgressView = z
  .object({
    steps: z.array(z.object({ name: z.string(), status: z.enum(STEP_STATUSES) })),
    step: z.string().nullable().describe('The running step'),
    done: z.number(),
    total: z.number().nullable().describe('Null while it would be a guess'),
    unit: z.enum(['bytes', 'rows', 'tables', 'statements', 'artifacts']).describe('What `done` and `total` count'),
    bytes: z.number(),
    rows: z.number(),
    rate: z.number().nullable().describe('`unit` per second over the last seconds'),
    etaSeconds: z.number().nullable().describe('Null while it would be a guess'),
  })
  .meta({ id: 'Progress' });

export const OperationView = z
  .object({
    id: z.uuid(),
    kind: z.enum(OPERATION_KINDS),
    status: z.enum(OPERATION_STATUSES),
    dryRun: z.boolean(),
    environmentId: z.uuid().nullable(),
    environmentName: z.string().nullable().describe('Also of one that has been removed'),
    newDatabase: z
      .string()
      .nullable()
      .describe(
        "Of a restore: the database that it makes beside the others; null where it goes into the environment's own",
      ),
    repositoryId: z.uuid().nullable(),
    backupId: z.uuid().nullable(),
    actor: z.object({ id: z.uuid(), name: z.string() }),
    progress: ProgressView,
    sequence: z.int().describe('Grows with every change'),
    error: z
      .object({ code: z.string(), message: z.string(), hint: z.string().nullable() })
      .nullable()
      .describe('Why it failed or was cancelled'),
    cancelRequestedAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    finishedAt: z.iso.datetime().nullable(),
    retryOfId: z.uuid().nullable(),
    workflowId: z.string(),
    temporalUrl: z.string().nullable().describe("Its page in Temporal's Web UI"),
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
  status: z.array(z.enum(OPERATION_STATUSES)).optional(),
  kind: z.array(z.enum(OPERATION_KINDS)).optional(),
  environmentId: z.uuid().optional(),
  backupId: z.uuid().optional(),
  after: z.iso.datetime({ offset: true }).optional().describe('Created at or after this instant'),
  before: z.iso.datetime({ offset: true }).optional().describe('Created before this instant'),
});
export type OperationQuery = z.output<typeof OperationQuery>;

export const OperationEventView = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    type: z.string().meta({ example: 'step' }),
    step: z.string().nullable(),
    message: z.string(),
    data: z.unknown().optional(),
  })
  .meta({ id: 'OperationEvent' });
export type OperationEventView = z.output<typeof OperationEventView>;

export const OperationEventPage = pageOf(OperationEventView, 'OperationEventPage');
export type OperationEventPage = z.output<typeof OperationEventPage>;

export const EventQuery = z.strictObject(pageQuery);
export type EventQuery = z.output<typeof EventQuery>;

export const CleanOperations = z
  .strictObject({
    olderThanDays: z.int().min(1).max(3650).default(90).describe('Ended longer ago than this'),
    dryRun: z.boolean().default(false).describe('Only count'),
  })
  .meta({ id: 'CleanOperations' });
export type CleanOperations = z.output<typeof CleanOperations>;

export const OperationsCleaned = z
  .object({ dryRun: z.boolean(), operations: z.int().describe('How many were deleted, or would be') })
  .meta({ id: 'OperationsCleaned' });
export type OperationsCleaned = z.output<typeof OperationsCleaned>;
