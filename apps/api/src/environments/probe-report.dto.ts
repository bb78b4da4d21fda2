import { z } from 'zod';

export const CoverageGapView = z
  .object({
    code: z.string(),
    subjects: z.array(z.string()).describe('At most 20'),
    count: z.int(),
    reason: z.string(),
  })
  .meta({ id: 'CoverageGap' });

export const ProbeReportView = z
  .object({
    serverVersion: z.string(),
    serverMajor: z.int(),
    database: z.string(),
    systemIdentifier: z.string().nullable(),
    sizeBytes: z.number(),
    tables: z.int(),
    latencyMs: z.number(),
    tls: z.object({ used: z.boolean(), version: z.string().nullable() }),
    role: z.object({
      name: z.string(),
      superuser: z.boolean(),
      bypassRls: z.boolean(),
      replication: z.boolean(),
      createDatabase: z.boolean(),
    }),
    extensions: z.array(z.object({ name: z.string(), version: z.string() })),
    roles: z.array(z.string()),
    dumpClient: z.string().nullable().describe('The pg_dump that a backup would use'),
    skipped: z.array(CoverageGapView).describe('What a backup would leave out, and why'),
    blockers: z
      .array(z.object({ code: z.string(), message: z.string() }))
      .describe('Why a backup would fail now; empty when it would not'),
  })
  .meta({ id: 'ProbeReport' });
export type ProbeReportView = z.output<typeof ProbeReportView>;
