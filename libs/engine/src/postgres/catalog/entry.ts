/** One named thing of a database in canonical words: the same text for the same thing, whatever its OIDs and history. */
export interface CatalogEntry {
  /** What it is, in Postgres's own words (`table`, `function`, `policy`) or ours (`grant`, `owner`, `row security`). */
  kind: string;
  /** Its quoted, qualified name; unique within the kind. */
  subject: string;
  definition: string;
  /** True where a change can mean that less is protected; `compareCatalogs` decides whether it does. */
  protection: boolean;
  /** The bare name of the schema it lives in; absent for what lives in none. */
  schema?: string;
  /** `kind subject` of the entry that carries it, `database` for what describes the database itself. */
  of?: string;
}

/** A database as read: entries sorted by kind and subject, plain JSON. */
export type Catalog = CatalogEntry[];

/** Which schemas to read; null or absent: all but the system's. With `schemas`, what lives in no schema is left out. */
export interface CatalogOptions {
  schemas?: string[] | null;
  excludeSchemas?: string[];
}

/** What every reader's SQL answers with. */
export interface CatalogRow {
  kind: string;
  subject: string | null;
  definition: string;
  protection?: boolean;
  schema?: string | null;
  of?: string | null;
}

/** SQL for a server's major version; parameters: $1 schemas to read or null, $2 schemas to leave out. */
export type Reader = (major: number) => string;
