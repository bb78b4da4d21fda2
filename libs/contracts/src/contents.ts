export const CONTENT_KINDS = ['table', 'large-objects', 'definitions', 'bucket', 'function', 'settings'] as const;
/** What a backup holds, in the order of lists. `definitions`: an SQL text, or the catalog. */
export type ContentKind = (typeof CONTENT_KINDS)[number];

/** One thing inside a backup; null: that figure means nothing for its kind. */
export interface ContentItem {
  kind: ContentKind;
  schema: string | null;
  name: string;
  /** What a verification calls its bytes where they are damaged. */
  artifact: string;
  /** The subject under which a trial restore tells that its rows differ: for a partition, the partitioned table. */
  comparedAs: string | null;
  rows: number | null;
  /** Plain bytes. */
  sizeBytes: number | null;
  /** Of rows: their checksum, whatever their order. Of a function: a digest of its sources. */
  checksum: string | null;
  objects: number | null;
  files: number | null;
  /** In words, what figures do not say. */
  detail: string | null;
}

/** What a backup holds, counted. */
export interface ContentsSummary {
  kinds: { kind: ContentKind; count: number; sizeBytes: number }[];
  /** Schemas with tables, the largest first, at most 500; the count is true. */
  schemas: { name: string; tables: number; rows: number; sizeBytes: number }[];
  schemaCount: number;
}

/** Which contents are asked for, and from which place in the list on. */
export interface ContentsQuestion {
  /** Empty: all. */
  kinds: ContentKind[];
  schema: string | null;
  search: string | null;
  from: number;
  limit: number;
}

export interface ContentsAnswer {
  items: ContentItem[];
  /** The place to go on from; null at the end. */
  next: number | null;
  summary: ContentsSummary;
}

/** A storage object of a backup. */
export interface StoredObject {
  bucket: string;
  name: string;
  sizeBytes: number;
  contentType: string | null;
  /** Null: the backup has no bytes of it. */
  sha256: string | null;
  updatedAt: string | null;
  /** The bytes are those of a newer upload than the instant of the backup. */
  replaced: boolean;
}

/** Which storage objects are asked for, and from which byte of their list on: where a line begins. */
export interface ObjectsQuestion {
  bucket: string | null;
  prefix: string | null;
  search: string | null;
  from: number;
  limit: number;
}

export interface ObjectsAnswer {
  items: StoredObject[];
  /** The byte to go on from; null at the end. A page may end before it is full where a search finds little. */
  next: number | null;
}
