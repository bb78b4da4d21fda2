import { z } from 'zod';

export const CoverageGapView = z
  .object({
    code: z.string().describe('A stable word for the kind of gap').meta({ example: 'role-passwords' }),
    subjects: z.array(z.string()).describe('Names of what is missing, at most 20'),
    count: z.int().describe('How many are missing, also beyond those 20'),
    reason: z.string().describe('Why, in words'),
  })
  .meta({ id: 'CoverageGap' });

export const ProbeReportView = z
  .object({
    serverVersion: z.string().describe('The version of Postgres'),
    serverMajor: z.int().describe('The first number of that version'),
    database: z.string().describe('The database that was connected to'),
    systemIdentifier: z
      .string()
      .nullable()
      .describe('What Postgres calls this very server, in digits; null: the role may not read it'),
    sizeBytes: z.number().describe('Bytes that the database takes up on its server'),
    tables: z.int().describe('Tables whose rows a backup would take'),
    latencyMs: z.number().describe('Milliseconds that the smallest query took'),
    tls: z
      .object({
        used: z.boolean().describe('Whether the connection was encrypted'),
        version: z.string().nullable().describe('The protocol, such as `TLSv1.3`; null: not encrypted'),
      })
      .describe('How the connection was protected'),
    role: z
      .object({
        name: z.string().describe('The role that signed in'),
        superuser: z.boolean().describe('Whether it may do everything'),
        bypassRls: z.boolean().describe('Whether it sees all rows, whatever policies say'),
        replication: z.boolean().describe('Whether it may replicate'),
        createDatabase: z.boolean().describe('Whether it may create databases, as a restore into a new one must'),
      })
      .describe('What whoever connects may do on the server'),
    extensions: z
      .array(
        z.object({
          name: z.string().describe('The extension'),
          version: z.string().describe('The version that is installed in the database'),
        }),
      )
      .describe('Extensions of the database'),
    roles: z.array(z.string()).describe("Names of the server's roles that a backup would take, without passwords"),
    dumpClient: z.string().nullable().describe('The pg_dump that a backup would use; null: none fits this server'),
    skipped: z.array(CoverageGapView).describe('What a backup would leave out, and why'),
    blockers: z
      .array(
        z.object({
          code: z.string().describe('An error code').meta({ example: 'postgres.client_missing' }),
          message: z.string().describe('What stands in the way, in words'),
        }),
      )
      .describe('Why a backup would fail now; empty when it would not'),
  })
  .meta({ id: 'ProbeReport' });
export type ProbeReportView = z.output<typeof ProbeReportView>;
