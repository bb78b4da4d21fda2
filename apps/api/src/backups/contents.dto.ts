import { CONTENT_KINDS } from '@holdfast/contracts';
import { z } from 'zod';
import { pageOf, pageQuery } from '../http/paging.ts';

const kindField = z
  .enum(CONTENT_KINDS)
  .describe(
    '`table`: its rows. `large-objects`: their pages. `definitions`: an SQL text, or the catalog. `bucket`: of the ' +
      'storage, with its objects. `function`: its files. `settings`: a group of them',
  );

const ContentItem = z
  .object({
    kind: kindField,
    schema: z.string().nullable().describe('The schema of a table; null: it is in none'),
    name: z.string().describe('Of a table, bucket or function its own name; else what the backup calls it'),
    artifact: z.string().describe('What a verification calls its bytes where they are damaged'),
    comparedAs: z
      .string()
      .nullable()
      .describe(
        'The subject under which a trial restore tells that its rows differ; without such a difference they are equal',
      ),
    rows: z.number().nullable().describe('Rows of a table, pages of large objects; null: it has none'),
    sizeBytes: z.number().nullable().describe('Plain bytes; null: they are not known'),
    checksum: z
      .string()
      .nullable()
      .describe('Of rows, whatever their order: as verifications compare them. Of a function: of its sources'),
    objects: z.number().nullable().describe('Objects of a bucket; null: it is none'),
    files: z.number().nullable().describe('Files of a function; null: it is none, or has no sources here'),
    detail: z.string().nullable().describe('In words, what the figures do not say'),
  })
  .meta({ id: 'BackupContent' });

const ContentsSummary = z
  .object({
    kinds: z
      .array(
        z.object({
          kind: kindField,
          count: z.int().describe('How many of this kind are inside'),
          sizeBytes: z.number().describe('Their plain bytes'),
        }),
      )
      .describe('Every kind that is inside, in the order of the list'),
    schemas: z
      .array(
        z.object({
          name: z.string().describe('The schema'),
          tables: z.int().describe('How many of its tables are inside'),
          rows: z.number().describe('Rows of these tables'),
          sizeBytes: z.number().describe('Plain bytes of these rows'),
        }),
      )
      .describe('Schemas with tables, the largest first, at most 500'),
    schemaCount: z.int().describe('How many schemas have tables inside, also beyond those 500'),
  })
  .meta({ id: 'BackupContentsSummary' });

export const BackupContents = pageOf(ContentItem, 'BackupContentsPage')
  .extend({ summary: ContentsSummary.nullable().describe('Of the whole backup; on the first page only') })
  .meta({ id: 'BackupContentsPage' });
export type BackupContents = z.output<typeof BackupContents>;

export const ContentsQuery = z.strictObject({
  ...pageQuery,
  kind: z.array(z.enum(CONTENT_KINDS)).optional().describe('Only things of one of these kinds'),
  schema: z.string().min(1).max(200).optional().describe('Only tables of this schema'),
  search: z.string().min(1).max(200).optional().describe('Part of the name, or of `schema.name`'),
});
export type ContentsQuery = z.output<typeof ContentsQuery>;

const StoredObject = z
  .object({
    bucket: z.string().describe('The id of its bucket'),
    name: z.string().describe('Its key within the bucket, with slashes'),
    sizeBytes: z.number().describe('Plain bytes'),
    contentType: z.string().nullable().describe('Its media type; null: the project has none'),
    sha256: z.string().nullable().describe('Of its bytes; null: the backup has none, see `coverage`'),
    updatedAt: z.string().nullable().describe('As the project has it'),
    replaced: z.boolean().describe('True where its bytes are newer than the instant of the backup'),
  })
  .meta({ id: 'BackupObject' });

export const BackupObjects = pageOf(StoredObject, 'BackupObjectPage');
export type BackupObjects = z.output<typeof BackupObjects>;

export const ObjectsQuery = z.strictObject({
  ...pageQuery,
  bucket: z.string().min(1).max(200).optional().describe('Only objects of the bucket with this id'),
  prefix: z.string().min(1).max(1_500).optional().describe('How the name begins'),
  search: z.string().min(1).max(200).optional().describe('Part of the name'),
});
export type ObjectsQuery = z.output<typeof ObjectsQuery>;
