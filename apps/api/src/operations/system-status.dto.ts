import { REPOSITORY_DRIVERS } from '@holdfast/contracts';
import { z } from 'zod';

export const SystemStatus = z
  .object({
    status: z.enum(['ok', 'degraded']).describe('`degraded`: something below does not answer'),
    version: z.string().describe('Of Holdfast'),
    temporal: z
      .object({
        reachable: z.boolean().describe('Whether it answered within a few seconds'),
        address: z.string().describe('Where it is looked for, `host:port`'),
        namespace: z.string().describe('The namespace that holds our workflows'),
        serverVersion: z.string().nullable().describe('Its version; null: it did not answer'),
        latencyMs: z.number().nullable().describe('Milliseconds until it answered; null: it did not'),
      })
      .describe('The Temporal server, which keeps workflows'),
    worker: z
      .object({
        pollers: z
          .int()
          .nullable()
          .describe('Workers seen in the last two minutes; null while Temporal does not answer'),
        lastSeenAt: z.iso.datetime().nullable().describe('When a worker last asked for work; null: not known'),
      })
      .describe('The workers, as Temporal sees them'),
    postgres: z
      .object({
        reachable: z.boolean().describe('Whether it answered'),
        version: z.string().nullable().describe('Its version; null: it did not answer'),
        latencyMs: z.number().nullable().describe('Milliseconds until it answered; null: it did not'),
      })
      .describe("Holdfast's own database"),
    repositories: z
      .array(
        z.object({
          id: z.uuid().describe('The repository'),
          name: z.string().describe('What people call it'),
          driver: z.enum(REPOSITORY_DRIVERS).describe('How it is reached. `local`: a directory of the workers'),
          attached: z.boolean().describe('A worker has opened it'),
          backups: z.int().describe('How many are listed in it'),
          storedBytes: z.number().describe('Bytes that these backups added to it'),
        }),
      )
      .describe('All of them, by name; empty while our database does not answer'),
  })
  .meta({ id: 'SystemStatus' });
export type SystemStatus = z.output<typeof SystemStatus>;
