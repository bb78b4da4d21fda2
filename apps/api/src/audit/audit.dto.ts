import { z } from 'zod';
import { pageOf, pageQuery } from '../http/paging.ts';

export const AuditEntryView = z
  .object({
    id: z.string().describe('A number in digits; a newer entry has a larger one'),
    at: z.iso.datetime().describe('When it was done'),
    actorId: z.uuid().nullable().describe('The account that did it; null: Holdfast itself'),
    actorName: z.string().describe('The name that the account had then'),
    action: z
      .string()
      .describe('What was done: a noun and a verb, with a point between')
      .meta({ example: 'environment.updated' }),
    resourceKind: z.string().describe('What kind of thing it was done to').meta({ example: 'environment' }),
    resourceId: z
      .string()
      .nullable()
      .describe('The `id` of what it was done to, which may be gone since; null: to many at once'),
    environmentId: z.uuid().nullable().describe('The environment that it touched; null: none'),
    ip: z.string().nullable().describe('The IP address that asked; null: it is not known'),
    userAgent: z
      .string()
      .nullable()
      .describe('The User-Agent header of the request, at most 300 characters; null: there was none'),
    before: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe('What it was done to, as it was; null: it is new, or did not change. Without secrets'),
    after: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe(
        'What it became, or what was asked for; null: it is gone, or there is nothing to tell. Without secrets',
      ),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntryView = z.output<typeof AuditEntryView>;

export const AuditPage = pageOf(AuditEntryView, 'AuditPage');
export type AuditPage = z.output<typeof AuditPage>;

export const AuditQuery = z.strictObject({
  ...pageQuery,
  search: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe(
      "Part of the action, the actor's name, the kind or id of what it was done to, or of its name, its backup's or its " +
        "environment's, as it was then",
    ),
  actorId: z.uuid().optional().describe('Only what this account did'),
  action: z.string().max(100).optional().describe('One action, such as `backup.started`'),
  resourceKind: z
    .string()
    .max(100)
    .optional()
    .describe('Only what was done to things of this kind, such as `backup` or `operation`'),
  resourceId: z.string().max(100).optional().describe('Only what was done to the thing with this `id`'),
  environmentId: z.uuid().optional().describe('Only what touched this environment'),
  after: z.iso.datetime({ offset: true }).optional().describe('At or after this instant'),
  before: z.iso.datetime({ offset: true }).optional().describe('Before this instant'),
});
export type AuditQuery = z.output<typeof AuditQuery>;
