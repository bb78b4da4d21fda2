import { BACKUP_STATUSES, COMPONENTS, RESTORE_CONTENTS } from '@holdfast/contracts';
import { z } from 'zod';
import { versionField } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/paging.ts';
import { PROOFS } from './backup-proof.ts';
import {
  CoverageView,
  takenAtField,
  verdictField,
  VerificationView,
  verifiedAtField,
  verifiedLevelField,
} from './verification.dto.ts';

const name = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .describe('What people call it; several may have the same')
  .meta({ example: 'before the migration' });
const description = z.string().max(5_000).describe('Why it was taken, or what to know about it');
const tags = z
  .array(z.string().trim().min(1).max(50))
  .max(50)
  .transform((given) => [...new Set(given)])
  .describe('Words to find it by; one that is given twice counts once')
  .meta({ example: ['nightly'] });

const storageChoice = z
  .strictObject({
    buckets: z.array(z.string().min(1).max(200)).max(1_000).default([]).describe('Ids of buckets; empty: all'),
    prefixes: z
      .array(z.string().min(1).max(1_500))
      .max(1_000)
      .default([])
      .describe('How names of objects begin, as `bucket/key`; empty: all'),
  })
  .nullable()
  .default(null)
  .meta({ example: { buckets: ['avatars'], prefixes: [] } });

export const CreateBackup = z
  .strictObject({
    environmentId: z.uuid().describe('The environment to back up'),
    repositoryId: z.uuid().optional().describe('Where it is stored; in the default repository unless said'),
    name: name.optional().describe('What people call it; the environment and the second unless said'),
    description: description.default(''),
    tags: tags.default([]),
    components: z
      .array(z.enum(COMPONENTS))
      .max(COMPONENTS.length)
      .refine((given) => given.includes('database'), { error: 'expected `database` among them' })
      .optional()
      .describe('All that the environment can give unless said; `database` is always one of them'),
    storage: storageChoice.describe('Which storage objects; null: all. The others are named as not inside'),
    lockTimeoutSeconds: z
      .int()
      .min(1)
      .max(3_600)
      .default(30)
      .describe('Seconds to wait for a table that someone else holds locked'),
  })
  .meta({
    id: 'CreateBackup',
    example: { environmentId: '0199b2a4-6c1e-7d4f-8a55-3f0c9f2b6d10', name: 'before the migration', tags: ['release'] },
  });
export type CreateBackup = z.output<typeof CreateBackup>;

export const UpdateBackup = z
  .strictObject({ name: name.optional(), description: description.optional(), tags: tags.optional() })
  .meta({ id: 'UpdateBackup' });
export type UpdateBackup = z.output<typeof UpdateBackup>;

// Quoted as SQL quotes: "My Table" or plain_name.
const IDENTIFIER = '(?:"(?:[^"]|"")+"|[^\\s".]+)';
const schemaName = z.string().min(1).max(200).meta({ example: 'public' });
const tableName = z
  .string()
  .max(300)
  .regex(new RegExp(`^${IDENTIFIER}\\.${IDENTIFIER}$`, 'u'), {
    error: 'expected schema.table, quoted where SQL needs it',
  })
  .meta({ example: 'public.orders' });

export const RestoreBackup = z
  .strictObject({
    environmentId: z.uuid().optional().describe('The environment that receives it; its own unless said'),
    newDatabase: z
      .string()
      .min(1)
      .refine((text) => Buffer.byteLength(text) <= 63 && !text.includes('\0'), { error: 'expected at most 63 bytes' })
      .nullable()
      .default(null)
      .describe("A database to create on the target's server; null restores into the environment's own database"),
    schemas: z.array(schemaName).max(1_000).default([]).describe('Only what is in these schemas; empty: all'),
    tables: z
      .array(tableName)
      .max(10_000)
      .default([])
      .describe('Only these tables, as `schema.table`, quoted where SQL needs it; empty: all'),
    content: z
      .enum(RESTORE_CONTENTS)
      .default('all')
      .describe(
        '`all`: definitions and rows. `schema`: definitions alone. `data`: rows alone, into tables that are there',
      ),
    components: z
      .array(z.enum(COMPONENTS))
      .min(1)
      .nullable()
      .default(null)
      .describe('Null: all that the backup holds and the target can take. Storage alone leaves the database as it is'),
    storage: storageChoice.describe('Which storage objects; null: all'),
    functions: z
      .array(z.string().min(1).max(200))
      .max(1_000)
      .default([])
      .describe(
        'Slugs. Empty: all where the whole backup is restored over an environment, else none. Neither these nor ' +
          '`applySettings` go with `newDatabase`',
      ),
    applySettings: z
      .boolean()
      .default(false)
      .describe(
        "Whether the target's settings that differ are changed. Secrets never are; else they are only compared",
      ),
    dryRun: z.boolean().default(false).describe('Only the pre-flight report; nothing is changed'),
    overwrite: z.boolean().default(false).describe('Required when the target holds anything'),
    confirm: z
      .string()
      .max(200)
      .nullable()
      .default(null)
      .describe(
        "The target environment's name: required to replace what another environment or server holds, and wherever " +
          "another environment's functions or settings may be changed",
      ),
    safetyBackup: z
      .boolean()
      .nullable()
      .default(null)
      .describe(
        'Whether the target is backed up before it is touched; null: where it is production. Declining it there needs ' +
          '`confirm`',
      ),
    quarantine: z
      .boolean()
      .nullable()
      .default(null)
      .describe('Whether jobs, webhooks and foreign servers start switched off; null: in copies'),
    compareRows: z
      .boolean()
      .nullable()
      .default(null)
      .describe(
        'Whether every restored row is read again and compared with the backup; null: unless a trial restore proved ' +
          'this backup on the same version of Postgres. Counts and catalogs are compared always, and so are rows that ' +
          'go into tables which are there',
      ),
  })
  .meta({ id: 'RestoreBackup', example: { newDatabase: 'app_restored', tables: ['public.orders'], dryRun: true } });
export type RestoreBackup = z.output<typeof RestoreBackup>;

export const BackupView = z
  .object({
    id: z.uuid().describe('The backup; stays the same when its name changes'),
    name: z.string().describe('What people call it'),
    description: z.string().describe('Why it was taken, or what to know about it; may be empty'),
    tags: z.array(z.string()).describe('Words to find it by'),
    environmentId: z.uuid().describe('The environment that it was taken of'),
    environmentName: z.string().describe('The name of that environment now'),
    repositoryId: z.uuid().describe('The repository that holds it'),
    repositoryName: z.string().describe('The name of that repository now'),
    operationId: z.uuid().describe('The operation that took it'),
    kind: z.string().describe('`full`: it needs no other backup').meta({ example: 'full' }),
    components: z
      .array(z.string())
      .describe('The parts of the project in it: `database`, `storage`, `functions`, `settings`'),
    status: z
      .enum(BACKUP_STATUSES)
      .describe(
        '`complete`: it is all there; sooner it is not listed. `damaged`: a verification said so. `expiring`: it is ' +
          'being removed',
      ),
    serverVersion: z.string().describe('The version of Postgres that it was taken of'),
    database: z.string().describe('The database that it was taken of'),
    sizeBytes: z.number().describe('Plain bytes of all artifacts and objects'),
    storedBytes: z.number().describe('Bytes that it added to the repository'),
    tables: z.int().describe('How many tables it has rows of'),
    rows: z.number().describe('Rows of all its tables'),
    objects: z.number().describe('Storage objects in it'),
    gaps: z.int().describe('Kinds of things that are not inside; see `coverage`'),
    verifiedLevel: verifiedLevelField,
    verifiedAt: verifiedAtField,
    verdict: verdictField,
    provenAt: z.iso
      .datetime()
      .nullable()
      .describe('When a trial restore last gave it back equal; null: never, or damage was found since'),
    takenAt: takenAtField,
    completedAt: z.iso.datetime().describe('When every byte was written, read back and checked'),
    version: versionField,
  })
  .meta({ id: 'Backup' });
export type BackupView = z.output<typeof BackupView>;

export const BackupDetail = BackupView.extend({
  manifestSha256: z.string().describe('SHA-256 of its manifest, in hex'),
  coverage: CoverageView.describe('What it holds, and what it does not'),
  verification: VerificationView.nullable().describe('The result on record; null: it was never verified'),
}).meta({ id: 'BackupDetail' });
export type BackupDetail = z.output<typeof BackupDetail>;

export const BackupPage = pageOf(BackupView, 'BackupPage');
export type BackupPage = z.output<typeof BackupPage>;

export const BACKUP_SORTS = [
  '-takenAt',
  'takenAt',
  'name',
  '-name',
  'sizeBytes',
  '-sizeBytes',
  'storedBytes',
  '-storedBytes',
] as const;

const bytes = z.coerce.number().int().min(0);

export const BackupQuery = z.strictObject({
  ...pageQuery,
  search: z
    .string()
    .max(200)
    // Each word on its own, so that an environment's name and a tag find together.
    .transform((text) => text.split(/\s+/).filter((word) => word !== ''))
    .refine((words) => words.length <= 10, { error: 'expected at most 10 words' })
    .optional()
    .describe("Words, each a part of the name, the description, a tag or the environment's name"),
  tags: z.array(z.string().max(50)).max(20).optional().describe('Only backups that have all of these'),
  takenAfter: z.iso.datetime({ offset: true }).optional().describe('Only snapshots at or after this instant'),
  takenBefore: z.iso.datetime({ offset: true }).optional().describe('Only snapshots before this instant'),
  minSize: bytes.optional().describe('Only backups whose `sizeBytes`, plain bytes, is at least this'),
  maxSize: bytes.optional().describe('Only backups whose `sizeBytes`, plain bytes, is at most this'),
  kind: z
    .array(z.string().max(50))
    .max(10)
    .optional()
    .describe('Only backups of one of these kinds; today all are `full`'),
  status: z.array(z.enum(BACKUP_STATUSES)).optional().describe('Only backups that have one of these'),
  proof: z
    .array(z.enum(PROOFS))
    .optional()
    .describe(
      '`proven`: a trial restore gave it back equal. `damaged`: damage or a difference was found. `unproven`: neither',
    ),
  components: z.array(z.enum(COMPONENTS)).optional().describe('Only backups that hold all of these'),
  environmentId: z.uuid().optional().describe('Only backups of this environment'),
  repositoryId: z.uuid().optional().describe('Only backups in this repository'),
  sort: z.enum(BACKUP_SORTS).default('-takenAt').describe('`-` in front: descending'),
});
export type BackupQuery = z.output<typeof BackupQuery>;
