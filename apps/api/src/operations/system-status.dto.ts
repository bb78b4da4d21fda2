import { REPOSITORY_DRIVERS } from '@holdfast/contracts';
import { z } from 'zod';

export const SystemStatus = z
  .object({
    status: z.enum(['ok', 'degraded']).describe('`degraded`: something below does not answer'),
    version: z.string().describe('Of Holdfast'),
    temporal: z.object({
      reachable: z.boolean(),
      address: z.string(),
      namespace: z.string(),
      serverVersion: z.string().nullable(),
      latencyMs: z.number().nullable(),
    }),
    worker: z.object({
      pollers: z.int().nullable().describe('Workers seen in the last two minutes; null while Temporal does not answer'),
      lastSeenAt: z.iso.datetime().nullable(),
    }),
    postgres: z.object({
      reachable: z.boolean(),
      version: z.string().nullable(),
      latencyMs: z.number().nullable(),
    }),
    repositories: z.array(
      z.object({
        id: z.uuid(),
        name: z.string(),
        driver: z.enum(REPOSITORY_DRIVERS),
        attached: z.boolean().describe('A worker has opened it'),
        backups: z.int(),
        storedBytes: z.number(),
      }),
    ),
  })
  .meta({ id: 'SystemStatus' });
export type SystemStatus = z.output<typeof SystemStatus>;
