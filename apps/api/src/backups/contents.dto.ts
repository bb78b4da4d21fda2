import { CONTENT_KINDS } from '@holdfast/contracts';
import { z } from 'zod';
import { pageOf, pageQuery } from '../http/paging.ts';

const ContentItem = z
  .object({
    kind: z.enum(CONTENT_KINDS),
    schema: z.string().nullable(),
    name: z.string(),
    artifact: z.string().describe('What a verification calls its bytes where they are damaged'),
    comparedAs: z
      .string()
      .nullable()
      .describe(
        'The subject under which a trial restore tells that its rows differ; without such a difference they are equal',
      ),
    rows: z.number().nullable(),
    sizeBytes: z.number().nullable().describe('Plain bytes'),
    checksum: z
      .string()
      .nullable()
      .describe('Of rows, whatever their order: as verifications compare them. Of a function: of its sources'),
    objects: z.number().nullable(),
    files: z.number().nullable(),
    detail: z.string().nullable().describe('In words, what the figures do not say'),
  })
  .meta({ id: 'BackupContent' });

const ContentsSummary = z
  .object({
    kinds: z.array(z.object({ kind: z.enum(CONTENT_KINDS), count: z.int(), sizeBytes: z.number() })),
    schemas: z
      .array(z.object({ name: z.string(), tables: z.int(), rows: z.number(), sizeBytes: z.number() }))
      .describe('Schemas with tables, the largest first, at most 500'),
    schemaCount: z.int(),
  })
  .meta({ id: 'BackupContentsSummary' });

export const BackupContents = pageOf(ContentItem, 'BackupContentsPage')
  .extend({ summary: ContentsSummary.nullable().describe('Of the whole backup; on the first page only') })
  .meta({ id: 'BackupContentsPage' });
export type BackupContents = z.output<typeof BackupContents>;

export const ContentsQuery = z.strictObject({
  ...pageQuery,
  kind: z.array(z.enum(CONTENT_KINDS)).optional(),
  schema: z.string().min(1).max(200).optional(),
  search: z.string().min(1).max(200).optional().describe('Part of the name, or of `schema.name`'),
});
export type ContentsQuery = z.output<typeof ContentsQuery>;

const StoredObject = z
  .object({
    bucket: z.string(),
    name: z.string(),
    sizeBytes: z.number(),
    contentType: z.string().nullable(),
    sha256: z.string().nullable().describe('Of its bytes; null: the backup has none, see `coverage`'),
    updatedAt: z.string().nullable().describe('As the project has it'),
    replaced: z.boolean().describe('True where its bytes are newer than the instant of the backup'),
  })
  .meta({ id: 'BackupObject' });

export const BackupObjects = pageOf(StoredObject, 'BackupObjectPage');
export type BackupObjects = z.output<typeof BackupObjects>;

export const ObjectsQuery = z.strictObject({
  ...pageQuery,
  bucket: z.string().min(1).max(200).optional().describe('Its id'),
  prefix: z.string().min(1).max(1_500).optional().describe('How the name begins'),
  search: z.string().min(1).max(200).optional().describe('Part of the name'),
});
export type ObjectsQuery = z.output<typeof ObjectsQuery>;
