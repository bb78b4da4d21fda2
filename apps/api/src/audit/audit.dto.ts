import { z } from 'zod';
import { pageOf, pageQuery } from '../http/paging.ts';

export const AuditEntryView = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    actorId: z.uuid().nullable(),
    actorName: z.string(),
    action: z.string().meta({ example: 'environment.updated' }),
    resourceKind: z.string().meta({ example: 'environment' }),
    resourceId: z.string().nullable(),
    environmentId: z.uuid().nullable(),
    ip: z.string().nullable(),
    userAgent: z.string().nullable(),
    before: z.record(z.string(), z.unknown()).nullable().describe('Without secrets'),
    after: z.record(z.string(), z.unknown()).nullable().describe('Without secrets'),
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
    .describe("Part of the action, the actor's name, or the kind or id of the resource"),
  actorId: z.uuid().optional(),
  action: z.string().max(100).optional().describe('One action, such as `backup.started`'),
  resourceKind: z.string().max(100).optional(),
  resourceId: z.string().max(100).optional(),
  environmentId: z.uuid().optional(),
  after: z.iso.datetime({ offset: true }).optional().describe('At or after this instant'),
  before: z.iso.datetime({ offset: true }).optional().describe('Before this instant'),
});
export type AuditQuery = z.output<typeof AuditQuery>;
