import { REPOSITORY_DRIVERS } from '@holdfast/contracts';
import { z } from 'zod';
import { createdAtField, updatedAtField, versionField } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/paging.ts';

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
    error: 'expected 1 to 63 letters, digits, - _ . and a letter or digit first',
  })
  .describe('What people call it, alone under that name: 1 to 63 letters, digits, `-`, `_` and `.`')
  .meta({ example: 'main' });

const driver = z.enum(REPOSITORY_DRIVERS).describe('How it is reached. `local`: a directory of the workers');

export const CreateRepository = z
  .strictObject({
    name,
    driver: driver.default('local'),
    path: z
      .string()
      .min(1)
      .max(1000)
      .describe('A directory of the workers, empty or already a repository')
      .meta({ example: '/var/lib/holdfast/repositories/main' }),
    default: z.boolean().default(false).describe('Where backups go unless said otherwise; the first one always is'),
  })
  .meta({ id: 'CreateRepository' });
export type CreateRepository = z.output<typeof CreateRepository>;

export const UpdateRepository = z
  .strictObject({
    name: name.optional(),
    default: z.literal(true).optional().describe('Makes it the default in place of the one before'),
  })
  .meta({ id: 'UpdateRepository' });
export type UpdateRepository = z.output<typeof UpdateRepository>;

export const RepositoryView = z
  .object({
    id: z.uuid().describe('The repository; stays the same when its name changes'),
    name: z.string().describe('What people call it'),
    driver,
    path: z.string().describe('The directory on the workers'),
    repositoryUid: z.string().nullable().describe('What its holdfast.json says; null until a worker has opened it'),
    default: z.boolean().describe('Whether backups go here unless said otherwise'),
    usage: z
      .object({
        backups: z.int().describe('How many are listed, also those that are being removed'),
        storedBytes: z.number().describe('Bytes that these backups added to it'),
      })
      .describe('By the catalog: backups that are listed in it'),
    version: versionField,
    createdAt: createdAtField,
    updatedAt: updatedAtField,
  })
  .meta({ id: 'Repository' });
export type RepositoryView = z.output<typeof RepositoryView>;

export const RepositoryAttached = RepositoryView.extend({
  attached: z
    .object({
      formatVersion: z.int().describe('The version of the format that it is written in'),
      created: z.boolean().describe('The directory was empty and became a repository'),
      backups: z.int().describe('How many backups lie in it'),
    })
    .describe('What the worker found there'),
}).meta({ id: 'RepositoryAttached' });
export type RepositoryAttached = z.output<typeof RepositoryAttached>;

export const RepositoryProbeReportView = z
  .object({
    repositoryUid: z.string().describe('What its holdfast.json says: the same wherever the directory is moved to'),
    formatVersion: z.int().describe('The version of the format that it is written in'),
    backups: z.int().describe('How many backups lie in it, by its own files'),
    writable: z.boolean().describe('Whether a small file was written, read back the same, and removed'),
    freeBytes: z.number().nullable().describe('Bytes that are free there; null where the place does not say'),
    totalBytes: z.number().nullable().describe('Bytes that there are in all; null where the place does not say'),
    latencyMs: z.number().describe('Milliseconds that the small file took, also where it failed'),
    blockers: z
      .array(
        z.object({
          code: z.string().describe('An error code').meta({ example: 'repository.full' }),
          message: z.string().describe('What stands in the way, in words'),
          hint: z.string().nullable().describe('What to do about it; null: nothing that we know'),
        }),
      )
      .describe('Reasons for which a backup would fail now'),
  })
  .meta({
    id: 'RepositoryProbeReport',
    example: {
      repositoryUid: '5e0a6c52-58d1-4d0c-9f3c-0d7f1c6a2f11',
      formatVersion: 1,
      backups: 42,
      writable: true,
      freeBytes: 412_316_860_416,
      totalBytes: 1_000_204_886_016,
      latencyMs: 3.4,
      blockers: [],
    },
  });
export type RepositoryProbeReportView = z.output<typeof RepositoryProbeReportView>;

export const RepositoryPage = pageOf(RepositoryView, 'RepositoryPage');
export type RepositoryPage = z.output<typeof RepositoryPage>;

export const RepositoryQuery = z.strictObject(pageQuery);
export type RepositoryQuery = z.output<typeof RepositoryQuery>;
